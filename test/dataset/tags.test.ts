// Tags: made, moved and deleted by several at once, beside versions that expire.
import { afterEach, expect, test } from 'vitest';
import { make, v1 } from '../../src/manifest/message.js';
import type { HistoryChange } from '../../src/manifest/transaction.js';
import { failure } from '../support/failure.js';
import { functions, Gate, int32, type Member, values, World, worldWith } from './world.js';
import { Committer } from '../../src/manifest/commit.js';

let world: World;
afterEach(() => world?.close());

async function append(member: Member, ...rows: number[]): Promise<number> {
  return (await member.dataset.write((tx) => tx.append('a', int32(...rows)))).version;
}

/** Commits changes of the history as another process would, whose verbs these are. */
async function commit(history: readonly HistoryChange[]): Promise<string> {
  const head = await world.head();
  const runtime = world.runtime.process(77);
  const environment = { store: world.bare, functions, runtime, deadlineMs: 1_000, onHead: () => undefined };
  const committer = new Committer(environment, head, head.root.version + 1);
  const outcome = await committer.submit({
    ...{ id: runtime.randomBytes(16), exactlyOnce: false, baseVersion: head.root.version },
    ...{ changes: [], reads: new Map(), history },
  });
  return outcome.outcome;
}

test('a tag stands for a version, the newest by default, and reads find it', async () => {
  world = await worldWith(1);
  const writer = await world.open();
  expect(await writer.dataset.tag('first')).toMatchObject({ name: 'first', tagged: 2, version: 3 });
  await append(writer, 2);
  expect(await writer.dataset.tag('before', { at: { version: -1 } })).toMatchObject({
    tagged: 3,
    version: 5,
  });
  const { dataset } = await world.open();
  expect(await values(await dataset.at({ tag: 'first' }))).toEqual([1]);
  expect((await dataset.array('a').read({ at: { tag: 'before' } })).data).toEqual(Int32Array.of(1));
  const tags = await dataset.tags();
  expect(tags.map(({ name, version }) => [name, version])).toEqual([
    ['before', 3],
    ['first', 2],
  ]);
  const log = [];
  for await (const { version, tags: names, operations } of dataset.log())
    log.push([version, names, operations[0]?.kind]);
  expect(log.slice(0, 4)).toEqual([
    [5, [], 'tag'],
    [4, [], 'append'],
    [3, ['before'], 'tag'],
    [2, ['first'], 'create+append'],
  ]);
});

test('a tag moves when it is asked to, and from where it was', async () => {
  world = await worldWith(1);
  const { dataset } = await world.open();
  await dataset.tag('prod');
  expect(await failure(dataset.tag('prod', { at: { version: 1 } }))).toMatchObject({ code: 'AlreadyExists' });
  const wrong = dataset.tag('prod', { at: { version: 1 }, move: { from: 7 } });
  expect(await failure(wrong)).toMatchObject({ code: 'Conflict', context: { observed: 2, expected: 7 } });
  expect(await dataset.tag('prod', { at: { version: 1 }, move: { from: 2 } })).toMatchObject({ tagged: 1 });
  const before = await dataset.version();
  expect(await dataset.tag('prod', { at: { version: 1 }, move: true })).toMatchObject({ version: before });
  expect(await failure(dataset.tag('prud', { move: true }))).toMatchObject({
    code: 'NotFound',
    hint: "Did you mean 'prod'?",
  });
});

test('names that would be read as a version or a time, and more than 512 of them, are refused', async () => {
  world = await worldWith(1);
  const { dataset } = await world.open();
  for (const name of ['12', '2h', '2026-01-02', 'tag:a', '', 'a\u0000'])
    expect((await failure(dataset.tag(name))).code).toBe('InvalidArgument');
  const { hash } = await world.head();
  await world.plantNext(() => ({
    tags: Array.from({ length: 512 }, (_, i) => make(v1.Tag, { name: `t${i}`, version: 2, rootHash: hash })),
  }));
  await dataset.refresh();
  expect(await failure(dataset.tag('more'))).toMatchObject({ code: 'ResourceExhausted' });
  expect(await dataset.tag('t7', { move: true })).toMatchObject({ tagged: 3 });
});

test('history 5: a tag and an expire of its version: one of both wins, and says so', async () => {
  world = await worldWith(1);
  const slow = await world.open();
  for (let row = 2; row <= 6; row++) await append(slow, row);
  // The tag is first: the version stays.
  await slow.dataset.tag('kept', { at: { version: 4 } });
  expect(await commit([{ kind: 'expire', keep: { from: 6, also: [] } }])).toBe('committed');
  const { dataset } = await world.open();
  expect(await values(await dataset.at({ tag: 'kept' }))).toEqual([1, 2, 3]);
  expect((await failure(dataset.at({ version: 5 }))).code).toBe('Expired');
  expect((await failure(dataset.tag('late', { at: { version: 5 } }))).code).toBe('Expired');

  // Both are under way, and the expire is first: the tag is a conflict, then the version is gone.
  const gate = new Gate(/^versions\//);
  const other = await world.open({ gate });
  await other.dataset.version();
  gate.shut();
  const tagging = other.dataset.tag('seventh', { at: { version: 6 } });
  await gate.arrived();
  expect(await commit([{ kind: 'expire', keep: { from: 8, also: [] } }])).toBe('committed');
  gate.open();
  expect(await failure(tagging)).toMatchObject({ code: 'Conflict', context: { tag: 'seventh' } });
  await other.dataset.refresh();
  expect((await failure(other.dataset.tag('seventh', { at: { version: 6 } }))).code).toBe('Expired');

  // With retries it decides again by itself.
  gate.shut();
  const again = other.dataset.tag('eighth', { at: { version: 8 }, retries: 1 });
  await gate.arrived(2);
  expect(await commit([{ kind: 'expire', keep: { from: 9, also: [] } }])).toBe('committed');
  gate.open();
  expect((await failure(again)).code).toBe('Expired');
});

test('a deleted tag can be told from one that never was, and its version may expire', async () => {
  world = await worldWith(1);
  const { dataset } = await world.open();
  await dataset.tag('old', { at: { version: 1 } });
  await world.runtime.sleep(60_000);
  await dataset.deleteTag('old');
  const gone = await failure(dataset.at({ tag: 'old' }));
  expect(gone).toMatchObject({ code: 'NotFound', hint: 'The dataset has no tags.' });
  expect(gone.message).toMatch(/no tag 'old': it was deleted at 2026-01-01T00:01/);
  expect((await failure(dataset.at({ tag: 'odl' }))).message).toBe("there is no tag 'odl'");
  expect((await failure(dataset.deleteTag('old'))).code).toBe('NotFound');
  expect(await commit([{ kind: 'expire', keep: { from: 3, also: [] } }])).toBe('committed');
  await dataset.refresh();
  expect((await failure(dataset.at({ version: 1 }))).code).toBe('Expired');
  // The name is free again.
  expect(await dataset.tag('old')).toMatchObject({ tagged: 5 });
  expect(await dataset.tags()).toHaveLength(1);
});

test('two that make, move or delete one tag at once: one of them is told', async () => {
  world = await worldWith(1);
  const [one, two] = [await world.open(), await world.open()];
  await two.dataset.version();
  await one.dataset.tag('a');
  expect(await failure(two.dataset.tag('a', { at: { version: 1 } }))).toMatchObject({ code: 'Conflict' });
  await two.dataset.refresh();
  await append(one, 2);
  await one.dataset.tag('a', { move: true });
  expect(await failure(two.dataset.deleteTag('a'))).toMatchObject({ code: 'Conflict' });
  // Rows, and other tags, are in nobody's way.
  await two.dataset.refresh();
  await append(one, 3);
  await one.dataset.tag('b');
  expect(await two.dataset.tag('c')).toMatchObject({ tagged: 5, version: 8 });
});

test('a tag whose root is another one than when it was set is damage', async () => {
  world = await worldWith(1);
  const wrong = world.runtime.randomBytes(32);
  await world.plantNext({ tags: [make(v1.Tag, { name: 'a', version: 1, rootHash: wrong })] });
  const { dataset } = await world.open();
  expect(await failure(dataset.at({ tag: 'a' }))).toMatchObject({ code: 'Corrupt', context: { version: 1 } });
});

test('tags are not made at a past version', async () => {
  world = await worldWith(1);
  const { dataset } = await world.open();
  const past = await dataset.at({ version: 1 });
  expect((await failure(past.tag('a'))).code).toBe('InvalidArgument');
  expect((await failure(past.deleteTag('a'))).code).toBe('InvalidArgument');
});
