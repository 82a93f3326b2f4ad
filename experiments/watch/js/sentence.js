// What the picture shows, in a sentence for those who see it for the first time, or do not see it.

import { nameOf } from "./circle_labels.js";
import { capital } from "./text.js";

const known = ({ counts, ties }) => {
  const all = Object.entries(counts[0]).reduce((sum, [name, count]) => sum + (name === "rekindled" ? 0 : count), 0);
  return [ties[0].length, Math.max(all, ties[0].length)];
};

/**
 * `followed` is that of a frame, or null; `isCircle`, whether their circle is shown rather than the map; `differs`, who
 * is in another ring in the other world, or null; `differences`, whether only differences are shown; `names`, those of
 * people who have one, or null.
 */
export function sentenceOf({ followed, isCircle, differs, day, isPair, differences, names }) {
  const name = followed && nameOf({ names }, followed.person);
  if (!isCircle) return mapSentence(name, isPair && differences, day);
  const [drawn, all] = known(followed), who = capital(name);
  const ties = all === 1 ? "the one person they know" : `the ${all.toLocaleString("en")} people they know`;
  const left = all > drawn ? ` (${all - drawn} are not drawn)` : "";
  const what = `${who} and ${ties}${left}: the further out, the longer ago they exchanged words.`;
  return isPair && differs ? `${what} ${differsText(differs.size, day)}` : what;
}

function mapSentence(name, onlyDifferences, day) {
  const who = name ? `Everyone; ${name} has the ring.` : "Everyone, by community.";
  if (!onlyDifferences) return `${who} A line is a tie, amber if it came back; bright ones are of adopters.`;
  if (day === 0) return `${who} Both worlds begin on the same morning, so nothing differs yet.`;
  return `${who} Only ties that differ between the left and the right world are drawn.`;
}

function differsText(count, day) {
  if (day === 0) return "Both worlds begin on the same morning.";
  if (count === 0) return "So far, everyone is in the same ring in both worlds.";
  return count === 1 ? "The bright one is in another ring in the other world."
    : `The ${count} bright ones are in another ring in the other world.`;
}
