/**
 * @file TensorBoard's Event message, as far as we write it: scalars, PNG images, the marks of a file's and a session's
 * start. Source: event.proto and summary.proto of TensorFlow.
 */

const Wire = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;
const SESSION_START = 1;

type Field = readonly number[] | Uint8Array;

export interface PngImage {
  readonly width: number; // pixels
  readonly height: number; // pixels
  readonly png: Uint8Array;
}

/** What an event tells. */
export type EventContent =
  | { readonly kind: "fileVersion" }
  /** TensorBoard forgets what earlier files say of this step and later ones. */
  | { readonly kind: "sessionStart" }
  | { readonly kind: "scalars"; readonly values: readonly (readonly [tag: string, value: number])[] }
  | { readonly kind: "image"; readonly tag: string; readonly image: PngImage };

/** @param wallTime seconds since 1970; @param step whole number, 0 or more */
export function encodeEvent(wallTime: number, step: number, content: EventContent): Uint8Array {
  return concat([
    [tagOf(1, Wire.fixed64)],
    fixed(8, (view) => view.setFloat64(0, wallTime, true)),
    integer(2, step),
    encodeContent(content),
  ]);
}

function encodeContent(content: EventContent): Uint8Array {
  switch (content.kind) {
    case "fileVersion":
      return message(3, text("brain.Event:2"));
    case "sessionStart":
      return message(7, Uint8Array.from(integer(1, SESSION_START)));
    case "scalars":
      return message(5, concat(content.values.map(([tag, value]) => message(1, scalar(tag, value)))));
    case "image":
      return message(5, message(1, concat([message(1, text(content.tag)), image(content.image)])));
  }
}

function scalar(tag: string, value: number): Uint8Array {
  const number = fixed(4, (view) => view.setFloat32(0, value, true));
  return concat([message(1, text(tag)), [tagOf(2, Wire.fixed32)], number]);
}

function image({ width, height, png }: PngImage): Uint8Array {
  const rgb = 3; // channels
  return message(4, concat([integer(1, height), integer(2, width), integer(3, rgb), message(4, png)]));
}

const tagOf = (field: number, wire: number): number => (field << 3) | wire;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const integer = (field: number, value: number): number[] => [tagOf(field, Wire.varint), ...varint(value)];

function message(field: number, body: Uint8Array): Uint8Array {
  return concat([[tagOf(field, Wire.delimited), ...varint(body.length)], body]);
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return [...bytes, rest];
}

function fixed(length: number, set: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(length);
  set(new DataView(bytes.buffer));
  return bytes;
}

export function concat(parts: readonly Field[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
