/** @file Dense arrays of float64 in row-major order, whatever the dtype they stand for; a bool is 0 or 1. */

export interface NdArray {
  readonly shape: number[];
  readonly data: Float64Array;
}

export const sizeOf = (shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, 1);

/** @throws RangeError when `data` does not fill `shape` */
export function ndArray(shape: readonly number[], data: ArrayLike<number>): NdArray {
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(
      `array [${shape.join(", ")}]: got ${data.length} numbers, expected ${sizeOf(shape)}`,
    );
  }
  return { shape: [...shape], data: Float64Array.from(data) };
}

export const zeros = (shape: readonly number[]): NdArray => ({
  shape: [...shape],
  data: new Float64Array(sizeOf(shape)),
});

export const copyOf = (x: NdArray): NdArray => ({ shape: [...x.shape], data: Float64Array.from(x.data) });

export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** Flat position of `coordinates`; a size of 1 stands for any coordinate, as in broadcasting. */
export function positionOf(shape: readonly number[], coordinates: readonly number[]): number {
  const lead = coordinates.length - shape.length;
  let position = 0;
  for (let axis = 0; axis < shape.length; axis++) {
    const at = shape[axis] === 1 ? 0 : coordinates[axis + lead]!;
    position = position * shape[axis]! + at;
  }
  return position;
}

/** Calls `visit` for every place of `shape`, in row-major order. The coordinates are valid during the call only. */
export function eachPlace(
  shape: readonly number[],
  visit: (coordinates: readonly number[], position: number) => void,
): void {
  const coordinates = shape.map(() => 0);
  const size = sizeOf(shape);
  for (let position = 0; position < size; position++) {
    visit(coordinates, position);
    for (let axis = shape.length - 1; axis >= 0 && ++coordinates[axis]! === shape[axis]; axis--)
      coordinates[axis] = 0;
  }
}

export function tabulate(shape: readonly number[], at: (coordinates: readonly number[]) => number): NdArray {
  const result = zeros(shape);
  eachPlace(shape, (coordinates, position) => {
    result.data[position] = at(coordinates);
  });
  return result;
}

/** The element at `coordinates`, x being broadcast to their rank. */
export const elementOf = (x: NdArray, coordinates: readonly number[]): number =>
  x.data[positionOf(x.shape, coordinates)]!;

export function broadcastShape(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((candidate) => candidate !== 1) ?? 1;
    if (sizes.some((candidate) => candidate !== 1 && candidate !== size)) {
      throw new RangeError(`shapes ${JSON.stringify(shapes)} do not broadcast`);
    }
    return size;
  });
}

/** A row number of an index input; negative ones count from the end. @throws RangeError outside the axis */
export function rowOf(row: number, size: number): number {
  if (!Number.isInteger(row) || row < -size || row >= size) throw new RangeError(`row ${row} of ${size}`);
  return row < 0 ? row + size : row;
}
