/** @file What hangs together: groups from pairs. */

/**
 * @param pairs rows from 0 to count - 1
 * @returns groups of two rows or more, each rising, in the order of their first rows
 */
export function groupRows(
  count: number,
  pairs: Iterable<{ readonly a: number; readonly b: number }>,
): number[][] {
  // Every row points towards the first of its group.
  const parents = Int32Array.from({ length: count }, (_, row) => row);
  const firstOf = (row: number): number => {
    while (parents[row] !== row) row = parents[row] = parents[parents[row]!]!;
    return row;
  };
  for (const { a, b } of pairs) {
    const [first, second] = [firstOf(a), firstOf(b)];
    parents[Math.max(first, second)] = Math.min(first, second);
  }
  const groups = new Map<number, number[]>();
  for (let row = 0; row < count; row++) {
    const first = firstOf(row);
    if (first === row) groups.set(row, [row]);
    else groups.get(first)!.push(row);
  }
  return [...groups.values()].filter(({ length }) => length > 1);
}
