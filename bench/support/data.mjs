// Content for measurements: pseudo-random numbers that are the same in every run, and .npy files of them.
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { dtypeOf } from '../../dist/npy/dtype.js';
import { encodeHeader } from '../../dist/npy/header.js';

/** Signed whole numbers of 32 bits. */
function xorshift(seed) {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}

/** Uniform in [-1, 1), from a seed. */
export function randomFloats(count, seed = 1) {
  const out = new Float32Array(count);
  const next = xorshift(seed);
  for (let i = 0; i < count; i++) out[i] = next() / 2 ** 31;
  return out;
}

/** Normally distributed around 0 with deviation 1, from a seed (Box and Muller). */
export function gaussianFloats(count, seed) {
  const out = randomFloats(count + (count % 2), seed);
  for (let i = 0; i < out.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(Math.max(2 ** -32, (1 - out[i]) / 2)));
    const angle = Math.PI * out[i + 1];
    out[i] = radius * Math.cos(angle);
    out[i + 1] = radius * Math.sin(angle);
  }
  return out.subarray(0, count);
}

/** Scales each row to length 1, in place. */
export function unitRows(values, width) {
  for (let start = 0; start < values.length; start += width) {
    let sum = 0;
    for (let i = start; i < start + width; i++) sum += values[i] * values[i];
    const scale = 1 / Math.sqrt(sum);
    for (let i = start; i < start + width; i++) values[i] *= scale;
  }
  return values;
}

/** Any bytes, from a seed. */
export function randomBytes(count, seed) {
  const words = new Uint32Array(Math.ceil(count / 4));
  const next = xorshift(seed);
  for (let i = 0; i < words.length; i++) words[i] = next();
  return new Uint8Array(words.buffer, 0, count);
}

/** `from` of a typed array, several times as fast. */
export function mapInto(out, values, of) {
  for (let i = 0; i < values.length; i++) out[i] = of(values[i]);
  return out;
}

/** The bits of float16 of a Float32Array below 65,504; digits beyond are cut off, too small ones are 0. */
export function float16Bits(values) {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return mapInto(new Uint16Array(values.length), words, (word) => {
    const sign = (word >>> 16) & 0x8000;
    const exponent = ((word >>> 23) & 0xff) - 112;
    return exponent <= 0 ? sign : sign | (exponent << 10) | ((word >>> 13) & 0x3ff);
  });
}

/** Whole numbers in [0, below), from a seed; with repeats. */
export function randomIndices(count, below, seed = 1) {
  return Float64Array.from(randomFloats(count, seed), (x) => Math.floor(((x + 1) / 2) * below));
}

/** The same without repeats, ascending. */
export function distinctIndices(count, below, seed = 1) {
  const chosen = new Set();
  for (let round = seed; chosen.size < count; round++) {
    for (const index of randomIndices(count, below, round)) if (chosen.size < count) chosen.add(index);
  }
  return Float64Array.from(chosen).sort();
}

/** `dtype` where the class of `data` does not tell it: float16 lies in a Uint16Array. */
export function writeNpy(file, data, shape, dtype = dtypeOf(data)) {
  const target = openSync(file, 'w');
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  writeSync(target, encodeHeader(dtype, shape));
  for (let at = 0; at < bytes.byteLength; )
    at += writeSync(target, bytes, at, Math.min(2 ** 30, bytes.byteLength - at));
  closeSync(target);
  return file;
}

/** A file of the shared data, under `NACRE_DATA` or beside the repository; undefined where it is not there. */
export function sharedData(...parts) {
  const beside = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'data');
  const file = path.join(process.env.NACRE_DATA ?? beside, ...parts);
  return existsSync(file) ? file : undefined;
}

/** MNIST images of one IDX file, `count × 784` uint8. */
export function mnistImages(file) {
  return new Uint8Array(gunzipSync(readFileSync(file)).subarray(16));
}
