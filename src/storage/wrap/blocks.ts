// Checksums by block: which blocks a range touches, which of them differ. Pure but for the sums themselves.
import { NacreError } from '../../errors.js';
import type { NativeBinding } from '../../native.js';
import type { ByteRange } from '../object-store.js';

/** What an object's bytes must be, as its manifest entry says. */
export interface BlockChecksums {
  readonly sizeBytes: number;
  readonly blockBytes: number;
  /** CRC32C of each block, the last one shorter; `ceil(sizeBytes / blockBytes)` numbers. */
  readonly blocks: Uint32Array;
}

/** The two functions of the native binding that compare bytes with sums. */
export type BlockVerifier = Pick<NativeBinding, 'crc32c' | 'verifyBlocks'>;

/** Fails with `Corrupt` when the table cannot be of an object of that size. */
export function checkTable(key: string, { sizeBytes, blockBytes, blocks }: BlockChecksums): void {
  const sizesFit = Number.isSafeInteger(sizeBytes) && sizeBytes >= 0;
  const blocksFit = Number.isSafeInteger(blockBytes) && blockBytes > 0;
  if (sizesFit && blocksFit && blocks.length === Math.ceil(sizeBytes / blockBytes)) return;
  throw new NacreError(
    'Corrupt',
    `the manifest has ${blocks.length} checksums of ${blockBytes} bytes each for ${key} of ${sizeBytes} bytes`,
    { context: { key, sizeBytes, blockBytes, blocks: blocks.length } },
  );
}

/** The bytes of blocks `[first, end)`. */
export function blockBytesRange(
  first: number,
  end: number,
  checksums: Omit<BlockChecksums, 'blocks'>,
): ByteRange {
  const { blockBytes, sizeBytes } = checksums;
  return { start: first * blockBytes, end: Math.min(end * blockBytes, sizeBytes) };
}

/** The whole blocks that a range touches; an empty range stays empty. Past the end is `InvalidArgument`. */
export function widen(key: string, range: ByteRange, checksums: Omit<BlockChecksums, 'blocks'>): ByteRange {
  const { blockBytes, sizeBytes } = checksums;
  if (range.end > sizeBytes)
    throw new NacreError(
      'InvalidArgument',
      `[${range.start}, ${range.end}) ends past ${key} of ${sizeBytes} bytes`,
      { context: { key, start: range.start, end: range.end, sizeBytes } },
    );
  if (range.end <= range.start) return range;
  const first = Math.floor(range.start / blockBytes);
  return blockBytesRange(first, Math.ceil(range.end / blockBytes), checksums);
}

/** Every block of `bytes`, which begin with block `first`, whose sum differs; ascending. */
export async function damagedBlocks(
  bytes: Uint8Array,
  first: number,
  { blockBytes, blocks }: BlockChecksums,
  verifier: BlockVerifier,
): Promise<number[]> {
  const end = first + Math.ceil(bytes.byteLength / blockBytes);
  const damaged: number[] = [];
  for (let at = first; at < end; ) {
    const rest = bytes.subarray((at - first) * blockBytes);
    const found = await verifier.verifyBlocks(rest, blockBytes, blocks.subarray(at, end));
    if (found < 0) break;
    damaged.push(at + found);
    at += found + 1;
  }
  return damaged;
}

/** Ascending numbers as runs `[start, end)` of consecutive ones. */
export function runsOf(ascending: readonly number[]): { readonly start: number; readonly end: number }[] {
  const runs: { start: number; end: number }[] = [];
  for (const number of ascending) {
    const last = runs.at(-1);
    if (last?.end === number) last.end = number + 1;
    else runs.push({ start: number, end: number + 1 });
  }
  return runs;
}
