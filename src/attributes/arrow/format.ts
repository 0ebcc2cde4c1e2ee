// Numbers of Arrow's IPC format, version 5 (Message.fbs, Schema.fbs, File.fbs of apache/arrow): the place of
// each field in its table, and the values of its enums, for those who write and those who read.

export const magic = new TextEncoder().encode('ARROW1');
/** In front of each message. */
export const continuation = 0xffffffff;
export const metadataV5 = 4;
/** Buffers begin on this many bytes, as Arrow recommends for wide instructions. */
export const bufferAlignment = 64;
/** Metadata ends on this many. */
export const messageAlignment = 8;

export const message = { version: 0, headerType: 1, header: 2, bodyLength: 3 } as const;
export const messageFields = 5;
export const header = { schema: 1, dictionaryBatch: 2, recordBatch: 3 } as const;
export const schema = { endianness: 0, fields: 1 } as const;
export const keyValue = { key: 0, value: 1 } as const;
export const schemaFields = 4;
export const field = {
  name: 0,
  nullable: 1,
  typeType: 2,
  type: 3,
  dictionary: 4,
  children: 5,
  metadata: 6,
} as const;
export const fieldFields = 7;
export const recordBatch = { length: 0, nodes: 1, buffers: 2, compression: 3, viewBuffers: 4 } as const;
export const recordBatchFields = 5;
export const dictionaryBatch = { id: 0, data: 1, isDelta: 2 } as const;
export const dictionaryEncoding = { id: 0, indexType: 1 } as const;
export const compression = { codec: 0 } as const;
export const codec = { lz4: 0, zstd: 1 } as const;
export const footer = { version: 0, schema: 1, dictionaries: 2, recordBatches: 3 } as const;
export const footerFields = 5;

export const typeType = {
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  string: 5,
  bool: 6,
  date: 8,
  timestamp: 10,
  strings: 12,
  struct: 13,
  union: 14,
  fixedSizeList: 16,
  map: 17,
  largeBinary: 19,
  largeString: 20,
  largeStrings: 21,
  runEndEncoded: 22,
  binaryView: 23,
  stringView: 24,
  listView: 25,
  largeListView: 26,
} as const;
export const int = { bitWidth: 0, isSigned: 1 } as const;
export const float = { precision: 0 } as const;
export const double = 2;
export const fixedSizeList = { size: 0 } as const;
export const union = { mode: 0 } as const;
export const dense = 1;
export const date = { unit: 0 } as const;
export const milliseconds = 1;
export const timestamp = { unit: 0, timezone: 1 } as const;
export const micros = 2;

export function aligned(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to;
}
