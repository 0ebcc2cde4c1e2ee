// Rows to search among, what is nearest, and how much of it was found.
import { search } from '../../dist/index.js';
import { gaussianFloats, randomIndices } from './data.mjs';

/** Rows around centres, each off by 0.6 of the deviation between them, as in the peers' own scripts. */
export function clusters({ rows, width, centres, queries }) {
  const middle = gaussianFloats(centres * width, 5);
  const around = (count, seed) => {
    const data = gaussianFloats(count * width, seed);
    const of = randomIndices(count, centres, seed + 1);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < width; j++)
        data[i * width + j] = 0.6 * data[i * width + j] + middle[of[i] * width + j];
    }
    return data;
  };
  return { data: around(rows, 11), asked: around(queries, 21) };
}

/** Of each query the places of its 10 nearest rows, by exact search. */
export async function nearest(data, asked, width) {
  const queries = { data: asked, shape: [asked.length / width, width] };
  const found = await search(queries, { data, shape: [data.length / width, width] }, { metric: 'l2', k: 10 });
  return found.map((hits) => hits.map(({ row: id }) => id));
}

/** The part of what was expected that was found, the mean over queries. */
export function recallOf(found, expected) {
  const parts = found.map(
    (ids, i) => ids.filter((id) => expected[i].includes(id)).length / expected[i].length,
  );
  return parts.reduce((sum, part) => sum + part, 0) / parts.length;
}
