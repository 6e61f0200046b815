/** @file How many threads of this process are alive. */

/** Once those that have just ended are gone. */
export async function threadsAlive(): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve));
  return process.getActiveResourcesInfo().filter((name) => name === "MessagePort").length;
}
