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
