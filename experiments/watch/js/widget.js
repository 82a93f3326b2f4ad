// The worlds alone, without controls, as a widget (anywidget) for other pages.

import { make } from "./dom.js";
import { Picture } from "./picture.js";

function render({ model, el }) {
  const stage = make("div", { class: "rk-stage" }), root = make("div", { class: "rk rk-bare" }, stage);
  el.append(root);
  const picture = new Picture(stage, model.get("palette"), (person) => model.send({ do: "follow", person }));

  function take(message, buffers) {
    if (message.is === "scene") picture.takeScene(message, buffers);
    else if (message.is === "frame") {
      picture.takeFrame(message, buffers);
      root.dataset.day = message.day;
      requestAnimationFrame(() => model.send({ do: "drawn", frame: message.frame }));
    }
  }

  model.on("msg:custom", take);
  model.send({ do: "ready" });
  return () => {
    model.off("msg:custom", take);
    picture.close();
  };
}

export default { render };
