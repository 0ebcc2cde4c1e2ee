// Eight processes append to one dataset at the same time, fifty times each, while replies are lost and
// racers are told to slow down: what was acknowledged is there once.
import { expect, test } from 'vitest';
import type { ProxyRule } from '../support/proxy.mjs';
import {
  all,
  inject,
  injected,
  makePlace,
  onEach,
  operationsIn,
  partitionKeys,
  patience,
  rootKeys,
  scale,
  seed,
  sharedStores,
  start,
} from './support.ts';

interface Acknowledged {
  readonly operation: number;
  readonly version: number;
  readonly recovered: boolean;
  readonly settled: number;
}

const writers = 8;
const appends = 50 * scale;

/**
 * The server applies a root and its reply is lost; racers get 429; now and then a request or a body is
 * lost.
 */
function faults(write: string): ProxyRule[] {
  return [
    { method: write, path: rootKeys, every: 5, action: 'cut' },
    { method: write, path: rootKeys, probability: 0.15, action: 'answer', status: 429 },
    { method: write, path: rootKeys, probability: 0.03, action: 'drop' },
    { method: write, path: rootKeys, probability: 0.1, action: 'delay', delayMs: 40 },
    { method: write, path: partitionKeys, probability: 0.04, action: 'cut' },
    { method: write, path: partitionKeys, probability: 0.04, action: 'answer', status: 503 },
    { method: 'GET', path: rootKeys, probability: 0.02, action: 'answer', status: 429 },
    { method: 'GET', path: rootKeys, probability: 0.02, action: 'truncate' },
  ];
}

onEach(sharedStores, 'on', (name) => {
  test(
    `${writers} processes append ${appends} times each, and each acknowledged append is there once`,
    async () => {
      const place = await makePlace(name);
      try {
        inject(place, faults(name === 'gcs' ? 'POST' : 'PUT'));
        const children = Array.from({ length: writers }, (_, writer) =>
          // Most write one after the other, as most programs do; two hand in several at
          // once, which share versions.
          start<Acknowledged>(place, 'appends', { writer, appends, together: writer < 6 ? 1 : 5 }),
        );
        const acknowledged = await all(children);
        const faultCounts = injected(place);
        const lines = acknowledged.flat();
        console.info(
          `${name}: seed ${seed}, ${lines.length} appends in ${new Set(lines.map(({ version }) => version)).size} ` +
            `versions, ${lines.filter(({ recovered }) => recovered).length} known by reading back, ` +
            `${lines.filter(({ settled }) => settled > 0).length} settled; injected ${JSON.stringify(faultCounts)}`,
        );
        expect(lines).toHaveLength(writers * appends);
        for (const count of Object.values(faultCounts)) expect(count).toBeGreaterThan(0);
        expect(lines.some(({ recovered }) => recovered)).toBe(place.proxy !== undefined);

        const ds = await place.open();
        // Fences of settled commits are versions without an operation.
        const versions = new Set([1, 2, ...lines.map(({ version }) => version)]);
        const fences: number[] = [];
        const logged: string[] = [];
        const ids: string[] = [];
        let expected = await ds.version();
        for await (const version of ds.log()) {
          expect(version.version).toBe(expected--);
          if (version.operations.length === 0) fences.push(version.version);
          else if (version.version > 2) logged.push(...version.message.split('; '));
          ids.push(...version.operations.map(({ id }) => id));
        }
        expect(expected).toBe(0);
        expect(await ds.version()).toBe(versions.size + fences.length);
        for (const version of fences) expect(versions.has(version)).toBe(false);
        const written = acknowledged.flatMap((own, writer) =>
          own.map(({ operation }) => `${writer}.${operation}`),
        );
        expect(new Set(ids).size).toBe(ids.length);
        expect(logged.sort()).toEqual([...written].sort());

        const found = await operationsIn(ds, 'rows');
        expect([...found].sort()).toEqual([...written].sort());
        for (const [writer, own] of acknowledged.entries()) expectOrder(writer, own, found);
        await ds.close();
      } finally {
        await place.dispose();
      }
    },
    patience,
  );
});

/** Rows of a later version stand after those of an earlier one. */
function expectOrder(writer: number, own: readonly Acknowledged[], found: readonly string[]): void {
  const places = new Map(found.map((key, i) => [key, i]));
  const sorted = [...own].sort((a, b) => a.version - b.version);
  for (const [i, { operation, version }] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before === undefined || before.version === version) continue;
    expect(places.get(`${writer}.${operation}`)).toBeGreaterThan(
      places.get(`${writer}.${before.operation}`) ?? Infinity,
    );
  }
}
