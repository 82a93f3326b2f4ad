// The page's connection to the server. One that breaks is opened again, and messages wait until it is.

const AGAIN = 500; // ms until a lost connection is tried again
const SILENT_TRIES = 6; // before the page says that it is lost
const TOO_MANY = 4429; // the code by which the server closes a tab too many
const LOST = "The connection is lost. If you have started rekindle watch again, open the address that it printed.";
const FULL = "The server takes no more tabs. Close one and reload this page.";

export class Connection {
  constructor() {
    this.tab = crypto.randomUUID(); // by this name, the server finds the worlds of this tab again
    this.waiting = [];
    this.failed = 0;
  }

  /** Begin; `take` is called with each message and its arrays. */
  start(take) {
    this.take = take;
    this.open(false);
    this.send({ do: "ready" });
  }

  open(isAgain) {
    const query = new URLSearchParams({ tab: this.tab, asks: location.search.slice(1) });
    this.socket = new WebSocket(`ws://${location.host}/live?${query}`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => this.opened(isAgain);
    this.socket.onmessage = (event) => this.take(...unpacked(event.data));
    this.socket.onclose = (event) => this.closed(event.code);
  }

  opened(isAgain) {
    if (this.failed > SILENT_TRIES) this.say("");
    this.failed = 0;
    if (isAgain) this.send({ do: "again" });
    this.waiting.splice(0).forEach((message) => this.send(message));
  }

  closed(code) {
    if (code === TOO_MANY) {
      this.say(FULL);
      return;
    }
    this.failed += 1;
    setTimeout(() => this.open(true), AGAIN);
    if (this.failed === SILENT_TRIES + 1) this.say(LOST);
  }

  say(text) {
    this.take({ is: "connection", text }, []);
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
    else this.waiting.push(message);
  }
}

/** A message and its arrays: four bytes with the length of the head, the head in JSON, and the arrays. */
function unpacked(data) {
  const length = new DataView(data).getUint32(0, true);
  const [message, sizes] = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)));
  let at = 4 + length;
  const buffers = sizes.map((size) => new DataView(data, (at += size) - size, size));
  return [message, buffers];
}
