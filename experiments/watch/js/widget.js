// A circle or a map of ties as a widget (anywidget) for other pages. All texts come from Python.

import { make, showText } from "./dom.js";
import { TieCircle } from "./tie_circle.js";
import { TieMap } from "./tie_map.js";

const PICTURES = { circle: TieCircle, map: TieMap };

function render({ model, el }) {
  const caption = make("figcaption"), kinds = make("div", { class: "rk-kinds" });
  const choose = (agent) => {
    const [, clicks = 0] = model.get("chosen");
    model.set("chosen", [agent, clicks + 1]);
    model.save_changes();
  };
  const picture = new PICTURES[model.get("kind")](model.get("palette"), choose);
  const root = make("figure", { class: "rk-ties", "data-kind": model.get("kind") }, caption, picture.sky, kinds);
  el.append(root);

  /** What is shown is taken again, since it can come before its scene. */
  function takeScene() {
    const scene = model.get("scene");
    picture.takeScene(scene);
    kinds.replaceChildren(...scene.kinds.map(([name, colour]) =>
      make("span", { style: `color: ${colour}` }, `● ${name}`)));
    take();
  }

  function take() {
    const shown = model.get("shown");
    showText(caption, shown.caption);
    picture.take(shown);
    root.dataset.day = shown.day;
  }

  const fit = () => { picture.sky.style.height = model.get("height"); };
  const changes = [["change:height", fit], ["change:scene", takeScene], ["change:shown", take]];
  for (const [name, react] of changes) model.on(name, react);
  fit();
  takeScene();
  return () => {
    for (const [name, react] of changes) model.off(name, react);
    picture.close();
  };
}

export default { render };
