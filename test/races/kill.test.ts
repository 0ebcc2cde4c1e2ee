// Writers are killed at any moment: the dataset opens, holds every acknowledged operation, and of the
// others each is there whole or not at all.
import { expect, test } from 'vitest';
import { randomOf } from './content.mjs';
import {
  type Child,
  makePlace,
  onEach,
  operationsIn,
  patience,
  scale,
  seed,
  sharedStores,
  start,
} from './support.ts';

interface Line {
  /** Set before the operation is handed in; `operation` and `version` once it is acknowledged. */
  readonly begun?: number;
  readonly operation?: number;
  readonly version?: number;
}

const writersAtOnce = 4;

/** Resolves when the process said that an operation was acknowledged. */
async function firstAcknowledged(child: Child<Line>): Promise<void> {
  while (!child.lines.some(({ version }) => version !== undefined)) {
    await Promise.race([
      new Promise((resolve) => child.process.stdout?.once('data', () => setImmediate(resolve))),
      child.done,
    ]);
  }
}

onEach(sharedStores, 'on', (name) => {
  // What a kill leaves behind differs between a folder and a server, less between servers.
  const rounds = (name === 'folder' || name === 'minio' ? 6 : 2) * scale;

  test(
    `writers killed in ${rounds} rounds lose nothing that was acknowledged`,
    async () => {
      const place = await makePlace(name, ['rows', 'twins']);
      const random = randomOf(seed);
      const acknowledged = new Map<string, number>();
      const begun = new Set<string>();
      let survivors = 0;
      try {
        for (let round = 0; round < rounds; round++) {
          const children = Array.from({ length: writersAtOnce }, (_, i) =>
            start<Line>(place, 'flood', { writer: round * writersAtOnce + i }),
          );
          await Promise.all(
            children.map(async (child) => {
              await firstAcknowledged(child);
              await new Promise((resolve) => setTimeout(resolve, random() * 400));
              child.process.kill('SIGKILL');
              expect(await child.ended).toEqual([null, 'SIGKILL']);
            }),
          );
          for (const [i, { lines }] of children.entries()) {
            const writer = round * writersAtOnce + i;
            for (const { begun: number, operation, version } of lines) {
              if (number !== undefined) begun.add(`${writer}.${number}`);
              if (version !== undefined) acknowledged.set(`${writer}.${String(operation)}`, version);
            }
          }

          const ds = await place.open();
          const found = await operationsIn(ds, 'rows');
          expect(await operationsIn(ds, 'twins')).toEqual(found);
          const there = new Set(found);
          expect([...acknowledged.keys()].filter((key) => !there.has(key))).toEqual([]);
          expect(found.filter((key) => !begun.has(key))).toEqual([]);
          const logged = new Map<string, number>();
          for await (const { message, version } of ds.log()) if (message) logged.set(message, version);
          expect([...logged.keys()].sort()).toEqual([...found].sort());
          for (const [key, version] of acknowledged) expect([key, logged.get(key)]).toEqual([key, version]);
          survivors = found.length - acknowledged.size;
          await ds.close();
        }
        console.info(
          `${name}: seed ${seed}, ${rounds * writersAtOnce} writers killed, ${acknowledged.size} operations ` +
            `acknowledged, ${begun.size - acknowledged.size} not, of which ${survivors} had landed whole`,
        );
        expect(acknowledged.size).toBeGreaterThanOrEqual(rounds * writersAtOnce);
      } finally {
        await place.dispose();
      }
    },
    patience,
  );
});
