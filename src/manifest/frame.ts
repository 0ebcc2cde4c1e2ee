// The frame around every manifest object: magic, format version, length, body, BLAKE3 of all before it.
//
//   offset  bytes  what
//   0       8      magic: "NACRE", the kind ('R' root, 'H' hint, 'S' segment, 'O' operations, 'E' epoch,
//                  'A' attribute directory, 'P' plan, 'L' lease, 'C' record of a replica, 'Y' parity,
//                  'B' point of a backup, 'D' draft of one, 'F' plan of forget), 0x0D, 0x0A
//   8       4      format version, little endian: 1
//   12      4      length of the body, little endian
//   16      n      body (protobuf)
//   16+n    32     BLAKE3 of the bytes 0 to 16+n
//
// The CR LF in the magic catches transfers in text mode. Sizes are capped before anything is decoded.
import { NacreError } from '../errors.js';
import { concat, equalBytes } from '../util/bytes.js';
import type { ManifestFunctions } from './functions.js';

export type FrameKind =
  | 'root'
  | 'hint'
  | 'segment'
  | 'operations'
  | 'epoch'
  | 'attribute directory'
  | 'plan'
  | 'lease'
  | 'replica'
  | 'parity'
  | 'point'
  | 'draft'
  | 'forget plan';

const kindByte: Record<FrameKind, number> = {
  root: 0x52,
  hint: 0x48,
  segment: 0x53,
  operations: 0x4f,
  epoch: 0x45,
  'attribute directory': 0x41,
  plan: 0x50,
  lease: 0x4c,
  replica: 0x43,
  parity: 0x59,
  point: 0x42,
  draft: 0x44,
  'forget plan': 0x46,
};

/** Whether bytes begin as a root does. */
export function isRootFrame(start: Uint8Array): boolean {
  return equalBytes(start.subarray(0, 8), magic('root'));
}

const headerBytes = 16;
const hashBytes = 32;
const formatVersion = 1;

/**
 * Largest frame that is read, in bytes. Writers keep roots within 64 KiB; the rest is room for later
 * releases.
 */
export const frameCap: Record<FrameKind, number> = {
  root: 1 << 20,
  hint: (1 << 20) + 4096,
  segment: 4 << 20,
  operations: 4 << 20,
  epoch: 16 << 20,
  'attribute directory': 1 << 20,
  plan: 16 << 20,
  lease: 64 << 10,
  replica: 64 << 10,
  parity: 4 << 20,
  point: 16 << 20,
  draft: 64 << 10,
  'forget plan': 16 << 20,
};

function magic(kind: FrameKind): Uint8Array {
  return Uint8Array.of(0x4e, 0x41, 0x43, 0x52, 0x45, kindByte[kind], 0x0d, 0x0a);
}

export function encodeFrame(kind: FrameKind, body: Uint8Array, functions: ManifestFunctions): Uint8Array {
  const header = new Uint8Array(headerBytes);
  header.set(magic(kind));
  const view = new DataView(header.buffer);
  view.setUint32(8, formatVersion, true);
  view.setUint32(12, body.byteLength, true);
  const content = concat([header, body]);
  if (content.byteLength + hashBytes > frameCap[kind]) {
    throw new NacreError('ResourceExhausted', `a ${kind} of ${content.byteLength} bytes is over the cap`, {
      context: { sizeBytes: content.byteLength, capBytes: frameCap[kind] },
    });
  }
  return concat([content, functions.blake3(content)]);
}

/** The length of the frame of the kind that begins with these bytes; undefined where they begin none. */
export function frameBytes(kind: FrameKind, start: Uint8Array): number | undefined {
  if (start.byteLength < headerBytes || !equalBytes(start.subarray(0, 8), magic(kind))) return undefined;
  const length = new DataView(start.buffer, start.byteOffset, start.byteLength).getUint32(12, true);
  const all = headerBytes + length + hashBytes;
  return all > frameCap[kind] ? undefined : all;
}

/** The body of a frame that fills `bytes` exactly, or `Corrupt` / `UnsupportedFormat` naming `what`. */
export function decodeFrame(
  kind: FrameKind,
  bytes: Uint8Array,
  what: string,
  functions: ManifestFunctions,
): Uint8Array {
  const corrupt = (reason: string): NacreError =>
    new NacreError('Corrupt', `${what} is damaged: ${reason}`, {
      context: { key: what, sizeBytes: bytes.byteLength },
      hint: 'Run `nacre repair` to put back the right bytes from a replica or a backup.',
    });
  if (bytes.byteLength > frameCap[kind])
    throw corrupt(`it has ${bytes.byteLength} bytes, more than any ${kind}`);
  if (bytes.byteLength < headerBytes + hashBytes) throw corrupt(`it has only ${bytes.byteLength} bytes`);
  if (!equalBytes(bytes.subarray(0, 8), magic(kind))) throw corrupt(`it does not begin as a ${kind} does`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.byteLength - hashBytes;
  // The hash comes before the version: a flip in the version must read as damage, not as a newer release.
  if (!equalBytes(functions.blake3(bytes.subarray(0, end)), bytes.subarray(end))) {
    throw corrupt('its bytes differ from its own hash');
  }
  const version = view.getUint32(8, true);
  if (version !== formatVersion) {
    throw new NacreError(
      'UnsupportedFormat',
      `${what} has format ${version}; this release reads ${formatVersion}`,
      {
        context: { key: what, format: version },
        hint: 'Use a newer release of Nacre.',
      },
    );
  }
  const length = view.getUint32(12, true);
  if (length !== end - headerBytes)
    throw corrupt(`it says ${length} bytes of body and holds ${end - headerBytes}`);
  return bytes.subarray(headerBytes, end);
}
