/**
 * @file The errors a user or caller can meet. Every message reads
 * "where: what was found, what was expected; what to do".
 */

export class InstdiscError extends Error {
  /** Stable identifier for scripts; the message is for people. */
  readonly code: string = "INSTDISC";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A tensor has a shape, rank or dtype that an operator cannot take. */
export class ShapeError extends InstdiscError {
  override readonly code = "SHAPE";
}

/** A graph is malformed: an unknown attribute, a name used twice, a value nobody produces. */
export class GraphError extends InstdiscError {
  override readonly code = "GRAPH";
}

/** A gradient was asked for that does not exist. */
export class GradientError extends InstdiscError {
  override readonly code = "GRADIENT";
}

/** A graph cannot be expressed in the operators of its target. */
export class LoweringError extends InstdiscError {
  override readonly code = "LOWERING";
}

/** A file or folder of ours is missing, damaged or of another version. */
export class ArtifactError extends InstdiscError {
  override readonly code = "ARTIFACT";
}

/** An execution provider or the runtime itself refused. */
export class ProviderError extends InstdiscError {
  override readonly code = "PROVIDER";
}

/** Pictures cannot be found or read. */
export class DataError extends InstdiscError {
  override readonly code = "DATA";
}

/** Training cannot go on: the loss is not a number, or the run would destroy another. */
export class TrainingError extends InstdiscError {
  override readonly code = "TRAINING";
}

/** The request itself is wrong: exit code 2. */
export class UsageError extends InstdiscError {
  override readonly code = "USAGE";
}

/** An error as a message between threads: a structured clone would keep neither its class nor its code. */
export interface PackedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

const CLASSES = {
  InstdiscError,
  ShapeError,
  GraphError,
  GradientError,
  LoweringError,
  ArtifactError,
  ProviderError,
  DataError,
  TrainingError,
  UsageError,
} as const;

export function packError(error: unknown): PackedError {
  if (error instanceof Error) return { name: error.name, message: error.message, stack: error.stack };
  return { name: "Error", message: String(error), stack: undefined };
}

/** The same error again, of the same class, with the other thread's stack as its own. */
export function unpackError({ name, message, stack }: PackedError): Error {
  const known = Object.hasOwn(CLASSES, name) ? CLASSES[name as keyof typeof CLASSES] : Error;
  const error = new known(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
