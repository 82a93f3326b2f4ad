// What keys and buttons make the page do, by name.

/** `page` has the parts of the page; its `state` and `scene` are the latest. */
export function commandsOf(page) {
  const { act } = page;
  return {
    play: () => act({ do: "play" }),
    day: () => act({ do: "step", days: 1 }),
    week: () => act({ do: "step", days: 7 }),
    reset: () => act({ do: "reset" }),
    faster: () => act({ do: "speed", by: 1 }),
    slower: () => act({ do: "speed", by: -1 }),
    toggleSecond: () => page.choice.toggleSecond(),
    toggleDifferences: () => act({ do: "differences", on: !page.state.differences }),
    followNext: () => followNext(page),
    toggleView: () => page.viewSwitch.toggle(),
    present: () => present(page),
    toggleMotion: () => toggleMotion(page),
    copyConfig: () => act({ do: "config" }),
    copyLink: () => page.share.copyLink(),
    nextPreset: () => page.tools.nextPreset(),
    escape: () => escape(page),
    toggleHelp: () => page.help.toggle(),
  };
}

/** Follow the adopter after the one who is followed; the first, if it is none of them. */
function followNext({ act, picture, state }) {
  if (!picture.scene) return;
  const adopters = Array.from(picture.scene.adopters);
  if (!adopters.length) return;
  act({ do: "follow", person: adopters[(adopters.indexOf(state.followed) + 1) % adopters.length] });
}

/** For a talk; somebody is followed then, unless everyone is to be shown. */
function present({ act, presenting, state }) {
  presenting.toggle();
  if (presenting.isOn && state.followed === null && state.view === "circle") act({ do: "view", value: "circle" });
}

function toggleMotion({ picture, notice }) {
  picture.isStill = !picture.isStill;
  notice.show(picture.isStill ? "Gestures stand still." : "Gestures move.");
}

function escape({ act, state, presenting }) {
  if (state.followed !== null) act({ do: "follow", person: null });
  else if (presenting.isOn) presenting.toggle();
}
