/** @file Searches for a picture that is dropped anywhere on the page, or pasted. */

import { DataError } from "../../errors.js";
import { searchFile } from "./choosePicture.js";
import { DropTarget } from "./dropTarget.js";
import { useShared } from "./shared.js";

export function SearchDrop() {
  const shared = useShared();
  const take = (data: DataTransfer): void => {
    const files = [...data.files];
    const picture = files.find(({ type }) => type.startsWith("image/"));
    if (picture) return searchFile(picture, shared);
    const names = files.map(({ name, type }) => `${name} (${type || "of no known type"})`);
    shared.fail(
      new DataError(
        `drop: found ${names.join(", ") || "no file"}, expected a picture; drop a JPEG, PNG or WebP file`,
      ),
    );
  };
  return <DropTarget text="Drop it anywhere" onDrop={take} onPaste={take} />;
}
