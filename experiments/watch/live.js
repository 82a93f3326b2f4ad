// The page's connection to `rekindle watch`: what page.js takes for the model of a widget.

import page from "./page.js";

const AGAIN = 500; // ms until a lost connection is tried again
const TRIES = 6; // without a word about it
const TOO_MANY = 4429; // the code by which the server closes a tab too many
const LOST = "The connection is lost. If you have started rekindle watch again, open the address that it printed.";
const FULL = "The server takes no more tabs. Close one and reload this page.";

class Connection {
  constructor(values) {
    this.values = values;
    this.tab = crypto.randomUUID();
    this.waiting = [];
    this.failed = 0;
    this.open(false);
  }

  open(again) {
    const asks = new URLSearchParams({ tab: this.tab, asks: location.search.slice(1) });
    this.socket = new WebSocket(`ws://${location.host}/live?${asks}`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      if (this.failed > TRIES) this.hear({ is: "connection", text: "" }, []);
      this.failed = 0;
      if (again) this.send({ do: "again" });
      this.waiting.splice(0).forEach((message) => this.send(message));
    };
    this.socket.onmessage = (event) => this.take(event.data);
    this.socket.onclose = (event) => this.lost(event.code);
  }

  lost(code) {
    this.failed += 1;
    if (code === TOO_MANY) this.hear({ is: "connection", text: FULL }, []);
    else setTimeout(() => this.open(true), AGAIN);
    if (code !== TOO_MANY && this.failed === TRIES + 1) this.hear({ is: "connection", text: LOST }, []);
  }

  /** The length of the head, the head, and the arrays that it tells the lengths of. */
  take(data) {
    const length = new DataView(data).getUint32(0, true);
    const [message, sizes] = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
    let at = 4 + length;
    const buffers = sizes.map((size) => new DataView(data, (at += size) - size, size));
    this.hear(message, buffers);
  }

  get(name) {
    return this.values[name];
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
    else this.waiting.push(message);
  }

  on(_, hear) {
    this.hear = hear;
  }
}

/** The token has done its work when the page is there; links that are copied are without it. */
function forgetToken() {
  const asked = new URLSearchParams(location.search);
  asked.delete("token");
  history.replaceState(null, "", String(asked) ? `?${asked}` : location.pathname);
}

forgetToken();
const palette = JSON.parse(document.getElementById("palette").textContent);
page.render({ model: new Connection({ palette, bare: false }), el: document.getElementById("page") });
