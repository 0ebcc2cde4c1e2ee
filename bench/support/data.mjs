// Content for measurements: pseudo-random numbers that are the same in every run, and .npy files of them.
import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { encodeHeader } from '../../dist/npy/header.js';

/** Uniform in [-1, 1), from a seed (xorshift). */
export function randomFloats(count, seed = 1) {
  const out = new Float32Array(count);
  let state = (seed * 2654435761) >>> 0 || 1;
  for (let i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    out[i] = state / 2 ** 31;
  }
  return out;
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

const dtypeOf = (data) => (data instanceof Uint8Array ? 'uint8' : 'float32');

export function writeNpy(file, data, shape) {
  const target = openSync(file, 'w');
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  writeSync(target, encodeHeader(dtypeOf(data), shape));
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
