// The keys of the page. Each one calls a command by its name.

const KEYS = [
  // key, as it is shown, meaning, command
  [" ", "space", "play or pause", "play"],
  ["ArrowRight", "→", "one day on", "day"],
  ["ArrowDown", "↓", "one week on", "week"],
  ["r", "r", "back to day 0", "reset"],
  ["+", "+", "faster", "faster"],
  ["-", "−", "slower", "slower"],
  ["s", "s", "second world on or off", "toggleSecond"],
  ["d", "d", "only what differs, or everything", "toggleDifferences"],
  ["a", "a", "follow the next adopter", "followNext"],
  ["v", "v", "circle of one person, or everyone", "toggleView"],
  ["f", "f", "present: full screen, large type", "present"],
  ["m", "m", "motion of gestures on or off", "toggleMotion"],
  ["c", "c", "copy as configuration", "copyConfig"],
  ["l", "l", "copy the link", "copyLink"],
  ["p", "p", "next preset", "nextPreset"],
  ["Escape", "esc", "stop following, or close this", "escape"],
  ["?", "?", "these keys", "toggleHelp"],
];

/** What each key does, for the help. */
export const KEY_MEANINGS = KEYS.map(([, shown, meaning]) => [shown, meaning]);

/**
 * Call commands for keys, except where a key means something else: in a field, in a dialog, with Ctrl. While the story
 * is on, its own commands go first, and those of what it covers are left out.
 */
export function listenToKeys(commands, hasDialog, story) {
  document.addEventListener("keydown", (event) => {
    const known = KEYS.find(([key]) => key === event.key);
    if (!known || event.ctrlKey || event.metaKey || event.altKey || hasDialog()) return;
    const name = known[3], isWayOut = story.isOn && name === "escape";
    if ((isTaken(event) && !isWayOut) || (story.isOn && !story.means(name))) return;
    event.preventDefault();
    (story.isOn && story.commands[name] || commands[name])();
  });
  document.addEventListener("click", letGo);
}

/** A button that was clicked gives up the focus, so that space plays or pauses, and does not press it again. */
function letGo({ target, detail }) {
  const pressed = target.closest && target.closest("button");
  if (pressed && (detail > 0 || pressed.classList.contains("rk-send"))) pressed.blur();
}

/** Whether the element that has the focus needs the key itself. */
function isTaken({ target, key }) {
  const isCheckbox = target.type === "checkbox";
  if (key === " ") return isCheckbox || /^(BUTTON|SUMMARY|INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
  return !isCheckbox && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
}
