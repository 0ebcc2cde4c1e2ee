// Levels of Parquet: where lists and values begin, and which of them are there.
import { concat } from '../../../util/bytes.js';

/** Lists of more entries are told apart by runs, and not by bits. */
const longList = 32;

/** With their length before them. */
export function sized(levels: Uint8Array): Uint8Array {
  return concat([new Uint8Array(Uint32Array.of(levels.byteLength).buffer), levels]);
}

/** One level, so many times. */
export function runOf(level: number, count: number): Uint8Array {
  return Uint8Array.from([...varint(2 * count), level]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** 0 where a row begins, 1 within it. */
export function repetitionOf(perRow: number, phase: number, entries: number): Uint8Array {
  if (perRow === 1) return runOf(0, entries);
  if (perRow < longList) return bitsOfRows(perRow, entries);
  const levels: number[] = [];
  const start = varint(2);
  for (let at = 0; at < entries; ) {
    const begun = (phase + at) % perRow;
    if (begun === 0) levels.push(...start, 0);
    const within = Math.min(perRow - Math.max(1, begun), entries - at - (begun === 0 ? 1 : 0));
    if (within > 0) levels.push(...varint(2 * within), 1);
    at += within + (begun === 0 ? 1 : 0);
  }
  return Uint8Array.from(levels);
}

/** Eight levels in a byte, one run of them all. */
function bitsOfRows(perRow: number, entries: number): Uint8Array {
  const bytes = Math.ceil(entries / 8);
  const head = varint(2 * bytes + 1);
  const levels = new Uint8Array(head.length + bytes).fill(0xff);
  levels.set(head);
  for (let at = 0; at < entries; at += perRow) {
    const place = head.length + (at >> 3);
    levels[place] = (levels[place] as number) & ~(1 << (at & 7));
  }
  return levels;
}

/** One run of so many levels of `width` bits, packed. */
export function packedLevels(levelOf: (index: number) => number, count: number, width: 1 | 2): Uint8Array {
  const groups = Math.ceil(count / 8);
  const head = varint(2 * groups + 1);
  const levels = new Uint8Array(head.length + groups * width);
  levels.set(head);
  for (let i = 0; i < count; i++) {
    const bit = i * width;
    const place = head.length + (bit >> 3);
    levels[place] = (levels[place] ?? 0) | (levelOf(i) << (bit & 7));
  }
  return levels;
}
