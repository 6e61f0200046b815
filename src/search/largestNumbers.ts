/** @file How large a number must be to be among the k largest so far: a heap with the least on top. */

export class LargestNumbers {
  private readonly heap: Float64Array;
  private size = 0;

  constructor(k: number) {
    this.heap = new Float64Array(k);
  }

  /** The k-th largest number; -Infinity while there are fewer. */
  least = -Infinity;

  add(value: number): void {
    if (this.size < this.heap.length) this.rise(value);
    else if (value > this.least) this.sink(value);
    if (this.size === this.heap.length) this.least = this.heap[0]!;
  }

  private rise(value: number): void {
    const { heap } = this;
    let at = this.size++;
    for (let parent = (at - 1) >> 1; at > 0 && heap[parent]! > value; parent = (at - 1) >> 1) {
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = value;
  }

  /** In the place of the least. */
  private sink(value: number): void {
    const { heap, size } = this;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= value) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = value;
  }
}
