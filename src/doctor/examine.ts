/** @file Is this machine fit? Everything that a run, a search or a page needs, looked at for real. */

import type { Finding } from "./finding.js";
import { lookAtDisk, lookAtMemory, lookAtNode, lookAtProcessor } from "./machine.js";
import { lookAtPackages, versionOf } from "./packages.js";
import { lookAtProviders } from "./providers.js";

export interface Examination {
  readonly heading: string;
  readonly findings: readonly Finding[];
}

/**
 * @param folder where runs are to be written
 * @param tell told what is waited for
 */
export async function examine(
  folder: string,
  tell: (doing: string) => void = () => {},
): Promise<readonly Examination[]> {
  tell("looking at the machine, and trying its execution providers");
  const [disk, packages, providers] = await Promise.all([
    lookAtDisk(folder),
    lookAtPackages(),
    lookAtProviders(),
  ]);
  const web: Finding = {
    what: "onnxruntime-web",
    state: "fine",
    found: `${versionOf("onnxruntime-web")}, for the page of serve`,
  };
  return [
    { heading: "machine", findings: [lookAtNode(), lookAtProcessor(), lookAtMemory(), disk] },
    { heading: "execution providers", findings: providers },
    { heading: "packages", findings: [...packages, web] },
  ];
}
