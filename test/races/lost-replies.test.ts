// The replies to commits of one writer are cut, one after the other, after the server applied the root or
// refused it; in half of the cases another writer commits before the first one can look. What the writer is
// told is compared with the log: committed is there once, at the version it was told; a conflict is not
// there; of an unknown outcome `settle` tells the truth.
import { afterEach, describe, expect, test } from 'vitest';
import { type Dataset, isNacreError } from '../../src/index.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import type { ProxyRule } from '../support/proxy.mjs';
import { makePlace, onEach, patience, type Place, rootKeys, scale } from './support.js';

/** NACRE_RACES_SCALE=10 makes it 1,020 a server. */
const cuts = 102 * scale;

/** Versions of one dataset; the next cuts are those of a fresh one. */
const cutsEach = 102;

interface Told {
  readonly id: string;
  readonly outcome: 'committed' | 'conflict' | 'unknown';
  readonly version?: number;
  readonly token?: string;
}

const places: Place[] = [];
afterEach(async () => {
  for (const place of places.splice(0)) await place.dispose();
});

const rowsOf = (value: number) => ({ data: Int32Array.of(value, -value), shape: [1, 2] });

/** What befalls the commit, what others do meanwhile, and what the writer must be told. */
interface Accident {
  readonly name: string;
  readonly rules: (others: () => Promise<void>, leave: () => void) => readonly Omit<ProxyRule, 'method'>[];
  readonly isReplace?: boolean;
  readonly outcome: Told['outcome'];
}

const cut = { path: rootKeys, times: 1, action: 'cut' } as const;

const accidents: readonly Accident[] = [
  { name: 'the reply is lost', rules: () => [cut], outcome: 'committed' },
  {
    name: 'the reply is lost, and another writer builds upon it',
    rules: (others) => [{ ...cut, after: others }],
    outcome: 'committed',
  },
  {
    name: 'another writer was first, and the refusal is lost',
    rules: (others) => [{ ...cut, before: others }],
    outcome: 'committed',
  },
  {
    name: 'another writer was first with the same row, and the refusal is lost',
    rules: (others) => [{ ...cut, before: others }],
    isReplace: true,
    outcome: 'conflict',
  },
  {
    name: 'the reply is lost, and the writer leaves',
    rules: (_, leave) => [{ ...cut, after: async () => leave() }],
    outcome: 'unknown',
  },
  {
    name: 'the reply is lost, another writer builds upon it, and the writer leaves',
    rules: (others, leave) => [{ ...cut, after: () => others().finally(leave) }],
    outcome: 'unknown',
  },
];

async function writeOnce(
  writer: Dataset,
  id: string,
  value: number,
  isReplace: boolean,
  signal: AbortSignal,
) {
  try {
    const { version } = await writer.write(
      (tx) => (isReplace ? tx.replace('a', [0], rowsOf(value)) : tx.append('a', rowsOf(value))),
      { message: id, signal },
    );
    return { id, outcome: 'committed', version } as const;
  } catch (error) {
    if (isNacreError(error, 'Conflict')) return { id, outcome: 'conflict' } as const;
    if (!isNacreError(error, 'CommitUnknown')) throw error;
    return { id, outcome: 'unknown', token: String(error.context['token']) } as const;
  }
}

async function cutAway(place: Place, first: number, count: number): Promise<Record<string, number>> {
  const { proxy, opened, name } = place;
  if (proxy === undefined) throw new Error('no proxy');
  const through = await opened.another({ endpoint: proxy.endpoint });
  const writer = await openStoreDataset(through, { cacheDir: false });
  const other = await place.open();
  await other.write(async (tx) => {
    await tx.create('a', { dtype: 'int32', rowShape: [2] });
    await tx.append('a', rowsOf(0));
  });
  const counts: Record<string, number> = {};
  const told: Told[] = [];
  for (let i = first; i < first + count; i++) {
    const { rules, isReplace = false, outcome, name: what } = accidents[i % accidents.length] as Accident;
    await writer.refresh();
    const leaving = new AbortController();
    const others = async (): Promise<void> => {
      await other.refresh();
      await other.write((tx) => (isReplace ? tx.replace('a', [0], rowsOf(-i)) : tx.append('a', rowsOf(-i))));
    };
    const method = name === 'gcs' ? 'POST' : 'PUT';
    proxy.setRules(rules(others, () => leaving.abort()).map((rule) => ({ ...rule, method })));
    const said = await writeOnce(writer, `cut ${i}`, i, isReplace, leaving.signal);
    expect(proxy.rules()[0]?.fired, what).toBe(1);
    expect(said.outcome, what).toBe(outcome);
    proxy.setRules([]);
    told.push(said);
    counts[said.outcome] = (counts[said.outcome] ?? 0) + 1;
  }
  await compare(writer, told);
  await writer.close();
  await other.close();
  return counts;
}

/** What was said, with what happened. */
async function compare(writer: Dataset, told: readonly Told[]): Promise<void> {
  await writer.refresh();
  const log = new Map<string, number[]>();
  for await (const { version, message = '' } of writer.log())
    log.set(message, [...(log.get(message) ?? []), version]);
  for (const { id, outcome, version, token } of told) {
    const there = log.get(id) ?? [];
    if (outcome === 'committed') expect(there, id).toEqual([version]);
    if (outcome === 'conflict') expect(there, id).toEqual([]);
    if (token === undefined) continue;
    const settled = await writer.settle(token, { fence: true });
    expect(settled, id).toMatchObject({ outcome: 'committed', version: there[0] });
    expect(there, id).toHaveLength(1);
  }
}

onEach(['minio', 'versitygw', 'gcs'], 'replies to commits that are lost on', (name) => {
  describe('the outcome that the writer is told', () => {
    test(
      `is right ${cuts} times`,
      async () => {
        const all: Record<string, number> = {};
        for (let done = 0; done < cuts; done += cutsEach) {
          const place = await makePlace(name, []);
          places.push(place);
          const counts = await cutAway(place, done, Math.min(cutsEach, cuts - done));
          for (const [outcome, count] of Object.entries(counts)) all[outcome] = (all[outcome] ?? 0) + count;
        }
        console.log(`lost replies on ${name}: ${JSON.stringify(all)}`);
      },
      patience,
    );
  });
});
