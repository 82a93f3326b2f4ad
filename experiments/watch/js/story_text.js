// What the story says of how its two people were chosen.

const number = (count) => count.toLocaleString("en");

/** Why these two, and how often a like makes the difference in this world. */
export function choiceText({ number: which, is_chosen: isChosen, tried, anyway, liked, days }) {
  const often = `Of ${number(tried)} pairs in this world who were close and then silent for a year or more, ` +
    `${number(anyway)} talk again within ${days} days anyway, and ${number(liked)} if each pair gets one like.`;
  if (which > 0) return `Not for what happens: pairs come in random order. ${often}`;
  if (isChosen) return `Because here one like makes the difference, which is rare. ${often}`;
  return `At random, because no pair was found for whom one like makes the difference. ${often}`;
}
