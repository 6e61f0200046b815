/** @file The whole page takes pictures: dropped on it, or pasted. */

import { useEffect, useState } from "preact/hooks";
import { DataError } from "../../errors.js";
import { searchFile } from "./choosePicture.js";
import { useShared } from "./shared.js";

export function DropTarget() {
  const shared = useShared();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const take = (data: DataTransfer | null): void => {
      const files = [...(data?.files ?? [])];
      const picture = files.find(({ type }) => type.startsWith("image/"));
      if (picture) return searchFile(picture, shared);
      const names = files.map(({ name, type }) => `${name} (${type || "of no known type"})`);
      shared.fail(
        new DataError(
          `drop: found ${names.join(", ") || "no file"}, expected a picture; drop a JPEG, PNG or WebP file`,
        ),
      );
    };
    const dragOver = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = ({ relatedTarget }: DragEvent): void => {
      if (relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      setOver(false);
      take(event.dataTransfer);
    };
    const paste = ({ clipboardData }: ClipboardEvent): void => {
      // Pasting text into a field is nobody's picture.
      if (clipboardData && clipboardData.files.length > 0) take(clipboardData);
    };
    const listeners = { dragover: dragOver, dragleave: leave, drop, paste };
    for (const [kind, listener] of Object.entries(listeners))
      addEventListener(kind, listener as EventListener);
    return () => {
      for (const [kind, listener] of Object.entries(listeners))
        removeEventListener(kind, listener as EventListener);
    };
  }, [shared.dropped]);
  return (
    <div class={over ? "drop-here over" : "drop-here"} aria-hidden="true">
      Drop it anywhere
    </div>
  );
}
