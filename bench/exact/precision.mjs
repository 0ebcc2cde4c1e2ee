// Levels of precision, one query after the other on one thread: queries a second, the bytes that a query is
// handed (whole lists of codes or of bits, and rows one by one), and how many of the exact ten are found. For
// information: no level has a target. Exact search stands beside rows of float16, which it reads less than.
import { rmSync } from 'node:fs';
import { checksumOf, interleaved, median, row } from '../harness.mjs';
import { limit, nacreOn } from './comparison.mjs';

/** `f32` and `f16` are answered as `f64`. */
const levels = ['f64', 'f8', 'bit'];

/** Single queries of a turn; see `comparison.mjs`. */
const queriesInTurn = 5;

/** `content` and `asked` are rows of `width`, of the dtype that `dtype` names. */
export async function precision(
  context,
  { name, dtype, metric, width, content, asked },
  { rounds, queries },
) {
  context.say(` precision: ${name}`);
  const place = context.folderPlace();
  const uri = place.uri('precision');
  const dataset = await place.open(uri, { create: true });
  await dataset.write(async (tx) => {
    for (const [array, data] of Object.entries({ rows: content, queries: asked })) {
      await tx.create(array, { dtype, rowShape: [width] });
      await tx.append(array, { data, shape: [data.length / width, width] });
    }
  });
  await dataset.array('rows').index({ type: 'exact', bits: true });
  await dataset.close();

  const nacre = nacreOn(context, 1);
  await nacre.ask('load', { uri, metric });
  const ask = (level, starts) => nacre.ask('search', { starts, count: 1, limit, precision: level });
  const found = {};
  for (const level of levels)
    found[level] = await ask(
      level,
      Array.from({ length: queries }, (_, i) => i),
    );
  const startsOf = (round) =>
    Array.from({ length: queriesInTurn }, (_, i) => (round * queriesInTurn + i) % queries);
  const sampler = (level) => async (round) => median((await ask(level, startsOf(round))).map(({ ms }) => ms));
  const medians = await interleaved(
    rounds,
    Object.fromEntries(levels.map((level) => [level, sampler(level)])),
  );
  await nacre.ask('close');
  rmSync(uri, { recursive: true });

  const float16 = { name: 'rows of float16', value: (2 * content.length) / 1e6, unit: 'MB' };
  return levels.flatMap((level) => [
    row({
      what: `${name}, precision ${level}, one query`,
      value: 1000 / medians[level],
      unit: 'queries/s',
      checksum: checksumOf(Float64Array.from(found[level].flatMap(({ ids }) => ids.flat()))),
    }),
    row({
      what: `${name}, precision ${level}: handed to a query`,
      value: median(found[level].map(({ bytes }) => bytes)) / 1e6,
      unit: 'MB',
      beside: float16,
    }),
    row({
      what: `${name}, precision ${level}: recall of the first ${limit}, ${queries} queries`,
      value: 100 * recall(found[level], found.f64),
      unit: '%',
    }),
  ]);
}

/** The part of the exact hits that are found. */
function recall(answers, exact) {
  const hits = exact.map(({ ids }, query) => {
    const known = new Set(answers[query].ids.flat());
    return ids.flat().filter((id) => known.has(id)).length / ids.flat().length;
  });
  return hits.reduce((sum, part) => sum + part, 0) / hits.length;
}
