/** @file A process that writes into a cache of answers again and again: node cacheWriter.js FILE NAME */

import { TuningCache } from "../../src/tune/cache.js";
import { MACHINE } from "./smallStep.js";

const [file, name] = process.argv.slice(2);
const cache = new TuningCache(MACHINE, (line) => process.stderr.write(`${line}\n`), file);
for (let at = 0; at < 20; at++)
  await cache.remember(new Map([[`${name} ${at}`, { choice: "a", among: ["a", "b"], ms: {}, mode: "off" }]]));
