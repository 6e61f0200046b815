/** @file Embedded pictures as a Parquet file: the door to hyparquet-writer. */

import { ByteWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import { NO_LABEL, type EmbeddedPictures } from "./embedPictures.js";

/** Rows of a group: as many as are in memory as plain arrays at once. */
const GROUP_ROWS = 10_000;

/** Levels of a list are named as the format's specification has it: LogicalTypes.md, "Lists". */
const COLUMNS: Readonly<Record<string, readonly SchemaElement[]>> = {
  id: [{ name: "id", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "REQUIRED" }],
  path: [{ name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }],
  label: [{ name: "label", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" }],
  vector: [
    { name: "vector", converted_type: "LIST", repetition_type: "REQUIRED", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
  ],
};

/**
 * Columns id, path (null: not a file of its own), label (the class's name; left out where no picture has one) and
 * vector, a list of float32.
 * @param notes key-value metadata of the file
 */
export function encodeParquet(
  pictures: EmbeddedPictures,
  notes: Readonly<Record<string, string>>,
): Uint8Array {
  const { ids, labels } = pictures;
  const names = Object.keys(COLUMNS).filter((name) => name !== "label" || labels !== null);
  const schema = [{ name: "root", num_children: names.length }, ...names.flatMap((name) => COLUMNS[name]!)];
  const kvMetadata = Object.entries(notes).map(([key, value]) => ({ key, value }));
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    writer,
    schema,
    kvMetadata,
    createdBy: notes["producer"] ?? "onnx-instdisc",
  });
  for (let first = 0; first < ids.length; first += GROUP_ROWS) {
    const columns = columnsOf(pictures, first, Math.min(first + GROUP_ROWS, ids.length));
    const columnData = names.map((name) => ({ name, ...columns[name]! }));
    void file.write({ columnData, rowGroupSize: GROUP_ROWS }); // into memory: done when it returns
  }
  void file.finish();
  return writer.getBytes();
}

interface Column {
  readonly data: unknown[];
  /** Neither dictionary nor statistics: numbers of vectors hardly repeat. */
  readonly encoding?: "PLAIN";
  readonly codec?: "UNCOMPRESSED";
  readonly statistics?: boolean;
}

function columnsOf(
  { ids, files, labels, classNames, vectors: { dim, data } }: EmbeddedPictures,
  first: number,
  end: number,
): Record<string, Column> {
  const rows = Array.from({ length: end - first }, (_, at) => first + at);
  const className = (label: number): string | null => (label === NO_LABEL ? null : classNames[label]!);
  return {
    id: { data: ids.slice(first, end) },
    path: { data: files.slice(first, end) },
    label: { data: labels === null ? [] : rows.map((row) => className(labels[row]!)) },
    vector: {
      data: rows.map((row) => Array.from(data.subarray(row * dim, (row + 1) * dim))),
      encoding: "PLAIN",
      codec: "UNCOMPRESSED",
      statistics: false,
    },
  };
}
