/**
 * @file One tab at a time: those of an origin share the browser's storage, where the run of one would be overwritten by
 * that of another.
 */

import { UsageError } from "../../../errors.js";
import { KEPT_AS } from "./store.js";

/** A page that was loaded again holds the lock for a moment still, and a person waits no longer for an answer. */
const PATIENCE_MS = 3000;

/** Missing where a page is neither local nor came by https: tabs then do not know of each other. */
const locks = (navigator as Partial<Navigator>).locks;

/** What this tab may do to what is stored. */
export class OneTab {
  #holds = false;

  /** @throws UsageError (as a rejection) while another tab is at it */
  async whileAlone<T>(work: () => Promise<T>): Promise<T> {
    if (locks === undefined || this.#holds) return work();
    const signal = AbortSignal.timeout(PATIENCE_MS);
    let hasBegun = false;
    const begin = async (): Promise<T> => {
      hasBegun = this.#holds = true;
      try {
        return await work();
      } finally {
        this.#holds = false;
      }
    };
    try {
      return await locks.request(KEPT_AS, { signal }, begin);
    } catch (error) {
      if (hasBegun || !signal.aborted) throw error;
      throw new UsageError(
        "learning: another tab of this browser is learning, expected one at a time, since they keep their runs at one place; " +
          "go on there, or stop it there first",
      );
    }
  }

  async isElsewhere(): Promise<boolean> {
    if (locks === undefined || this.#holds) return false;
    const { held } = await locks.query();
    return held?.some(({ name }) => name === KEPT_AS) ?? false;
  }
}
