// The figures of RFC 0009: `node docs/rfcs/0009-attribute-indexes.mjs`, after `npm run build`.
//
// Bits of rows that an index would give are the nulls of bool attributes here: `is null` takes bits as they
// come, without a term over values. A bool attribute has bits of its own besides, so that twice as much is
// read as of a bitmap.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { open } from '../../dist/index.js';
import { native } from '../../dist/native.js';

const rows = 1_000_000;
const rounds = 101;
const mixed = (i, factor) => Math.floor(((i * factor) % 2 ** 32) / 4096);
const column = (of) => Array.from({ length: rows }, (_, i) => of(i));
const languages = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'pl', 'cs', 'sv'];
const lang = column((i) => languages[mixed(i, 668265263) % 10]);
const year = column((i) => 1950 + (mixed(i, 2654435761) % 75));
const early = Array.from({ length: 7 }, (_, i) => 1950 + i);

const bits = (is) => column((i) => (is(i) ? null : true));
const attributes = {
  lang,
  year,
  de: bits((i) => lang[i] === 'de'),
  y1999: bits((i) => year[i] === 1999),
  early: bits((i) => year[i] < 1957),
  ...Object.fromEntries(early.map((each) => [`y${each}`, bits((i) => year[i] === each)])),
};
const eachOfSeven = early.map((each) => `y${each} is null`).join(' or ');
const ways = [
  { columns: "lang = 'de'", bitmaps: 'de is null' },
  { columns: 'year = 1999', bitmaps: 'y1999 is null' },
  { columns: "lang = 'de' and year < 1957", bitmaps: 'de is null and early is null' },
  { columns: "lang = 'de' and year < 1957", bitmaps: `de is null and (${eachOfSeven})` },
  { columns: "lang = 'de' or year = 1999", bitmaps: 'de is null or y1999 is null' },
];

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-rfc-'));
const dataset = await open(folder, { create: true, cacheDir: false });
await dataset.write(async (tx) => {
  await tx.create('rows', { dtype: 'float32' });
  await tx.append('rows', { data: new Float32Array(rows), shape: [rows] }, { attributes });
});
for (const way of ways) {
  const times = { columns: [], bitmaps: [] };
  const counts = new Set();
  for (let round = 0; round < rounds; round++) {
    for (const [name, filter] of Object.entries(way)) {
      const start = performance.now();
      counts.add(await dataset.array('rows').where(filter).count());
      times[name].push(performance.now() - start);
    }
  }
  if (counts.size !== 1) throw new Error(`${way.columns}: counts ${[...counts].join(' and ')}`);
  const median = (all) => all.sort((a, b) => a - b)[rounds >> 1].toFixed(2);
  const [columns, bitmaps] = [median(times.columns), median(times.bitmaps)];
  console.log(`${way.columns} by columns ${columns} ms; ${way.bitmaps} ${bitmaps} ms`);
}
await dataset.close();
rmSync(folder, { recursive: true });

for (const [name, values] of Object.entries({ lang, year })) {
  const byValue = grouped(values);
  const sets = [...byValue.values()].map((ids) => native().rowSetFromSorted(Float64Array.from(ids)).length);
  const bytes = sets.reduce((sum, length) => sum + length, 0);
  console.log(
    `${name}: ${sets.length} values, ${bytes} bytes of row sets, ${(sets.length * rows) / 8} of bits`,
  );
}

function grouped(values) {
  const byValue = new Map();
  for (const [row, value] of values.entries()) {
    if (!byValue.has(value)) byValue.set(value, []);
    byValue.get(value).push(row);
  }
  return byValue;
}
