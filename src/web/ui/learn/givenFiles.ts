/** @file Files that the reader hands over to learn from: a folder with all that is in it, or a choice of files. */

import { pictureFile, type PictureFile } from "../../learn/learn.js";
import { sortOut, type Given } from "./sortOut.js";

/** @param files of an <input>, of a folder or of single files */
export function chosenFiles(files: FileList): Given {
  return sortOut([...files].map((file) => pictureFile(file)));
}

/**
 * All files of a drop, through all folders. The entries are taken at once: a drop is empty once its event is over.
 * @param onFile called with how many were found so far
 * @throws DOMException when a folder cannot be read
 */
export function droppedFiles(data: DataTransfer, onFile: (found: number) => void): Promise<Given> {
  const files: PictureFile[] = [];
  const add = (file: File, path: string): void => {
    files.push(pictureFile(file, path));
    onFile(files.length);
  };
  const entries: FileSystemEntry[] = [];
  for (const item of data.items) {
    const entry = item.kind === "file" ? item.webkitGetAsEntry() : null;
    if (entry !== null) entries.push(entry);
    else {
      const file = item.getAsFile(); // made by a script: it lies in no file system
      if (file !== null) add(file, file.name);
    }
  }
  return walk(entries, add).then(() => sortOut(files));
}

async function walk(
  entries: readonly FileSystemEntry[],
  add: (file: File, path: string) => void,
): Promise<void> {
  for (const entry of entries) {
    if (entry.isDirectory) await walk(await childrenOf(entry as FileSystemDirectoryEntry), add);
    else add(await fileOf(entry as FileSystemFileEntry), entry.fullPath.replace(/^\//, ""));
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** A reader gives some at a time, and none once all were given. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}
