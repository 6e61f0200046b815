/** @file onnx-instdisc report: a page that answers whether a run is learning. */

import type { Argv } from "yargs";
import { writeReport } from "../../report/writeReport.js";
import type { Io } from "../io.js";
import { checkNumbers } from "../option.js";

interface ReportArguments {
  readonly run: string;
  readonly out: string | undefined;
}

export function reportCommand(parser: Argv, io: Io): void {
  parser.command(
    "report <run>",
    "Write report.html of a run: is it learning?",
    (command) =>
      command
        .positional("run", { type: "string", demandOption: true, describe: "folder that train wrote" })
        .options({
          out: {
            type: "string",
            requiresArg: true,
            describe: "file to write; default: report.html in the run",
          },
        })
        .example("$0 report build/run", "curves, neighbours and settings on one page"),
    async (parsed) => {
      checkNumbers(parsed);
      const { run, out } = parsed as unknown as ReportArguments;
      io.stdout.write(`${await writeReport(run, out)}\n`);
    },
  );
}
