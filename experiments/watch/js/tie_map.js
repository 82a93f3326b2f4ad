// A map of all agents and their ties, whatever the model.

import { make } from "./dom.js";
import { layOut, nearestPerson } from "./layout.js";
import { bytesOf } from "./messages.js";
import { Overlay } from "./overlay.js";
import { Raster } from "./raster.js";
import { TiePicture } from "./tie_picture.js";

const REACH = 18; // pixels of the page within which a click means an agent

export class TieMap extends TiePicture {
  constructor(palette, choose) {
    const base = make("canvas", { role: "img" }), over = make("canvas");
    super([base, over], choose);
    Object.assign(this, { base, view: {}, raster: new Raster(base, palette), overlay: new Overlay(over, palette) });
  }

  takeScene({ names, places, ringed }) {
    const people = names.length, adopters = numbersOf(ringed), adopts = new Uint8Array(people);
    for (const agent of adopters) adopts[agent] = 1;
    const at = new Float32Array(bytesOf(places).buffer);
    const scene = { people, places: at, adopters, adopts, pairs: new Int32Array() };
    Object.assign(this.view, { scene, names: new Map(names.entries()), people: new Uint8Array(people) });
  }

  take({ pairs, looks, contacts, person, caption }) {
    const { scene } = this.view, sent = numbersOf(contacts);
    scene.pairs = numbersOf(pairs);
    this.view.gestures = Array.from({ length: sent.length / 3 }, (_, k) => ({
      sender: sent[3 * k], receiver: sent[3 * k + 1], family: sent[3 * k + 2], when: 0,
      bright: Number(!scene.adopters.length || scene.adopts[sent[3 * k]] || scene.adopts[sent[3 * k + 1]]),
    }));
    Object.assign(this.view, { ties: bytesOf(looks), followed: person });
    this.base.setAttribute("aria-label", caption);
    this.isReady = true;
    this.step();
  }

  resize(size) {
    this.raster.resize(size.width, size.height);
    this.overlay.resize(size.width, size.height);
    Object.assign(this.view, layOut(this.view.scene, size), { ratio: size.ratio });
  }

  still() {
    this.raster.draw(this.view, false);
  }

  animate(age) {
    this.overlay.draw(this.view, age);
  }

  agentAt(x, y) {
    return nearestPerson(this.view.at, x, y, REACH * this.size.ratio);
  }

  about(agent) {
    return this.view.names.get(agent);
  }
}

const numbersOf = (view) => new Int32Array(bytesOf(view).buffer);
