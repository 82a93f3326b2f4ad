// Where the page of `rekindle watch` begins.

import { forgetToken } from "./address.js";
import { Connection } from "./connection.js";
import { make } from "./dom.js";
import { Page } from "./page.js";

forgetToken();
const palette = JSON.parse(document.getElementById("palette").textContent);
const root = make("div", { class: "rk" });
const host = document.getElementById("page");
host.append(root);
const connection = new Connection();
const page = new Page(root, palette, connection, host.dataset.opens === "story" && !location.search);
connection.start((message, buffers) => page.take(message, buffers));
