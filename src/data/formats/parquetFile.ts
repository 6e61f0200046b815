/** @file The door to hyparquet: columns of Parquet files, read in parts. Source: Apache Parquet's format. */

import type { FileMetaData, SchemaTree } from "hyparquet";
import { DataError } from "../../errors.js";
import { readRange, sizeOfFile } from "../files.js";

/** Rows first ... first + count - 1 that are stored together. */
export interface RowGroup {
  readonly first: number;
  readonly count: number;
}

export interface ParquetFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly rowCount: number;
  readonly columns: readonly ParquetColumn[];
  readonly groups: readonly RowGroup[];
  /** What writers add, by key: Hugging Face's description of the columns is under "huggingface". */
  readonly notes: ReadonlyMap<string, string>;
  /**
   * Values of one column in rows first ... end - 1: bytes, text, numbers, or objects for a struct. Where the
   * file tells the place of its pages, only those with these rows are read, else the row groups.
   * @throws DataError (as a rejection) if they are damaged or compressed in an unknown way
   */
  values(column: string, first: number, end: number): Promise<unknown[]>;
}

export interface ParquetColumn {
  readonly name: string;
  /** "bytes": byte arrays that are not text; "struct": with these fields. */
  readonly type: "bytes" | "struct" | "other";
  readonly fields: readonly string[];
  /** true: the file tells where pages begin, so that single rows can be read. */
  readonly hasPageIndex: boolean;
}

/** Loaded at first use: most data sets are not Parquet, and every worker thread would pay 70 ms. */
const loadLibrary = async () => {
  const [{ parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  return { parquetMetadataAsync, parquetReadObjects, parquetSchema, compressors };
};

function describeColumn({ children, element }: SchemaTree, metadata: FileMetaData): ParquetColumn {
  const isText = element.converted_type !== undefined || element.logical_type !== undefined;
  const isBytes = children.length === 0 && element.type === "BYTE_ARRAY" && !isText;
  const isStruct = children.length > 0 && element.converted_type === undefined;
  const chunks = metadata.row_groups
    .flatMap(({ columns }) => columns)
    .filter((chunk) => chunk.meta_data?.path_in_schema[0] === element.name);
  return {
    name: element.name,
    type: isStruct ? "struct" : isBytes ? "bytes" : "other",
    fields: children.map((child) => child.element.name),
    hasPageIndex: chunks.every((chunk) => chunk.offset_index_offset !== undefined),
  };
}

function groupsOf({ row_groups: groups }: FileMetaData): RowGroup[] {
  let end = 0;
  return groups.map(({ num_rows: rows }) => {
    const first = end;
    end += Number(rows);
    return { first, count: Number(rows) };
  });
}

/** @throws DataError (as a rejection) if the file cannot be read or is not Parquet */
export async function openParquetFile(path: string): Promise<ParquetFile> {
  const sizeBytes = await sizeOfFile(path);
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema, compressors } = await loadLibrary();
  const file = {
    byteLength: sizeBytes,
    slice: async (start: number, end = sizeBytes): Promise<ArrayBuffer> =>
      Uint8Array.from(await readRange(path, start, end - start)).buffer,
  };
  const refuse = (cause: unknown): never => {
    if (cause instanceof DataError) throw cause;
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      `${path}: found bytes that do not read (${found}), expected a whole Parquet file; download or write it again`,
      { cause },
    );
  };
  const metadata = await parquetMetadataAsync(file).catch(refuse);
  return {
    path,
    sizeBytes,
    rowCount: Number(metadata.num_rows),
    columns: parquetSchema(metadata).children.map((column) => describeColumn(column, metadata)),
    groups: groupsOf(metadata),
    notes: new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value ?? ""])),
    async values(column, rowStart, rowEnd) {
      const options = { file, metadata, columns: [column], rowStart, rowEnd, compressors };
      const rows = await parquetReadObjects({ ...options, utf8: false, useOffsetIndex: true }).catch(refuse);
      return rows.map((row) => row[column] as unknown);
    },
  };
}
