/** @file Parts of a model card that are written later than the card, between comments that a reader does not see. */

import { ArtifactError } from "../errors.js";

const begin = (section: string): string => `<!-- onnx-instdisc:${section} begin -->`;
const end = (section: string): string => `<!-- onnx-instdisc:${section} end -->`;

/** @returns the section as it stands in a card */
export function markedSection(section: string, markdown: string): string {
  const text = markdown.trim();
  if (text.includes("<!-- onnx-instdisc:")) {
    throw new ArtifactError(
      `section ${section}: has a mark of a section in it, expected text without; leave it out`,
    );
  }
  return `${begin(section)}\n${text}\n${end(section)}`;
}

/**
 * The card with other text in one of its sections; all else stays to the byte.
 * @throws ArtifactError when the card does not have the section exactly once
 */
export function replaceSection(card: string, section: string, markdown: string): string {
  const [before, rest, ...more] = card.split(begin(section));
  const [, after, ...others] = (rest ?? "").split(end(section));
  if (after === undefined || more.length + others.length > 0 || before!.includes(end(section))) {
    throw new ArtifactError(
      `model card: does not have the section ${section} once, expected one place between "${begin(section)}" and ` +
        `"${end(section)}"; put these two lines back, or export again`,
    );
  }
  return `${before}${markedSection(section, markdown)}${after}`;
}
