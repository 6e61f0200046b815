/** @file What a command may touch of the outside: two streams and the interrupt key. */

export interface Io {
  /** Results. */
  readonly stdout: NodeJS.WritableStream;
  /** Everything else: progress, errors. */
  readonly stderr: NodeJS.WritableStream;
  /** true: stderr is a terminal, where a line may be drawn over. */
  readonly isTerminal: boolean;
  /** Calls `handler` at every Ctrl-C or SIGTERM, until the returned function is called. */
  onInterrupt(handler: () => void): () => void;
}

export const nodeIo: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  isTerminal: process.stderr.isTTY,
  onInterrupt(handler) {
    process.on("SIGINT", handler);
    process.on("SIGTERM", handler);
    return () => {
      process.off("SIGINT", handler);
      process.off("SIGTERM", handler);
    };
  },
};

/**
 * Ends the process at once, as Ctrl-C does where nobody listens; a shell reports 130. process.exit() would wait for the
 * thread that trains, and abort where that is inside of the runtime.
 */
export function exitAtOnce(): void {
  process.removeAllListeners("SIGINT");
  process.kill(process.pid, "SIGINT");
}
