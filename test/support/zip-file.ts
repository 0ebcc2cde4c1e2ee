// Builds zip files byte by byte, good and bad ones alike, without the code under test.
import { crc32, deflateRawSync } from 'node:zlib';

/** A field that is given is written as it is; all else is what it should be. */
export interface EntryParts {
  readonly name: string | Uint8Array;
  readonly bytes?: Uint8Array;
  readonly deflated?: boolean;
  /** In place of what `bytes` are packed to. */
  readonly packed?: Uint8Array;
  readonly flags?: number;
  readonly method?: number;
  readonly crc?: number;
  readonly size?: number;
  readonly packedSize?: number;
  readonly offset?: number;
  readonly extra?: Uint8Array;
  readonly disk?: number;
  readonly local?: {
    readonly signature?: number;
    readonly name?: string;
    readonly flags?: number;
    readonly method?: number;
    readonly crc?: number;
    readonly size?: number;
    readonly packedSize?: number;
    readonly extra?: Uint8Array;
    readonly extraLength?: number;
  };
}

export interface ZipParts {
  /** Put before all, as by a self-extracting program; places do not count it. */
  readonly before?: Uint8Array;
  readonly comment?: Uint8Array;
  readonly entries?: number;
  readonly entriesHere?: number;
  readonly disk?: number;
  readonly directorySize?: number;
  readonly directoryOffset?: number;
  /** Between the directory and the end record. */
  readonly between?: (directoryOffset: number, directorySize: number) => Uint8Array;
}

export function zipFile(entries: readonly EntryParts[], parts: ZipParts = {}): Uint8Array {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const made = makeEntry(entry, at);
    bodies.push(made.body);
    directory.push(made.listed);
    at += made.body.length;
  }
  const listed = Buffer.concat(directory);
  const comment = parts.comment ?? new Uint8Array(0);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.disk ?? 0, 4);
  end.writeUInt16LE(parts.entriesHere ?? parts.entries ?? entries.length, 8);
  end.writeUInt16LE(parts.entries ?? entries.length, 10);
  end.writeUInt32LE(parts.directorySize ?? listed.length, 12);
  end.writeUInt32LE(parts.directoryOffset ?? at, 16);
  end.writeUInt16LE(comment.length, 20);
  const between = parts.between?.(at, listed.length) ?? new Uint8Array(0);
  const before = parts.before ?? new Uint8Array(0);
  return new Uint8Array(Buffer.concat([before, ...bodies, listed, between, end, comment]));
}

function makeEntry(entry: EntryParts, at: number): { readonly body: Buffer; readonly listed: Buffer } {
  const bytes = entry.bytes ?? new Uint8Array(0);
  const name = Buffer.from(entry.name);
  const packed = entry.packed ?? (entry.deflated === true ? deflateRawSync(bytes) : bytes);
  const fields = {
    flags: entry.flags ?? 0,
    method: entry.method ?? (entry.deflated === true ? 8 : 0),
    crc: entry.crc ?? crc32(bytes),
    packedSize: entry.packedSize ?? packed.length,
    size: entry.size ?? bytes.length,
    extra: entry.extra ?? new Uint8Array(0),
  };
  const local = { ...fields, ...entry.local };
  const localName = Buffer.from(entry.local?.name ?? name);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(entry.local?.signature ?? 0x04034b50, 0);
  writeFields(header, 6, local, localName.length);
  header.writeUInt16LE(entry.local?.extraLength ?? local.extra.length, 28);
  const listed = Buffer.alloc(46);
  listed.writeUInt32LE(0x02014b50, 0);
  writeFields(listed, 8, fields, name.length);
  listed.writeUInt16LE(entry.disk ?? 0, 34);
  listed.writeUInt32LE(entry.offset ?? at, 42);
  return {
    body: Buffer.concat([header, localName, local.extra, packed]),
    listed: Buffer.concat([listed, name, fields.extra]),
  };
}

/** Flags, method, checksum and sizes stand in the same order in both headers. */
function writeFields(
  header: Buffer,
  at: number,
  fields: Required<Pick<EntryParts, 'flags' | 'method' | 'crc' | 'packedSize' | 'size' | 'extra'>>,
  nameLength: number,
): void {
  header.writeUInt16LE(fields.flags, at);
  header.writeUInt16LE(fields.method, at + 2);
  header.writeUInt32LE(fields.crc, at + 8);
  header.writeUInt32LE(fields.packedSize, at + 12);
  header.writeUInt32LE(fields.size, at + 16);
  header.writeUInt16LE(nameLength, at + 20);
  header.writeUInt16LE(fields.extra.length, at + 22);
}

/** The zip64 extra field with these numbers. */
export function zip64Extra(...values: readonly (number | bigint)[]): Uint8Array {
  const field = Buffer.alloc(4 + 8 * values.length);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(8 * values.length, 2);
  values.forEach((value, i) => field.writeBigUInt64LE(BigInt(value), 4 + 8 * i));
  return field;
}

/** The zip64 record and its locator; `at` is where they stand. */
export function zip64End(
  at: number,
  fields: { readonly entries: number; readonly size: number | bigint; readonly offset: number | bigint },
  {
    recordAt = at,
    recordSize = 44,
  }: { readonly recordAt?: number | bigint; readonly recordSize?: number } = {},
): Uint8Array {
  const record = Buffer.alloc(56 + 20);
  record.writeUInt32LE(0x06064b50, 0);
  record.writeBigUInt64LE(BigInt(recordSize), 4);
  record.writeBigUInt64LE(BigInt(fields.entries), 24);
  record.writeBigUInt64LE(BigInt(fields.entries), 32);
  record.writeBigUInt64LE(BigInt(fields.size), 40);
  record.writeBigUInt64LE(BigInt(fields.offset), 48);
  record.writeUInt32LE(0x07064b50, 56);
  record.writeBigUInt64LE(BigInt(recordAt), 64);
  record.writeUInt32LE(1, 72);
  return record;
}
