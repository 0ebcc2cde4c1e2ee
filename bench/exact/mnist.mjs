// MNIST's images as bytes, beside faiss over the same values as float32; their Euclidean distances.
import { mnistImages, sharedData } from '../support/data.mjs';
import { Comparison, planOf } from './comparison.mjs';

const [flat, panorama] = ['faiss-cpu Flat', 'faiss-cpu Panorama'];
const width = 784;
const batch = 64;

/** The images, and those of the test set that are asked; undefined where they are not at hand. */
export function mnistVectors() {
  const train = sharedData('mnist', 'train-images-idx3-ubyte.gz');
  const test = sharedData('mnist', 't10k-images-idx3-ubyte.gz');
  if (train === undefined || test === undefined) return undefined;
  return {
    ...{ name: 'MNIST, 60,000 × 784 uint8', dtype: 'uint8', width, metric: 'l2sq' },
    ...{ content: mnistImages(train), asked: mnistImages(test).subarray(0, 256 * width) },
  };
}

export async function mnist(context, { rounds }) {
  const vectors = mnistVectors();
  if (vectors === undefined) {
    context.say('MNIST is not at hand (set NACRE_DATA): left out');
    return [];
  }
  context.say(' MNIST');
  const { name, ...content } = vectors;
  const comparison = await Comparison.start(context, content);
  const one = planOf(1, rounds.one);
  const many = planOf(batch, rounds.many);
  await comparison.compare([flat, panorama], [one, many]);
  await comparison.close();
  return [
    comparison.judged(one, { what: `${name}, one query`, leastRatio: 20, among: [flat] }),
    comparison.judged(one, { what: `${name}, one query`, leastRatio: 5, among: [panorama] }),
    comparison.judged(many, { what: `${name}, ${batch} at once`, among: [flat, panorama] }),
  ];
}
