/** @file The places that a run reads and writes, told to the runtime once and used again and again. */

import type { OrtApi } from "./api.js";
import { Handle, made } from "./handle.js";

export interface BindingOptions {
  /** Run options under the runtime's names, such as gpu_graph_id. */
  readonly config: Readonly<Record<string, string>>;
}

export class Binding {
  readonly #api: OrtApi;
  readonly #session: Handle;
  readonly #places: Handle;
  readonly #options: Handle;

  /** @throws OrtError when the runtime does not know a run option */
  constructor(api: OrtApi, session: Handle, { config }: BindingOptions) {
    this.#api = api;
    this.#session = session;
    this.#places = new Handle(
      "binding",
      made((place) => api.CreateIoBinding(session.address, place)),
      api.ReleaseIoBinding,
    );
    this.#options = new Handle(
      "run options",
      made((place) => api.CreateRunOptions(place)),
      api.ReleaseRunOptions,
    );
    for (const [key, value] of Object.entries(config))
      api.AddRunConfigEntry(this.#options.address, key, value);
  }

  /** @throws OrtError when the model has no such input */
  input(name: string, value: Handle): void {
    this.#api.BindInput(this.#places.address, name, value.address);
  }

  /** @throws OrtError when the model has no such output */
  output(name: string, value: Handle): void {
    this.#api.BindOutput(this.#places.address, name, value.address);
  }

  /** The runtime makes room for the result itself, and drops it. */
  dropOutput(name: string, info: Handle): void {
    this.#api.BindOutputToDevice(this.#places.address, name, info.address);
  }

  /** Computes on a thread of libuv's; the runtime waits for its device. @throws OrtError when it stops */
  run(): Promise<void> {
    const [session, options, places] = [this.#session.address, this.#options.address, this.#places.address];
    return this.#api.offThread("RunWithBinding", session, options, places);
  }

  /** A run that is under way ends with an error before its next operator; there can be no other afterwards. */
  terminate(): void {
    this.#api.RunOptionsSetTerminate(this.#options.address);
  }

  /** No run may be under way. A second time does nothing. */
  close(): void {
    this.#places.close();
    this.#options.close();
  }
}
