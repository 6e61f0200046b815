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

/** Every problem looks like this, wherever it comes from. */
export function problemBody(code: ProblemCode, message: string): string {
  return JSON.stringify({ error: { code, message } });
}

export function problemResponse({ status, code, message, headers }: HttpError): Response {
  const type = { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" };
  return new Response(problemBody(code, message), { status, headers: { ...type, ...headers } });
}

export function jsonResponse(answer: unknown): Response {
  return new Response(JSON.stringify(answer), {
    headers: { "Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store" },
  });
}
