/** @file Much to make, some at a time. */

/**
 * Makes `count` things, at most `lanes` at once.
 * @returns them in order; rejects as the first that fails does
 */
export async function inLanes<T>(
  count: number,
  lanes: number,
  make: (at: number) => Promise<T>,
): Promise<T[]> {
  const made = new Array<T>(count);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) made[at] = await make(at);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return made;
}
