/** @file What a person wishes of the run that is under way. */

export class Control {
  #paused = false;
  #stopped = false;
  #changed: (() => void) | null = null;

  get isPaused(): boolean {
    return this.#paused;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#changed?.();
  }

  stop(): void {
    this.#stopped = true;
    this.#changed?.();
  }

  /** Until it is to go on, or to end. */
  async whileItPauses(): Promise<void> {
    while (this.#paused && !this.#stopped) await new Promise<void>((resolve) => (this.#changed = resolve));
  }
}
