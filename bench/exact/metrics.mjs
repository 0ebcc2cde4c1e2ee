// The metrics that numpack has and few others, one query: divergences of distributions in float32, and sets
// as bits in bytes, the one dtype for which numpack has jaccard and hamming.
import { mapInto, randomBytes, randomFloats } from '../support/data.mjs';
import { Comparison, planOf } from './comparison.mjs';

const peers = ['numpack'];

/** Rows of positive numbers whose sum is 1. */
function distributions(count, width, seed) {
  const values = randomFloats(count * width, seed);
  mapInto(values, values, (x) => (x + 1) / 2 + 0.01);
  for (let start = 0; start < values.length; start += width) {
    const line = values.subarray(start, start + width);
    const sum = line.reduce((total, x) => total + x, 0);
    for (let i = 0; i < width; i++) line[i] /= sum;
  }
  return values;
}

const bytes = (count, width, seed) => randomBytes(count * width, seed);

/** Where three times the peer is more than one thread gets from memory, that is the measure: docs/rfcs/0024. */
const [ofPeer, ofMemory] = [3, 0.75];

const kinds = {
  kl: { dtype: 'float32', make: distributions },
  js: { dtype: 'float32', make: distributions },
  jaccard: { dtype: 'uint8', make: bytes },
  hamming: { dtype: 'uint8', make: bytes },
};

export async function metrics(context, { rows, width, rounds }) {
  const lines = [];
  for (const [metric, { dtype, make }] of Object.entries(kinds)) {
    context.say(` ${metric}`);
    const comparison = await Comparison.start(context, {
      ...{ dtype, width, metric },
      ...{ content: make(rows, width, 1), asked: make(64, width, 77) },
    });
    const one = planOf(1, rounds);
    await comparison.compare(peers, [one]);
    await comparison.compareWithMemory(one);
    await comparison.close();
    const size = dtype === 'uint8' ? `${width * 8} bits` : `${width} ${dtype}`;
    const what = `${metric}, ${rows.toLocaleString('en-US')} × ${size}, one query`;
    const msOf = (name) => one.results.find(({ peerName }) => peerName === name)?.theirs;
    const isBounded = peers.every((name) => ofPeer * msOf('memory') > msOf(name));
    const limits = isBounded ? [{}, { leastRatio: ofMemory }] : [{ leastRatio: ofPeer }, {}];
    lines.push(comparison.judged(one, { what, among: peers, ...limits[0] }));
    lines.push(comparison.judged(one, { what, among: ['memory'], ...limits[1] }));
  }
  return lines;
}
