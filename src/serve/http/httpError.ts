/** @file What a request can meet instead of its answer, and how that is told: as JSON, with the right status. */

/** Stable names for programs; the message is for people. */
export type ProblemCode =
  | "aborted"
  | "bad_json"
  | "bad_multipart"
  | "bad_request"
  | "draining"
  | "failed"
  | "invalid"
  | "method_not_allowed"
  | "no_labels"
  | "not_a_picture"
  | "not_found"
  | "overloaded"
  | "page_not_built"
  | "too_large"
  | "too_slow"
  | "unknown_host"
  | "unknown_id"
  | "unsupported_type";

export class HttpError extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;

  /** @param message what was found, what was expected; what to do */
  constructor(
    status: number,
    code: ProblemCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export function overloaded(what: string): HttpError {
  return new HttpError(
    503,
    "overloaded",
    `${what}: found more waiting than there is room for, expected fewer at a time; try again in a second`,
    { "Retry-After": "1" },
  );
}

/** Nobody is there to read it; the number is the one that servers note for this. */
export function gone(cause: unknown): HttpError {
  const error = new HttpError(
    499,
    "aborted",
    "the client went before its answer came; send the request again",
  );
  error.cause = cause;
  return error;
}

/** Every problem looks like this, wherever it comes from. */
export function problemBody(code: ProblemCode, message: string): string {
  return JSON.stringify({ error: { code, message } });
}

export function problemResponse({ status, code, message, headers }: HttpError): Response {
  return json(problemBody(code, message), status, headers);
}

export function jsonResponse(answer: unknown, status = 200): Response {
  return json(JSON.stringify(answer), status);
}

function json(body: string, status: number, headers: Readonly<Record<string, string>> = {}): Response {
  const type = { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" };
  return new Response(body, { status, headers: { ...type, ...headers } });
}
