// What a chunk went through when it was written, undone: deflate, shuffle, lzf, and the sum of Fletcher,
// which is compared.
//
// Memory that is made on the way is given back as soon as the next step has taken its bytes: it lies outside
// of what the collector of garbage counts, which frees it long after, and a file of many chunks came to
// hundreds of MiB that nobody needed.
import { promisify } from 'node:util';
import { constants, inflate } from 'node:zlib';
import { roomOf } from '../../../util/bytes.js';
import { giveBack } from '../give-back.js';
import { damaged, unread } from './bytes.js';
import { type Filter, filterIds } from './dataset.js';

const inflated = promisify<Uint8Array, object, Uint8Array>(inflate);

/**
 * `stored` as it was: `bytes` long. It lies in `into`, where that is given and the last step can write there;
 * else in memory of its own, or where no filter changes it in that of `stored`. Errors: `InvalidArgument` for
 * what is not, or becomes larger.
 */
export async function undoFilters(
  name: string,
  stored: Uint8Array,
  filters: readonly Filter[],
  mask: number,
  bytes: number,
  into?: Uint8Array,
): Promise<Uint8Array> {
  let data = stored;
  for (let i = filters.length - 1; i >= 0; i--) {
    const filter = filters[i] as Filter;
    if ((mask & (1 << i)) !== 0) continue;
    const before = data;
    const isLast = filters.slice(0, i).every((_, j) => (mask & (1 << j)) !== 0);
    if (filter.id === filterIds.deflate) data = await inflateChunk(name, data, bytes + 4 * filters.length);
    else if (filter.id === filterIds.shuffle)
      data = unshuffle(data, filter.values[0] ?? 1, isLast ? into : undefined);
    else if (filter.id === filterIds.fletcher32) data = checkFletcher(name, data);
    else if (filter.id === filterIds.lzf) data = unpackLzf(name, data, bytes);
    else throw unread(name, `is packed by the filter ${filter.id}`, 'Write it with gzip.');
    if (before.buffer !== stored.buffer && before.buffer !== data.buffer) giveBack(before);
  }
  if (data.byteLength === bytes) return data;
  throw damaged(name, `a chunk has ${data.byteLength} bytes, its shape ${bytes}`);
}

async function inflateChunk(name: string, data: Uint8Array, most: number): Promise<Uint8Array> {
  try {
    // The size of the output is known, so that it is made in one piece.
    const chunkSize = Math.max(constants.Z_MIN_CHUNK, most);
    return await inflated(data, { maxOutputLength: most, chunkSize });
  } catch (cause) {
    const code = (cause as { code?: unknown }).code;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw damaged(name, `a chunk becomes more than ${most} bytes`, cause);
    throw damaged(name, `a chunk is not what deflate gives (${String(code)})`, cause);
  }
}

/**
 * First the first bytes of all elements, then their second ones. What is over stays at the end. The result
 * lies in `into`, where that is as long.
 */
export function unshuffle(data: Uint8Array, size: number, into?: Uint8Array): Uint8Array {
  if (size <= 1) return data;
  const count = Math.floor(data.byteLength / size);
  const out = roomOf(into, data.byteLength);
  out.set(data.subarray(count * size), count * size);
  if ((size === 4 || size === 8) && out.byteOffset % 4 === 0) {
    const words = new Uint32Array(out.buffer, out.byteOffset, Math.floor(out.byteLength / 4));
    for (let part = 0; part < size / 4; part++)
      joinWords(data.subarray(4 * part * count), words, part, size / 4);
    return out;
  }
  for (let part = 0; part < size; part++)
    for (let i = 0, at = part; i < count; i++, at += size) out[at] = data[part * count + i] as number;
  return out;
}

/** Of `planes`, four of them, the word `part` of each element. */
function joinWords(planes: Uint8Array, words: Uint32Array, part: number, step: number): void {
  const count = Math.floor(words.length / step);
  const [p0, p1, p2, p3] = [0, 1, 2, 3].map((i) => planes.subarray(i * count, (i + 1) * count)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]; // prettier-ignore
  for (let i = 0; i < count; i++)
    words[i * step + part] =
      (p0[i] as number) | ((p1[i] as number) << 8) | ((p2[i] as number) << 16) | ((p3[i] as number) << 24);
}

function checkFletcher(name: string, data: Uint8Array): Uint8Array {
  if (data.byteLength < 4) throw damaged(name, 'a chunk has no checksum');
  const body = data.subarray(0, -4);
  const view = new DataView(data.buffer, data.byteOffset + body.byteLength, 4);
  const found = view.getUint32(0, true);
  const sum = fletcher32(body);
  // HDF5 before 1.6.3 wrote both halves the other way round.
  const old = (((sum & 0xff00ff) << 8) | ((sum >>> 8) & 0xff00ff)) >>> 0;
  if (found === sum || found === old) return body;
  const [is, should] = [found, sum].map((value) => value.toString(16).padStart(8, '0'));
  throw damaged(name, `the checksum of a chunk is ${is}, its bytes have ${should}`);
}

/** As HDF5 has it: of words of 16 bits, big endian. */
export function fletcher32(data: Uint8Array): number {
  const fold = (sum: number): number => (sum & 0xffff) + (sum >>> 16);
  let [a, b] = [0, 0];
  const words = data.byteLength >> 1;
  for (let i = 0; i < words; ) {
    // As many as the sums hold.
    const end = Math.min(words, i + 360);
    for (; i < end; i++) {
      a += ((data[2 * i] as number) << 8) | (data[2 * i + 1] as number);
      b += a;
    }
    a = fold(a);
    b = fold(b >>> 0);
  }
  if (data.byteLength % 2 === 1) {
    a += (data[data.byteLength - 1] as number) << 8;
    b += a;
    a = fold(a);
    b = fold(b);
  }
  return ((fold(b) << 16) | fold(a)) >>> 0;
}

/** The filter of h5py: literals, and copies of what came before. */
function unpackLzf(name: string, data: Uint8Array, bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  const fail = (): Error => damaged(name, 'a chunk is not what lzf gives');
  let [from, to] = [0, 0];
  while (from < data.byteLength) {
    const control = data[from++] as number;
    if (control < 32) {
      const end = from + control + 1;
      if (end > data.byteLength || to + control + 1 > bytes) throw fail();
      out.set(data.subarray(from, end), to);
      to += end - from;
      from = end;
      continue;
    }
    let length = control >> 5;
    if (length === 7) length += data[from++] ?? 0;
    const back = to - ((control & 31) << 8) - (data[from++] ?? 0) - 1;
    length += 2;
    if (back < 0 || from > data.byteLength || to + length > bytes) throw fail();
    for (let i = 0; i < length; i++) out[to + i] = out[back + i] as number;
    to += length;
  }
  return out.subarray(0, to);
}
