// One process of a test with several: reads random pages of known content and compares every byte. Its
// argument is one JSON object; a line per read goes to standard output when `loud`, the outcome at the end.
import { openPageCache } from '../../src/cache/page-cache.js';
import { NacreError } from '../../src/errors.js';
import { native } from '../../src/native.js';
import { equalBytes, toHex } from '../../src/util/bytes.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { contentOf, randomOf } from './content.js';

export interface WorkerOptions {
  /** Default: as the environment says. */
  readonly folder?: string;
  readonly budgetBytes: number;
  readonly seed: number;
  readonly reads: number;
  readonly together: number;
  readonly pages: number;
  readonly lengths: readonly number[];
  readonly loud: boolean;
}

const options = JSON.parse(process.argv[2] as string) as WorkerOptions;
const binary = native();
const warnings: string[] = [];
const cache = openPageCache({
  ...(options.folder === undefined ? {} : { folder: options.folder }),
  budgetBytes: options.budgetBytes,
  runtime: systemRuntime,
  native: binary,
  onWarning: (warning) => warnings.push(warning.message),
});
const next = randomOf(options.seed);

async function readOne(): Promise<void> {
  const seed = next() % options.pages;
  const length = options.lengths[seed % options.lengths.length] as number;
  const bytes = contentOf(seed, length);
  const page = { hash: toHex(binary.blake3(bytes)), offset: 0, length };
  const expected = binary.crc32c(bytes);
  const read = await cache.read(page, {
    load: async () => bytes.slice(),
    verify: async (observed) => {
      if (binary.crc32c(observed) !== expected) throw new NacreError('Corrupt', 'the page differs');
    },
  });
  if (!equalBytes(read, bytes)) throw new Error(`page ${seed} of ${length} bytes came back wrong`);
  read.fill(0xff);
  if (options.loud) console.log(seed);
}

for (let done = 0; done < options.reads; done += options.together)
  await Promise.all(Array.from({ length: options.together }, readOne));
await cache.close();
console.log(JSON.stringify({ ...cache.counters(), folder: cache.folder, warnings }));
