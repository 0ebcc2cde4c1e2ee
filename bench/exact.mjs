// Exact search, the first ten: one query and 64 at once beside peers that search exactly, on one thread; two
// threads; other dtypes; bits; other metrics; levels of precision; and from a bucket. bench/exact/ has a file
// for each.
import { bits } from './exact/bits.mjs';
import { bucket } from './exact/bucket.mjs';
import { dtypes } from './exact/dtypes.mjs';
import { float32 } from './exact/float32.mjs';
import { metrics } from './exact/metrics.mjs';
import { mnist, mnistVectors } from './exact/mnist.mjs';
import { precision } from './exact/precision.mjs';
import { gaussianFloats, unitRows } from './support/data.mjs';

export const title = 'exact search';

const sizes = {
  full: {
    float32: { rows: 500_000, width: 384, rounds: { one: 9, many: 3 } },
    mnist: { rounds: { one: 9, many: 3 } },
    dtypes: { rows: 200_000, width: 384, rounds: 7 },
    bits: { rows: 1_000_000, width: 128, rounds: { one: 9, many: 5 } },
    metrics: { rows: 100_000, width: 128, rounds: 7 },
    bucket: { processes: 5 },
    precision: { rounds: 9, queries: 256 },
  },
  small: {
    float32: { rows: 2000, width: 32, rounds: { one: 2, many: 1 } },
    dtypes: { rows: 500, width: 32, rounds: 1 },
    bits: { rows: 500, width: 16, rounds: { one: 1, many: 1 } },
    metrics: { rows: 500, width: 16, rounds: 1 },
    bucket: { processes: 1 },
    precision: { rounds: 1, queries: 20 },
  },
};

export const full = (context) => ask(context, sizes.full);
export const small = (context) => ask(context, sizes.small);

async function ask(context, size) {
  return [
    ...(await unitVectors(context, size)),
    ...(size.mnist === undefined ? [] : await mnist(context, size.mnist)),
    ...(size.mnist === undefined ? [] : await mnistLevels(context, size)),
    ...(await dtypes(context, size.dtypes)),
    ...(await bits(context, size.bits)),
    ...(await metrics(context, size.metrics)),
  ];
}

async function unitVectors(context, size) {
  const { rows, width } = size.float32;
  const vectors = {
    width,
    content: unitRows(gaussianFloats(rows * width), width),
    asked: unitRows(gaussianFloats(256 * width, 77), width),
  };
  return [
    ...(await float32(context, vectors, size.float32)),
    ...(await bucket(context, vectors, size.bucket)),
    ...(await precision(context, { ...vectors, ...ofUnitVectors(size) }, size.precision)),
  ];
}

const ofUnitVectors = ({ float32: { rows, width } }) => ({
  name: `${rows.toLocaleString('en-US')} × ${width} float32`,
  dtype: 'float32',
  metric: 'cosine',
});

async function mnistLevels(context, size) {
  const vectors = mnistVectors();
  return vectors === undefined ? [] : precision(context, vectors, size.precision);
}
