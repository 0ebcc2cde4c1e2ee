// Approximate search among the rows that a filter keeps: recall, warm from a folder, cold from a bucket.
//
// A share of the rows is kept that has nothing to do with where they lie, which is hard on lists: the rows that
// match are as far apart as all are.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { median, row } from './harness.mjs';
import { randomIndices } from './support/data.mjs';
import { clusters, nearest, recallOf } from './support/nearest.mjs';
import { runChild } from './support/places.mjs';

export const title = 'approximate search under a filter';

export const full = (context) =>
  measured(context, { rows: 200_000, width: 384, centres: 1000, queries: 1000, kept: [500, 100, 10, 1] });
export const small = (context) =>
  measured(context, { rows: 3000, width: 32, centres: 30, queries: 20, kept: [500, 10] });

const recall = 0.95;

async function made(place, { data, asked, width, mille }) {
  const uri = place.uri('filtered');
  const dataset = await place.open(uri, { create: true });
  await dataset.write(async (tx) => {
    for (const name of ['rows', 'queries']) await tx.create(name, { dtype: 'float32', rowShape: [width] });
    const shape = [mille.length, width];
    await tx.append('rows', { data, shape }, { attributes: { mille: Array.from(mille) } });
    await tx.append('queries', { data: asked, shape: [asked.length / width, width] });
  });
  await dataset.array('rows').index({ type: 'ivf' });
  await dataset.close();
  return uri;
}

/** The rows nearest to each query of those that are kept. */
async function nearestOf({ data, asked, width, mille }, most) {
  const places = Array.from(mille.keys()).filter((row) => mille[row] < most);
  const some = new Float32Array(places.length * width);
  for (const [i, row] of places.entries()) some.set(data.subarray(row * width, (row + 1) * width), i * width);
  const found = await nearest(some, asked, width);
  return found.map((rows) => rows.map((row) => places[row]));
}

/** `kept`: of each 1,000 rows so many. */
async function measured(context, { rows, width, centres, queries, kept }) {
  const of = { ...clusters({ rows, width, centres, queries }), width, mille: randomIndices(rows, 1000, 31) };
  const here = context.child('ann-queries.mjs');
  context.say(` ${rows} rows in a folder, and the index`);
  await here.ask('load', { uri: await made(context.folderPlace(), of) });
  const ask = (where) => here.ask('search', { how: 'recall', value: recall, where });
  for (let pass = 0; pass < 2; pass++) await ask([]);
  const plain = median((await ask([])).times);
  const place = await context.place();
  context.say(' the same on MinIO');
  const uri = await made(place, of);
  const vectors = path.join(context.folder('filtered'), 'vectors.json');
  writeFileSync(vectors, JSON.stringify([Array.from(of.asked.subarray(0, width))]));
  const found = [row({ what: 'warm, no filter', value: plain, unit: 'ms' })];
  for (const most of kept) {
    const filter = `mille < ${most}`;
    const what = `${most / 10} % of the rows`;
    const expected = await nearestOf(of, most);
    await ask([filter]);
    const again = await ask([filter]);
    // Each is a text of its own, and keeps the same rows.
    const anew = await ask(Array.from({ length: queries }, (_, i) => `${filter} and mille <= ${1000 + i}`));
    const args = [uri, 'rows', 'f8', String(recall), vectors, filter];
    const { first } = await runChild(place, 'ann-first.mjs', args, { counted: true });
    found.push(
      row({
        what: `${what}: recall`,
        value: recallOf(again.ids, expected),
        unit: 'of 10',
        least: context.small ? 0 : recall,
      }),
      row({
        what: `${what}: warm`,
        value: median(again.times),
        unit: 'ms',
        most: Math.max(1.5 * plain, 0.3),
      }),
      row({ what: `${what}: warm, another filter each time`, value: median(anew.times), unit: 'ms' }),
      row({ what: `${what}: cold, waves`, value: first.waves, unit: 'waves', most: 5 }),
      row({ what: `${what}: cold, bytes`, value: first.bytesDown, unit: 'bytes', most: 20e6 }),
    );
  }
  await here.close();
  return found;
}
