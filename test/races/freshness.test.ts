// What one process was told is committed, another that opens afterwards sees: a thousand times over the
// four stores, with the hint held back in every way that a store can hold it back.
import { once } from 'node:events';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { randomOf, rowsOf } from './content.mjs';
import {
  all,
  type Child,
  hintKeys,
  inject,
  injected,
  makePlace,
  onEach,
  patience,
  type Place,
  scale,
  seed,
  sharedStores,
  start,
} from './support.ts';

interface Seen {
  readonly version: number;
  readonly rows: number;
  readonly last: readonly number[];
}

/** 1,000 in all on four stores. */
const turns = 250 * scale;

async function take<Answer>(child: Child<never>, turn: object): Promise<Answer> {
  child.process.send(turn);
  return answerOf<Answer>(child);
}

async function answerOf<Answer>(child: Child<never>): Promise<Answer> {
  const [answer] = (await Promise.race([
    once(child.process, 'message'),
    child.done.then(() => {
      throw new Error('the process ended before its turn');
    }),
  ])) as [{ value: Answer; error?: string }];
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer.value;
}

/** Holds the hint of a folder back: puts an older copy in its place, or takes it away. */
function folderHint(place: Place, random: () => number): { hold(): void; held(): number } {
  const file = path.join(fileURLToPath(place.uri), 'latest');
  const copies: Buffer[] = [readFileSync(file)];
  let held = 0;
  return {
    held: () => held,
    hold: () => {
      try {
        copies.push(readFileSync(file));
      } catch {
        // Taken away the last time, and nobody wrote it since.
      }
      held++;
      if (random() < 0.1) {
        rmSync(file, { force: true });
        return;
      }
      writeFileSync(`${file}.older`, copies[Math.floor(random() * copies.length)] ?? '');
      renameSync(`${file}.older`, file);
    },
  };
}

onEach(sharedStores, 'on', (name) => {
  test(
    `what a process was told, another sees when it opens, ${turns} times, whatever the hint says`,
    async () => {
      const place = await makePlace(name);
      const random = randomOf(seed);
      const hint = place.proxy === undefined ? folderHint(place, random) : undefined;
      const method = name === 'gcs' ? 'POST' : 'PUT';
      inject(place, [
        // A few pass, so that the hint stands at many distances from the head.
        { method, path: hintKeys, probability: 0.4, action: 'hold' },
        { method, path: hintKeys, probability: 0.4, action: 'drop' },
        { method, path: hintKeys, probability: 0.5, action: 'answer', status: 429 },
      ]);
      const children = [1, 2].map(() => start<never>(place, 'turns', {}, true));
      const [one, other] = children as [Child<never>, Child<never>];
      try {
        expect(await Promise.all(children.map((child) => answerOf<string>(child)))).toEqual([
          'ready',
          'ready',
        ]);
        let refreshed = 0;
        for (let operation = 0; operation < turns; operation++) {
          const [writer, reader] = random() < 0.5 ? [one, other] : [other, one];
          const { version } = await take<{ version: number }>(writer, {
            turn: 'append',
            writer: 1,
            operation,
            // A handle gives the hint up for good when a write of it was held back: each new one tries again.
            anew: random() < 0.5,
          });
          hint?.hold();
          const refresh = random() < 0.2;
          if (refresh) refreshed++;
          const seen = await take<Seen>(reader, { turn: 'read', refresh });
          expect(seen).toEqual({ version, rows: operation + 1, last: [...rowsOf(1, operation, 1).data] });
        }
        const held = hint === undefined ? injected(place) : { 'older hints': hint.held() };
        console.info(
          `${name}: seed ${seed}, ${turns} turns (${refreshed} by refresh), hint held ${JSON.stringify(held)}`,
        );
        for (const count of Object.values(held)) expect(count).toBeGreaterThan(0);
      } finally {
        for (const child of children) child.process.kill('SIGKILL');
        await Promise.all(children.map((child) => child.ended));
        await place.dispose();
      }
    },
    patience,
  );
});

onEach(sharedStores, 'after processes that lived for one append each, on', (name) => {
  // A process takes half a second to start, so that one store gets the full number on every run.
  const processes = scale > 1 || name === 'minio' ? 50 : 10;

  test(
    `${processes} of them, a new process opens with two requests`,
    async () => {
      const place = await makePlace(name);
      try {
        for (let writer = 0; writer < processes; writer++) {
          const [lines] = await all([start<{ version: number; timers: number }>(place, 'once', { writer })]);
          expect(lines).toEqual([{ version: writer + 3, timers: 0 }]);
        }
        place.proxy?.takeStats();
        const [lines] = await all([start<{ version: number; requests: number }>(place, 'opens')]);
        const { version, requests } = lines?.[0] ?? { version: 0, requests: Infinity };
        expect(version).toBe(processes + 2);
        expect(requests).toBeLessThanOrEqual(2);
        expect(place.proxy?.takeStats().total ?? requests).toBe(requests);
      } finally {
        await place.dispose();
      }
    },
    patience,
  );
});
