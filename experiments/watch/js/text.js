// How names and numbers are written on the page.

/** One decimal, with a real minus sign; a dash where there is no value. */
export function decimal(value, signed = false) {
  if (value === null || value === undefined) return "–";
  return `${signed && value >= 0 ? "+" : ""}${value.toFixed(1)}`.replace("-", "−");
}

/** A mixture of strategies as a configuration has it. */
export function mixtureText(shares) {
  const parts = Object.entries(shares).map(([name, share]) => `${name} = ${share}`);
  return `{ ${parts.join(", ")} }`;
}

/** The same with a capital letter. */
export function capital(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}`;
}

/** A number of days. */
export function daysText(count) {
  return count === 1 ? "1 day" : `${count.toLocaleString("en")} days`;
}

/** How long ago two people exchanged words. */
export function silenceText(silence) {
  if (silence === null) return "never in touch";
  return silence === 0 ? "in touch today" : `silent for ${daysText(silence)}`;
}

/** A difference over many worlds with its interval, and its day. */
export function overWorldsText({ difference, low, high, worlds, is_drawn: isDrawn }, outcome, after) {
  const day = outcome === "reconnected" ? "when the strategy stops" : `${after} days after it stopped`;
  const what = isDrawn ? "worlds with other plausible numbers" : "worlds";
  return `Over ${worlds} ${what}: ${decimal(difference, true)}, ` +
    `95% interval ${decimal(low)} to ${decimal(high)}, ${day}.`;
}
