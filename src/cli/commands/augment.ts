/** @file onnx-instdisc augment: draws pictures beside their random views, so that a person sees what the network sees. */

import { access } from "node:fs/promises";
import type { Argv } from "yargs";
import { atomicWrite } from "../../artifact/node.js";
import { describeAugmentation } from "../../data/augmentOptions.js";
import { checkContactSheet, drawContactSheet, enlargement } from "../../data/contactSheet.js";
import { openDataset } from "../../data/dataset.js";
import { encodePng } from "../../data/encode.js";
import { locateNamed } from "../locateNamed.js";
import { UsageError } from "../../errors.js";
import { counted } from "../format.js";
import type { Io } from "../io.js";
import { PRESET_VIEWS, type ViewSettings, type ViewSource } from "../viewOptions.js";

const OPTIONS = {
  data: {
    type: "string",
    requiresArg: true,
    describe: "folder of pictures, class folders, or idx files",
    defaultDescription: "the embedded sample",
  },
  out: { type: "string", requiresArg: true, describe: "PNG to write" },
  overwrite: { type: "boolean", default: false, describe: "replace the file in --out" },
  pictures: { type: "number", default: 8, requiresArg: true, describe: "rows of the sheet" },
  views: { type: "number", default: 8, requiresArg: true, describe: "views of each picture, one an epoch" },
  epoch: { type: "number", default: 0, requiresArg: true, describe: "epoch of the first view" },
} as const;

interface AugmentArguments {
  readonly data?: string;
  readonly out?: string;
  readonly overwrite: boolean;
  readonly pictures: number;
  readonly views: number;
  readonly epoch: number;
}

/** @param source of the options that say which views are drawn */
export function augmentCommand(parser: Argv, io: Io, source: ViewSource = PRESET_VIEWS): void {
  parser.command(
    "augment",
    "Draw pictures beside their random views",
    (command) =>
      command
        .options({ ...OPTIONS, ...source.options })
        .example("$0 augment --data photos --out sheet.png", "eight pictures, eight views of each")
        .example("$0 augment --data photos --blur 0.5 --views 3 --out blur.png", "what an option does"),
    async (parsed) => {
      const given = parsed as unknown as AugmentArguments;
      io.stdout.write(await augment(given, await source.resolve(parsed), io));
    },
  );
}

async function augment(given: AugmentArguments, settings: ViewSettings, io: Io): Promise<string> {
  const { pictures, views, epoch, overwrite } = given;
  const out = checkOut(given.out);
  const options = { ...settings, pictures, views, epoch };
  checkContactSheet(options);
  if (!overwrite && (await exists(out))) {
    throw new UsageError(
      `--out ${out}: is there already, expected a new file; name another, or pass --overwrite`,
    );
  }
  const { train } = await locateNamed(given.data, { seed: settings.seed }, io);
  const sheet = await drawContactSheet(await openDataset(train), options);
  for (const reason of sheet.broken) io.stderr.write(`left out: ${reason}\n`);
  await atomicWrite(out, await encodePng(sheet.raster));
  const factor = enlargement(settings.imageSize);
  const scale = factor === 1 ? "" : `, each pixel drawn ${factor}×${factor}`;
  const size = `${settings.imageSize} pixels${scale}`;
  const epochs = views === 1 ? `epoch ${epoch}` : `epochs ${epoch} to ${epoch + views - 1}`;
  return (
    `Wrote ${out}: ${counted(sheet.pictures, "picture")}, ${counted(views, "view")} of each (${epochs}) of ${size}.\n` +
    `Views: ${describeAugmentation(settings.augment)}\n`
  );
}

/** @throws UsageError unless it names a PNG */
function checkOut(out: string | undefined): string {
  if (out === undefined) throw new UsageError("--out is missing, expected a PNG to write");
  if (out.toLowerCase().endsWith(".png")) return out;
  throw new UsageError(`--out ${out}: expected a name that ends in .png; give it one`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
