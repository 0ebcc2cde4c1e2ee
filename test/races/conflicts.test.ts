// Processes that read rows and write what follows from them: no update is lost, and money moves without
// being made.
import { expect, test } from 'vitest';
import {
  all,
  makePlace,
  onEach,
  patience,
  rootKeys,
  inject,
  injected,
  scale,
  seed,
  start,
} from './support.ts';

onEach(['folder', 'minio'], 'on', (name) => {
  const method = 'PUT';
  const lostReplies = [
    { method, path: rootKeys, every: 7, action: 'cut' },
    { method, path: rootKeys, probability: 0.1, action: 'answer', status: 429 },
  ] as const;

  test(
    'a counter that four processes raise by reading and replacing it counts every time',
    async () => {
      const [processes, count] = [4, 15 * scale];
      const place = await makePlace(name, []);
      try {
        const ds = await place.open();
        await ds.write(async (tx) => {
          await tx.create('counter', { dtype: 'float64' });
          await tx.append('counter', { data: Float64Array.of(0) });
        });
        inject(place, lostReplies);
        const done = await all(
          Array.from({ length: processes }, () =>
            start<{ version: number; conflicts: number }>(place, 'count', { count }),
          ),
        );
        const lines = done.flat();
        const conflicts = lines.reduce((sum, line) => sum + line.conflicts, 0);
        console.info(
          `${name}: ${lines.length} counted, ${conflicts} conflicts, ${JSON.stringify(injected(place))}`,
        );
        expect(conflicts).toBeGreaterThan(0);
        await ds.refresh();
        expect((await ds.array('counter').read()).data).toEqual(Float64Array.of(processes * count));
        expect(new Set(lines.map(({ version }) => version)).size).toBe(processes * count);
        // The value at each version is the number of additions up to it.
        const versions = lines.map(({ version }) => version).sort((a, b) => a - b);
        for (const [i, version] of versions.entries()) {
          const { data } = await (await ds.at({ version })).array('counter').read();
          expect([version, data[0]]).toEqual([version, i + 1]);
        }
        await ds.close();
      } finally {
        await place.dispose();
      }
    },
    patience,
  );

  test(
    'transfers between accounts keep their sum in every version, and every acknowledged one counts once',
    async () => {
      const [processes, count, accounts, initial] = [4, 15 * scale, 12, 1_000];
      const place = await makePlace(name, []);
      try {
        const ds = await place.open();
        await ds.write(async (tx) => {
          await tx.create('accounts', { dtype: 'float64' });
          await tx.append('accounts', { data: new Float64Array(accounts).fill(initial) });
        });
        inject(place, lostReplies);
        const done = await all(
          Array.from({ length: processes }, (_, i) =>
            start<{ version: number; from: number; to: number; amount: number; conflicts: number }>(
              place,
              'transfers',
              { count, accounts, seed: seed + i },
            ),
          ),
        );
        const lines = done.flat().sort((a, b) => a.version - b.version);
        const conflicts = lines.reduce((sum, line) => sum + line.conflicts, 0);
        console.info(
          `${name}: seed ${seed}, ${lines.length} transfers, ${conflicts} conflicts, ` +
            JSON.stringify(injected(place)),
        );
        expect(lines).toHaveLength(processes * count);
        await ds.refresh();
        const balances = new Float64Array(accounts).fill(initial);
        for (const { version, from, to, amount } of lines) {
          balances[from] = (balances[from] ?? 0) - amount;
          balances[to] = (balances[to] ?? 0) + amount;
          const { data } = await (await ds.at({ version })).array('accounts').read();
          expect([version, data]).toEqual([version, balances]);
          expect(balances.reduce((sum, balance) => sum + balance, 0)).toBe(accounts * initial);
        }
        expect((await ds.array('accounts').read()).data).toEqual(balances);
        await ds.close();
      } finally {
        await place.dispose();
      }
    },
    patience,
  );
});
