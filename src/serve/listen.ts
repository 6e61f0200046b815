/** @file A listening socket that cannot be held open: against slow and countless clients, and for a clean end. */

import { STATUS_CODES, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { InstdiscError, UsageError } from "../errors.js";
import { createHttpServer } from "./http/door.js";
import { problemBody, type ProblemCode } from "./http/httpError.js";

export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly mostConnections: number;
  /** From the first byte of a request to the last of its head. */
  readonly headMs: number;
  /** From the first byte of a request to the last of its body. */
  readonly uploadMs: number;
}

export interface Listening {
  readonly port: number;
  /** Open connections. */
  connections(): number;
  /** Accepts nothing more, waits for what is under way, at most so long. */
  close(drainMs: number): Promise<void>;
}

/** How often Node looks for slow requests, and the end for idle connections. */
const CHECK_EVERY_MS = 500;
const IDLE_MS = 5000;
/** A connection on which nothing moves for so long, such as a download that nobody reads. */
const SILENT_MS = 60_000;
/** While draining, how often connections without a request are ended. */
const SWEEP_MS = 50;

/** @throws UsageError when the port is taken or may not be had */
export async function listen(
  respond: (request: Request) => Promise<Response>,
  options: ListenOptions,
): Promise<Listening> {
  const server = createHttpServer(respond, {
    connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, options.headMs, options.uploadMs),
    headersTimeout: options.headMs,
    requestTimeout: options.uploadMs,
    keepAliveTimeout: IDLE_MS,
    maxHeaderSize: 16 * 1024,
  });
  server.timeout = SILENT_MS;
  server.maxConnections = options.mostConnections;
  server.on("clientError", refuse);
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  await bind(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => open.size,
    close: (drainMs) => close(server, drainMs),
  };
}

function bind(server: Server, { host, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen({ host, port }, () => resolve());
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): InstdiscError {
  const found: Readonly<Record<string, [found: string, remedy: string]>> = {
    EADDRINUSE: [
      "another program listens there",
      `end that one, or choose another with --port ${port + 1}, or any free one with --port 0`,
    ],
    EACCES: ["no permission to listen there", "choose a port above 1023 with --port"],
    EADDRNOTAVAIL: ["no such address on this machine", "give an address of this machine with --host"],
    ENOTFOUND: ["no such host name", "give an address of this machine with --host"],
  };
  const [what, remedy] = found[error.code ?? ""] ?? [error.message, "choose another --host or --port"];
  return new UsageError(`${host}:${port}: found ${what}, expected a free port; ${remedy}`, { cause: error });
}

const REFUSALS: Readonly<Record<string, [status: number, code: ProblemCode, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, "too_slow", "the request came too slowly; send it again at once"],
  HPE_HEADER_OVERFLOW: [431, "bad_request", "found more than 16 kB of headers; send fewer"],
};

/** Answers what is no request, as far as anybody is there to read it. */
function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const [status, code, message] = REFUSALS[error.code ?? ""] ?? [
    400,
    "bad_request",
    "found no HTTP request; correct it",
  ];
  const body = problemBody(code, message);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Connection: close",
    "Content-Type: application/json; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

function close(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    const enough = setTimeout(() => server.closeAllConnections(), drainMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(enough);
      resolve();
    });
  });
}
