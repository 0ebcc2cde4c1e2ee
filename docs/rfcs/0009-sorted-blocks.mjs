// The figures of sorted blocks in RFC 0009: `node docs/rfcs/0009-sorted-blocks.mjs`, after `npm run build`.
//
// What a cold filter reads is counted over a store in memory, by a handle that knows the manifest alone. Times
// are those of a folder, warm, of two arrays with the same rows in turns: one has the index, one has none.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openStoreDataset } from '../../dist/dataset/open.js';
import { open } from '../../dist/index.js';
import { MemoryStore } from '../../dist/storage/memory.js';
import { systemRuntime } from '../../dist/util/runtime.js';

const rows = 1_000_000;
const rounds = 51;
const mixed = (i, factor) => Math.floor(((i * factor) % 2 ** 32) / 4096);
const column = (of) => Array.from({ length: rows }, (_, i) => of(i));
const attributes = {
  score: column((i) => mixed(i, 2654435761) / 2 ** 20),
  name: column((i) => `user-${(i * 7919) % rows}`),
};
const shares = [0.0001, 0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5];
const filters = [
  `score = ${attributes.score[4711]}`,
  'score = 0.12345678912345',
  ...shares.map((share) => `score between 0.3 and ${0.3 + share}`),
  "name = 'user-4711'",
  "name = 'user-4711x'",
  "name starts_with 'user-77'",
];

async function write(dataset, array, isIndexed) {
  await dataset.write(async (tx) => {
    await tx.create(array, { dtype: 'int8' });
    await tx.append(array, { data: new Int8Array(rows) }, { attributes });
  });
  if (!isIndexed) return;
  for (const attribute of Object.keys(attributes)) {
    const start = performance.now();
    await dataset.array(array).index({ attribute });
    console.log(`index of ${attribute}: ${(performance.now() - start).toFixed(0)} ms`);
  }
}

const bucket = () =>
  openStoreDataset(new MemoryStore('rfc', systemRuntime), { create: true, cacheDir: false });
const there = await bucket();
await write(there, 'plain', false);
await write(there, 'indexed', true);
const { arrays } = await there.info();
for (const { attribute, sizeBytes } of arrays.indexed.attributeIndexes)
  console.log(`${attribute}: ${sizeBytes} bytes`);

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-rfc-'));
const here = await open(folder, { create: true, cacheDir: false });
await write(here, 'plain', false);
await write(here, 'indexed', true);

for (const filter of filters) {
  const said = [];
  for (const array of ['plain', 'indexed']) {
    const cold = await bucket();
    await cold.array(array).shape();
    const { analysis } = await cold.array(array).where(filter).analyze('count');
    const { requests, waves, bytesRead, indexes } = analysis;
    said.push(`${bytesRead} bytes, ${requests} requests, ${waves} waves, ${indexes.blocks} blocks`);
    await cold.close();
  }
  const times = { plain: [], indexed: [] };
  const counts = new Set();
  for (let round = 0; round < rounds; round++) {
    for (const [array, all] of Object.entries(times)) {
      const start = performance.now();
      counts.add(await here.array(array).where(filter).count());
      all.push(performance.now() - start);
    }
  }
  if (counts.size !== 1) throw new Error(`${filter}: counts ${[...counts].join(' and ')}`);
  const median = (all) => all.sort((a, b) => a - b)[rounds >> 1].toFixed(2);
  console.log(`${filter}, ${[...counts][0]} rows`);
  console.log(`  column: ${said[0]}; ${median(times.plain)} ms`);
  console.log(`  index:  ${said[1]}; ${median(times.indexed)} ms`);
}
await here.close();
await there.close();
rmSync(folder, { recursive: true });
