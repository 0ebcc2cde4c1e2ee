// A zip file of stored entries, in one pass: sizes are known ahead, checksums stand behind the bytes (flag 3,
// as for pipes) and in the directory. zip64 fields stand where a number needs them, and nowhere else. There
// is no clock in it: entries are of 1980-01-01, the first day that zip has.
import { crc32 } from 'node:zlib';
import { NacreError } from '../../errors.js';
import { assert, defined } from '../../util/assert.js';
import { concat, utf8 } from '../../util/bytes.js';
import { quoted } from '../../util/text.js';
import { directoryComment } from './zip-comment.js';
import {
  end64Bytes,
  endBytes,
  entryBytes,
  instead16,
  instead32,
  localHeaderBytes,
  locatorBytes,
  maxDirectoryBytes,
  signatures,
  viewOf,
  zip64Id,
} from './zip.js';
import { utf8Flag } from './zip-names.js';

export interface MemberToWrite {
  readonly name: string;
  readonly sizeBytes: number;
  /** Exactly so many bytes. Asked for once, when its turn comes. */
  readonly pieces: () => AsyncIterable<Uint8Array>;
}

const firstDay = 0x21;
/** Flag 3: checksum and sizes come behind the bytes. */
const behind = 8;
const maxNameBytes = 0xffff - '.npy'.length;
const versions = { plain: 20, zip64: 45 } as const;
/** The letters F and B, and what follows them. */
const paddingId = 0x4246;
const paddingByte = 0x5a;
const paddingHeadBytes = 4;
/** Made on Unix, so that the mode below counts. */
const madeBy = 3 << 8;
const mode = 0o100644;

interface Member {
  readonly name: Uint8Array;
  readonly flags: number;
  readonly sizeBytes: number;
  readonly offset: number;
  crc32: number;
}

export interface ZipOptions {
  /** The bytes of each member begin at a multiple of it, at most 4096; default 1. */
  readonly alignBytes?: number;
}

/** Errors: `InvalidArgument` for two of one name, names that are too long, or more of them than are read. */
export function zipBytes(
  members: readonly MemberToWrite[],
  { alignBytes = 1 }: ZipOptions = {},
): AsyncGenerator<Uint8Array> {
  checkNames(members);
  return stream(members, alignBytes);
}

async function* stream(members: readonly MemberToWrite[], alignBytes: number): AsyncGenerator<Uint8Array> {
  const parts = new ZipParts(alignBytes);
  for (const { name, sizeBytes, pieces } of members) {
    yield parts.begin(name, sizeBytes);
    let sum = 0;
    let seen = 0;
    for await (const piece of pieces()) {
      sum = crc32(piece, sum);
      seen += piece.byteLength;
      yield piece;
    }
    assert(seen === sizeBytes, 'a member has as many bytes as it says');
    yield parts.end(sum);
  }
  yield parts.finish();
}

/** What stands around the bytes of the members of a zip file, which follow each other. */
export class ZipParts {
  readonly #alignBytes: number;
  readonly #written: Member[] = [];
  #member: Member | undefined;
  #at = 0;
  #directoryBytes = 0;

  constructor(alignBytes: number) {
    this.#alignBytes = alignBytes;
  }

  /** Where the next part begins. */
  get position(): number {
    return this.#at;
  }

  /** What the directory would have with one more name, at most. */
  directoryBytesWith(name: string): number {
    return this.#directoryBytes + entryBytes + utf8.encode(name).byteLength + largeEntryBytes;
  }

  /** Before the bytes of a member. */
  begin(name: string, sizeBytes: number): Uint8Array {
    const nameBytes = utf8.encode(name);
    const flags = behind | (nameBytes.byteLength === name.length ? 0 : utf8Flag);
    this.#directoryBytes = this.directoryBytesWith(name);
    this.#member = { name: nameBytes, flags, sizeBytes, offset: this.#at, crc32: 0 };
    const header = localHeader(this.#member, this.#alignBytes);
    this.#at += header.byteLength + sizeBytes;
    return header;
  }

  /** Behind them. */
  end(sum: number): Uint8Array {
    const member = defined(this.#member, 'a member that was begun');
    member.crc32 = sum;
    this.#written.push(member);
    const descriptor = descriptorOf(member);
    this.#at += descriptor.byteLength;
    return descriptor;
  }

  /**
   * The end of the file; with `summed` its comment has the checksum of the directory, which the format has
   * none of.
   */
  finish({ summed = false } = {}): Uint8Array {
    const directory = concat(this.#written.map(directoryEntry));
    const comment = summed ? directoryComment(directory) : new Uint8Array(0);
    return concat([directory, endOf(this.#written.length, directory.byteLength, this.#at, comment)]);
  }
}

function checkNames(members: readonly MemberToWrite[]): void {
  const names = new Set<string>();
  let directoryBytes = 0;
  for (const { name } of members) {
    if (names.has(name))
      throw refused(`two entries have the name ${quoted(name, 80)}`, 'Rename one of them.');
    names.add(name);
    const length = utf8.encode(name).byteLength;
    if (length > maxNameBytes)
      throw refused(`the name ${quoted(name, 80)} has ${length} bytes, a zip file holds ${maxNameBytes}`);
    directoryBytes += entryBytes + length + largeEntryBytes;
  }
  if (directoryBytes > maxDirectoryBytes)
    throw refused(
      `${members.length} arrays need a directory of up to ${directoryBytes} bytes, at most ${maxDirectoryBytes} are read`,
      'Write them into several files.',
    );
}

function refused(what: string, hint = 'Choose a shorter name.'): NacreError {
  return new NacreError('InvalidArgument', what, { hint });
}

function isLarge({ sizeBytes }: Member): boolean {
  return sizeBytes >= instead32;
}

/** The zip64 field of an entry with two sizes and a place. */
const largeEntryBytes = 4 + 3 * 8;

function localHeader(member: Member, alignBytes: number): Uint8Array {
  const large = isLarge(member);
  const header = viewOf(new Uint8Array(localHeaderBytes));
  header.setUint32(0, signatures.local, true);
  header.setUint16(4, large ? versions.zip64 : versions.plain, true);
  header.setUint16(6, member.flags, true);
  header.setUint16(12, firstDay, true);
  header.setUint32(18, large ? instead32 : 0, true);
  header.setUint32(22, large ? instead32 : 0, true);
  header.setUint16(26, member.name.byteLength, true);
  // That it is there says that the sizes behind the bytes have 8 bytes each.
  const sizes = large ? zip64([0, 0]) : new Uint8Array(0);
  const extra = concat([sizes, padding(member, sizes.byteLength, alignBytes)]);
  header.setUint16(28, extra.byteLength, true);
  return concat([bytesOfView(header), member.name, extra]);
}

/** An extra field that nobody reads, of the kind that PyTorch pads with. */
function padding({ name, offset }: Member, fieldBytes: number, alignBytes: number): Uint8Array {
  if (alignBytes === 1) return new Uint8Array(0);
  const unpadded = offset + localHeaderBytes + name.byteLength + fieldBytes + paddingHeadBytes;
  const missing = alignBytes * Math.ceil(unpadded / alignBytes) - unpadded;
  const field = new Uint8Array(paddingHeadBytes + missing).fill(paddingByte);
  viewOf(field).setUint16(0, paddingId, true);
  viewOf(field).setUint16(2, missing, true);
  return field;
}

function descriptorOf(member: Member): Uint8Array {
  const large = isLarge(member);
  const view = viewOf(new Uint8Array(large ? 24 : 16));
  view.setUint32(0, signatures.descriptor, true);
  view.setUint32(4, member.crc32, true);
  for (const at of [0, 1]) {
    if (large) view.setBigUint64(8 + 8 * at, BigInt(member.sizeBytes), true);
    else view.setUint32(8 + 4 * at, member.sizeBytes, true);
  }
  return bytesOfView(view);
}

function directoryEntry(member: Member): Uint8Array {
  const large = isLarge(member);
  const far = member.offset >= instead32;
  const { sizeBytes, offset } = member;
  const fields = [...(large ? [sizeBytes, sizeBytes] : []), ...(far ? [offset] : [])];
  const extra = fields.length > 0 ? zip64(fields) : new Uint8Array(0);
  const version = fields.length > 0 ? versions.zip64 : versions.plain;
  const view = viewOf(new Uint8Array(entryBytes));
  view.setUint32(0, signatures.entry, true);
  view.setUint16(4, madeBy | version, true);
  view.setUint16(6, version, true);
  view.setUint16(8, member.flags, true);
  view.setUint16(14, firstDay, true);
  view.setUint32(16, member.crc32, true);
  view.setUint32(20, large ? instead32 : sizeBytes, true);
  view.setUint32(24, large ? instead32 : sizeBytes, true);
  view.setUint16(28, member.name.byteLength, true);
  view.setUint16(30, extra.byteLength, true);
  view.setUint32(38, mode * 2 ** 16, true);
  view.setUint32(42, far ? instead32 : offset, true);
  return concat([bytesOfView(view), member.name, extra]);
}

function endOf(entries: number, sizeBytes: number, offset: number, comment: Uint8Array): Uint8Array {
  const large = entries >= instead16 || offset >= instead32;
  const end = viewOf(new Uint8Array(endBytes));
  end.setUint32(0, signatures.end, true);
  end.setUint16(8, Math.min(entries, instead16), true);
  end.setUint16(10, Math.min(entries, instead16), true);
  end.setUint32(12, sizeBytes, true);
  end.setUint32(16, Math.min(offset, instead32), true);
  end.setUint16(20, comment.byteLength, true);
  return concat([...(large ? end64(entries, sizeBytes, offset) : []), bytesOfView(end), comment]);
}

function end64(entries: number, sizeBytes: number, offset: number): Uint8Array[] {
  const record = viewOf(new Uint8Array(end64Bytes));
  record.setUint32(0, signatures.end64, true);
  record.setBigUint64(4, BigInt(end64Bytes - 12), true);
  record.setUint16(12, madeBy | versions.zip64, true);
  record.setUint16(14, versions.zip64, true);
  for (const [at, value] of [entries, entries, sizeBytes, offset].entries())
    record.setBigUint64(24 + 8 * at, BigInt(value), true);
  const locator = viewOf(new Uint8Array(locatorBytes));
  locator.setUint32(0, signatures.locator, true);
  locator.setBigUint64(8, BigInt(offset + sizeBytes), true);
  locator.setUint32(16, 1, true);
  return [bytesOfView(record), bytesOfView(locator)];
}

function zip64(values: readonly number[]): Uint8Array {
  const view = viewOf(new Uint8Array(4 + 8 * values.length));
  view.setUint16(0, zip64Id, true);
  view.setUint16(2, 8 * values.length, true);
  for (const [at, value] of values.entries()) view.setBigUint64(4 + 8 * at, BigInt(value), true);
  return bytesOfView(view);
}

function bytesOfView(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
