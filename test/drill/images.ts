// The images of a drill: MNIST where it is at hand, else as many random ones.
import { dataPathOr } from '../support/data.js';
import { readIdx } from '../support/mnist.js';

export interface Images {
  readonly train: { readonly data: Uint8Array; readonly shape: readonly number[] };
  readonly test: { readonly data: Uint8Array; readonly shape: readonly number[] };
  readonly testLabels: Uint8Array;
}

const pixels = 784;

export async function readImages(): Promise<Images> {
  const read = async (name: string, rows: number, width: number): Promise<Uint8Array> => {
    const instead = `NOT ON MNIST: ${rows} random rows in place of ${name}`;
    const file = dataPathOr(instead, 'mnist', `${name}.gz`);
    if (file !== undefined) return (await readIdx(file)).data;
    return Uint8Array.from({ length: rows * width }, (_, i) => Math.imul(i, 2_654_435_761) >>> 24);
  };
  const [train, test, testLabels] = [
    await read('train-images-idx3-ubyte', 60_000, pixels),
    await read('t10k-images-idx3-ubyte', 10_000, pixels),
    await read('t10k-labels-idx1-ubyte', 10_000, 1),
  ];
  const rows = (data: Uint8Array) => ({ data, shape: [data.byteLength / pixels, pixels] });
  return { train: rows(train), test: rows(test), testLabels };
}
