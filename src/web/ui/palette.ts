/** @file A colour for each class: told apart from its neighbours, and from both papers, light and dark. */

const FIRST = [
  "#2f7fc9",
  "#cf6a2b",
  "#2b9a62",
  "#c8486a",
  "#8b67cb",
  "#a07c22",
  "#1f96a6",
  "#cc5aa6",
  "#74882a",
  "#7b8591",
];

/** Turns the circle of hues so that no two of a few dozen meet; degrees. */
const GOLDEN_ANGLE = 137.508;

/** CSS colour of the class at this place, from 0. */
export function colourOf(place: number): string {
  return FIRST[place] ?? `hsl(${Math.round((place * GOLDEN_ANGLE) % 360)} 52% 50%)`;
}
