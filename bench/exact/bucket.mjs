// Exact queries of a dataset in MinIO by processes that have just begun, on one thread: with a page cache
// that holds what queries read, and with an empty one, whose bytes and waves count from the opening on.
import { rmSync, writeFileSync } from 'node:fs';
import { checksumOf, median, row } from '../harness.mjs';
import { prepare } from '../support/prepare.mjs';
import { runChild } from '../support/places.mjs';

/** Queries of one process: the first, and those that tell what a warm one takes. */
const queriesEach = 9;

export async function bucket(context, { content, asked, width }, { processes }) {
  context.say(' bucket');
  const place = await context.place();
  const uri = place.uri('exact');
  const rows = content.length / width;
  const dataset = await place.open(uri, { create: true });
  await dataset.write(async (tx) => {
    await tx.create('rows', { dtype: 'float32', rowShape: [width] });
    await tx.append('rows', { data: content, shape: [rows, width] });
  });
  await prepare(dataset);
  await dataset.close();
  const file = `${context.folder('exact')}/queries.f32`;
  writeFileSync(file, new Uint8Array(asked.buffer, asked.byteOffset, asked.byteLength));

  const run = (cache, start, count, options) =>
    runChild(place, 'exact-first.mjs', [uri, cache, file, width, start, count].map(String), {
      environment: { NACRE_THREADS: '1' },
      ...options,
    });
  const cache = context.folder('cache');
  await run(cache, 0, processes * queriesEach);
  const warmed = [];
  for (let i = 0; i < processes; i++) warmed.push(await run(cache, i * queriesEach, queriesEach));
  rmSync(cache, { recursive: true });

  const runCold = async (start, options) => {
    const empty = context.folder('cache');
    const said = await run(empty, start, 1, options);
    rmSync(empty, { recursive: true });
    return said;
  };
  const counted = await place.count(() => runCold(0, { counted: true }));
  const cold = [];
  for (let i = 0; i < processes; i++) cold.push(await runCold(i));

  const name = `${rows.toLocaleString('en-US')} × ${width} float32 in MinIO`;
  const sumOf = ({ ids }) => checksumOf(Float64Array.from(ids.flat()));
  const medianOf = (all, pick) => median(all.map(pick));
  return [
    row({
      what: `${name}, first query after the opening, cache warm`,
      value: medianOf(warmed, ({ first }) => first),
      unit: 'ms',
      mostRatio: 2,
      beside: { name: 'a warm one', value: medianOf(warmed, ({ warm }) => warm), unit: 'ms' },
      checksum: sumOf(warmed[0]),
    }),
    row({
      what: 'opening and first query, cache empty: bytes of the rows',
      value: (100 * counted.bytesDown) / content.byteLength,
      unit: '%',
      most: 30,
      checksum: sumOf(counted.value),
    }),
    row({
      what: 'opening and first query, cache empty: waves',
      value: counted.waves,
      unit: 'waves',
      most: 5,
      note: `${counted.requests} requests, ${(counted.bytesDown / 1e6).toFixed(1)} MB`,
    }),
    row({
      what: 'opening and first query, cache empty',
      value: medianOf(cold, (each) => each.open + each.first),
      unit: 'ms',
    }),
  ];
}
