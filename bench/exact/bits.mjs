// Random bits, eight in a byte, by the number that differ, beside faiss's flat binary index.
import { randomBytes } from '../support/data.mjs';
import { Comparison, planOf } from './comparison.mjs';

const flat = ['faiss-cpu BinaryFlat'];
const batch = 64;

export async function bits(context, { rows, width, rounds }) {
  context.say(' bits');
  const comparison = await Comparison.start(context, {
    ...{ dtype: 'uint8', width, metric: 'hamming' },
    ...{ content: randomBytes(rows * width), asked: randomBytes(256 * width, 77) },
  });
  const one = planOf(1, rounds.one);
  const many = planOf(batch, rounds.many);
  await comparison.compare(flat, [one, many]);
  await comparison.close();
  const name = `hamming, ${rows.toLocaleString('en-US')} × ${width * 8} bits`;
  return [
    comparison.judged(one, { what: `${name}, one query`, leastRatio: 0.95, among: flat }),
    comparison.judged(many, { what: `${name}, ${batch} at once`, leastRatio: 3, among: flat }),
  ];
}
