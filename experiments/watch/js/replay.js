// Where the file of a replay begins. It is one text with all modules, see `experiments/watch/replay.py`.

import { make } from "./dom.js";
import { Player } from "./player.js";
import { Recording } from "./recording.js";
import { inflated, readTracks } from "./tracks.js";

const TOO_OLD = "This browser is too old for this file, it needs Chrome 97, Firefox 113, Safari 16.4 or a newer one.";

const contentOf = (id) => document.getElementById(id).textContent;
const root = make("main", { class: "rk rk-bare rk-replay" }, make("p", { role: "status" }, "Getting ready …"));
document.getElementById("page").replaceChildren(root);

async function begin() {
  const head = JSON.parse(contentOf("head"));
  const tracks = readTracks(head.tracks, await inflated(contentOf("frames")));
  const player = new Player(root, new Recording(head, tracks));
  window.rekindle = player; // for scripts of the page that a replay stands in
}

if (window.DecompressionStream && [].findLastIndex) begin();
else root.replaceChildren(make("p", { role: "alert" }, TOO_OLD));
