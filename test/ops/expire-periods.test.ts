// Expiry by periods: the newest version of each day, week or month, by the store's time.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import { retained } from '../../src/util/retention.js';
import { int32, type Member, worldWith, type World } from '../dataset/world.js';
import { seededRandom } from '../support/fake-runtime.js';
import { failure } from '../support/failure.js';
import { dayMs } from './support.js';

let world: World;
let member: Member;
let dataset: Dataset;

beforeEach(async () => {
  world = await worldWith(0);
  member = await world.open();
  ({ dataset } = member);
});
afterEach(() => world.close());

async function versions(days: readonly number[]): Promise<void> {
  for (const [row, pause] of days.entries()) {
    await world.runtime.advance(Math.round(pause * dayMs));
    await dataset.write((tx) => tx.append('a', int32(row)));
  }
}

async function logged(): Promise<{ readonly id: number; readonly timeMs: number }[]> {
  const found: { id: number; timeMs: number }[] = [];
  for await (const { version, time } of dataset.log()) found.push({ id: version, timeMs: Date.parse(time) });
  return found;
}

const minAgeMs = 0;

describe('bad input', () => {
  test.each([
    [{ keepDaily: 0 }, /nothing/],
    [{ keepDaily: -1 }, /no number/],
    [{ keepWeekly: 1.5 }, /no number/],
    [{ keepHourly: 2_000 }, /more than 1000/],
    [{}, /nothing says/],
  ])('%o is refused', async (rules, message) => {
    const error = await failure(dataset.expire(rules));
    expect(error).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringMatching(message) as string,
    });
  });
});

test('of each day the newest version stays, and the report says by which rule', async () => {
  await versions([0, 0, 1, 0, 1, 3]);
  const before = await logged();
  const report = await dataset.expire({ keepDaily: 3, minAgeMs });
  const expected = retained(before, { keepDaily: 3 }, 0).map(({ id }) => id);
  expect(report.keptForPeriods?.map(({ id }) => id)).toEqual(expected);
  expect(report.keptForPeriods?.[0]?.rules).toEqual(['keepDaily']);
  const kept: number[] = [];
  for (const { id } of before)
    if (
      await dataset.at({ version: id }).then(
        () => true,
        () => false,
      )
    )
      kept.push(id);
  expect(kept).toEqual(expected);
});

test('each of several rules keeps, and the same rules take nothing more', async () => {
  await versions(Array.from({ length: 40 }, (_, i) => (i % 5 === 0 ? 2 : 0.4)));
  const rules = { keepLast: 2, keepDaily: 4, keepWeekly: 3, keepMonthly: 2, keepYearly: 1 };
  const expected = new Set(retained(await logged(), rules, 0).map(({ id }) => id));
  const dry = await dataset.expire({ ...rules, minAgeMs, dryRun: true });
  const { expired, keptFrom, keptAlso } = await dataset.expire({ ...rules, minAgeMs });
  expect(dry).toMatchObject({ expired, keptFrom, keptAlso });
  const newest = Math.max(...expected);
  for (const id of Array.from({ length: newest }, (_, i) => i + 1))
    expect([id, id >= keptFrom || keptAlso.includes(id)]).toEqual([id, expected.has(id)]);
  // The version that says so is the newest one now, in the place of the one before.
  const again = await dataset.expire({ ...rules, keepLast: 3, minAgeMs, dryRun: true });
  expect(again.expired).toEqual([]);
});

test('many histories: what is kept is what the rules keep of all that was kept before', async () => {
  const random = seededRandom(7);
  const draw = (most: number): number => Math.floor(random() * most);
  for (let round = 0; round < 12; round++) {
    await versions(Array.from({ length: draw(12) }, () => random() * random() * 12));
    if (draw(3) === 0) await dataset.tag(`t${round}`);
    const rules = { keepDaily: draw(6), keepWeekly: draw(4), keepMonthly: 1 + draw(3) };
    const { root } = await world.head();
    const isKept = (id: number): boolean =>
      root.kept === null || id >= root.kept.from || root.kept.also.includes(id);
    const before = (await logged()).filter(({ id }) => isKept(id));
    const { keptForPeriods } = await dataset.expire({ ...rules, minAgeMs });
    expect(keptForPeriods).toEqual(retained(before, rules, 0));
  }
});

test('the cost goes with the periods, not with the versions', async () => {
  await versions(Array.from({ length: 600 }, () => 0.02));
  const head = await world.open({ create: false });
  await head.dataset.version();
  head.trace.clear();
  await head.dataset.expire({ keepDaily: 3, minAgeMs, dryRun: true });
  expect(head.trace.entries.length).toBeLessThan(150);
});
