// One query over rows of other dtypes, by Euclidean distance, beside peers that scan the same dtype as it is.
import { float16Bits, gaussianFloats, mapInto } from '../support/data.mjs';
import { Comparison, planOf } from './comparison.mjs';

const clamp = (least, most, x) => Math.max(least, Math.min(most, Math.round(x)));

/** What codes of half the bytes leave to be gained: docs/rfcs/0007. */
const eightBits = 1.4;

const kinds = {
  float64: {
    convert: (values) => new Float64Array(values),
    peers: ['usearch exact', 'numpack', 'numkong cdist and argpartition'],
    leastRatio: 4,
  },
  float16: {
    convert: float16Bits,
    peers: ['faiss-cpu SQfp16', 'usearch exact', 'numkong cdist and argpartition'],
    leastRatio: 3,
  },
  int8: {
    convert: (values) => mapInto(new Int8Array(values.length), values, (x) => clamp(-128, 127, 40 * x)),
    peers: ['faiss-cpu SQ8bit_direct_signed', 'usearch exact', 'numkong packed and argpartition'],
    leastRatio: eightBits,
  },
  uint8: {
    convert: (values) => mapInto(new Uint8Array(values.length), values, (x) => clamp(0, 255, 128 + 40 * x)),
    // Without usearch, whose distances of uint8 are NaN.
    peers: ['faiss-cpu SQ8bit_direct', 'numkong packed and argpartition'],
    leastRatio: eightBits,
  },
};

export async function dtypes(context, { rows, width, rounds }) {
  const values = gaussianFloats(rows * width, 3);
  const queries = gaussianFloats(64 * width, 79);
  const lines = [];
  for (const [dtype, { convert, peers, leastRatio }] of Object.entries(kinds)) {
    context.say(` ${dtype}`);
    const comparison = await Comparison.start(context, {
      ...{ dtype, width, metric: 'l2sq' },
      ...{ content: convert(values), asked: convert(queries) },
    });
    const one = planOf(1, rounds);
    await comparison.compare(peers, [one]);
    await comparison.close();
    const what = `${rows.toLocaleString('en-US')} × ${width} ${dtype}, one query`;
    lines.push(comparison.judged(one, { what, leastRatio, among: peers }));
  }
  return lines;
}
