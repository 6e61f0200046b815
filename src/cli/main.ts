/** @file The command line: parses, delegates, and turns every failure into one message and an exit code. */

import yargs from "yargs";
import { InstdiscError, UsageError } from "../errors.js";
import { VERSION } from "../version.js";
import { augmentCommand } from "./commands/augment.js";
import { buildGraphCommand } from "./commands/buildGraph.js";
import { doctorCommand } from "./commands/doctor.js";
import { duplicatesCommand } from "./commands/duplicates.js";
import { embedCommand } from "./commands/embed.js";
import { exportCommand } from "./commands/export.js";
import { inspectCommand } from "./commands/inspect.js";
import { knnCommand } from "./commands/knn.js";
import { presetsCommand } from "./commands/presets.js";
import { reportCommand } from "./commands/report.js";
import { searchCommand } from "./commands/search.js";
import { indexCommand } from "./commands/searchIndex.js";
import { serveCommand } from "./commands/serve.js";
import { trainCommand } from "./commands/train.js";
import { verifyCommand } from "./commands/verify.js";
import type { Io } from "./io.js";

export const EXIT = { fine: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** @returns the exit code */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let code: number = EXIT.fine;
  const parser = yargs()
    .scriptName("onnx-instdisc")
    .usage("$0 <command>\n\nLearn image embeddings from unlabelled pictures, with nothing but ONNX Runtime.")
    .version(VERSION)
    .strict()
    .demandCommand(1, "Name a command; --help lists them.")
    .recommendCommands()
    .wrap(100)
    .exitProcess(false)
    .fail((message, error) => {
      // What yargs itself throws, such as for an option without its value, is about the request too.
      throw error && error.name !== "YError" ? error : new UsageError(message ?? error?.message);
    });
  augmentCommand(parser, io);
  buildGraphCommand(parser, io);
  doctorCommand(parser, io, (problems) => (code = problems ? EXIT.failed : EXIT.fine));
  duplicatesCommand(parser, io);
  embedCommand(parser, io);
  exportCommand(parser, io);
  indexCommand(parser, io);
  inspectCommand(parser, io);
  knnCommand(parser, io);
  presetsCommand(parser, io);
  reportCommand(parser, io);
  searchCommand(parser, io);
  serveCommand(parser, io);
  trainCommand(parser, io, (interrupted) => (code = interrupted ? EXIT.interrupted : EXIT.fine));
  verifyCommand(parser, io, (agree) => (code = agree ? EXIT.fine : EXIT.failed));
  try {
    // With a callback, yargs hands over what it would print: help and version.
    await parser.parseAsync([...argv], {}, (_error, _arguments, output) => {
      if (output) io.stdout.write(`${output}\n`);
    });
    return code;
  } catch (error) {
    return report(error, io);
  }
}

function report(error: unknown, io: Io): number {
  if (error instanceof UsageError) {
    io.stderr.write(`${error.message}\nTry "onnx-instdisc --help".\n`);
    return EXIT.usage;
  }
  if (error instanceof InstdiscError) {
    io.stderr.write(`${error.message}\n`);
    return EXIT.failed;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.stderr.write(`This is a defect of onnx-instdisc; please report it with the lines below.\n${text}\n`);
  return EXIT.failed;
}
