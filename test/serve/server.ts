/** @file The server as a process of its own, and clients that misbehave. */

import { spawn, type ChildProcess } from "node:child_process";
import { connect, type Socket } from "node:net";
import { BIN } from "../cli/executable.js";

export interface ServerProcess {
  /** Ends with a slash. */
  readonly url: string;
  readonly port: number;
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Resolves when the process has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

const running = new Set<ChildProcess>();

/** Ends what a failed test left running. */
export function endServers(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Starts `serve` at a free port. @throws when it ends before it listens */
export async function startProcess(dir: string, ...args: string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, [BIN, "serve", dir, "--port", "0", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let [stdout, stderr] = ["", ""];
  const ended = new Promise<Awaited<ServerProcess["ended"]>>((resolve) => {
    child.on("close", (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      const found = / at (http:\S+) until/.exec(stdout);
      if (found) resolve(found[1]!);
    });
    void ended.then(({ code }) => reject(new Error(`serve ended with ${code}: ${stderr}`)));
  });
  const port = Number(new URL(url).port);
  return { url, port, child, ended, stdout: () => stdout, stderr: () => stderr };
}

/** A connection that says what it is told to, byte by byte. */
export class RawClient {
  readonly socket: Socket;
  /** Everything that came back, once the connection has ended. */
  readonly answer: Promise<string>;

  private constructor(socket: Socket) {
    this.socket = socket;
    let text = "";
    socket.setEncoding("latin1").on("data", (some: string) => (text += some));
    socket.on("error", () => {});
    this.answer = new Promise((resolve) => socket.on("close", () => resolve(text)));
  }

  static connect(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.once("connect", () => resolve(new RawClient(socket)));
      socket.once("error", reject);
    });
  }

  write(text: string | Uint8Array): void {
    this.socket.write(text);
  }
}

/** One request as it is written, and what came back. */
export async function ask(port: number, request: string): Promise<string> {
  const client = await RawClient.connect(port);
  client.write(request);
  return client.answer;
}

/** The value of a metric without labels. */
export async function metricOf(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}api/metrics`)).text();
  return Number(new RegExp(`^instdisc_${name} (\\S+)$`, "m").exec(text)?.[1]);
}

/** Asks again until it is so; a test that waits for ever fails by mocha's own limit. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}
