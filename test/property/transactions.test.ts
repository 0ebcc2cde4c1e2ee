// Random transactions by several handles on one store that fails in every way it may, beside a plain model:
// arrays as lists of rows. What was acknowledged is there once, what was not is there whole or not at all,
// and a version reads the same for ever.
import { describe, expect, test } from 'vitest';
import { isNacreError } from '../../src/errors.js';
import { history as rootHistory } from '../../src/manifest/history.js';
import type { Fault, FaultPlan } from '../support/faulty-store.js';
import {
  clash,
  Draw,
  drawVerbs,
  effectsOf,
  type Model,
  type ModelArray,
  perform,
  rebase,
  type Row,
  type Touches,
  touchesOf,
  type Verb,
} from '../support/row-model.js';
import { functions, type Member, World } from '../dataset/world.js';

const seeds = Number(process.env['NACRE_SEEDS'] ?? 12);
const firstSeed = Number(process.env['NACRE_SEED'] ?? 1);

/** Every kind of trouble, more of it on roots, where it matters most. */
function trouble(draw: Draw, weather: () => 'calm' | 'rough' | 'storm'): FaultPlan {
  const busy = (status: number): Fault => ({ kind: 'error', code: 'Unavailable', status });
  const writes: readonly Fault[] = [
    { kind: 'drop' },
    { kind: 'loseReply' },
    { kind: 'late' },
    { kind: 'echo' },
    { kind: 'duplicate' },
    { kind: 'delay', ms: 40 },
    ...[409, 429, 503].map(busy),
  ];
  const reads: readonly Fault[] = [{ kind: 'drop' }, busy(503), { kind: 'delay', ms: 20 }];
  return ({ method, key }) => {
    const now = weather();
    if (now === 'calm') return undefined;
    // No root gets through until the writer gives up; some arrive later.
    if (now === 'storm' && method === 'put' && key.startsWith('versions/'))
      return draw.of<Fault>([{ kind: 'late' }, { kind: 'drop' }, busy(503)]);
    if (method === 'put')
      return draw.chance(key.startsWith('versions/') ? 0.35 : 0.1) ? draw.of(writes) : undefined;
    return draw.chance(0.05) ? draw.of(reads) : undefined;
  };
}

interface Attempt {
  readonly id: string;
  readonly base: number;
  readonly verbs: readonly Verb[];
  readonly outcome: 'committed' | 'conflict' | 'unknown' | 'failed';
  readonly version: number | undefined;
  readonly token: string | undefined;
}

async function attempt(member: Member, draw: Draw, models: Map<number, Model>, serial: () => number) {
  const { dataset } = member;
  const id = Array.from({ length: 32 }, () => draw.below(16).toString(16)).join('');
  // Only a version whose model is known can be decided against.
  const base = await dataset.version();
  const model = models.get(base) ?? (await modelOf(member, base, models));
  const verbs = drawVerbs(draw, model, serial);
  const result = (outcome: Attempt['outcome'], version?: number, token?: string): Attempt => ({
    ...{ id, base, verbs, outcome, version, token },
  });
  let began = -1;
  try {
    const { version } = await dataset.write(
      async (tx) => {
        began = await dataset.version();
        if (began === base) await perform(tx, verbs);
      },
      draw.chance(0.3) ? { message: id, operationId: id } : { message: id },
    );
    return began === base ? result('committed', version) : undefined;
  } catch (error) {
    if (began !== base && isNacreError(error)) return undefined;
    if (isNacreError(error, 'Conflict')) return result('conflict');
    if (isNacreError(error, 'CommitUnknown'))
      return result('unknown', undefined, String(error.context['token']));
    if (isNacreError(error, 'Unavailable')) return result('failed');
    throw error;
  }
}

/** The model of a version that another handle committed in this same moment: read, and checked at the end. */
async function modelOf(member: Member, version: number, models: Map<number, Model>): Promise<Model> {
  const at = await member.dataset.at({ version });
  const { arrays } = await at.info();
  const model = new Map<string, ModelArray>();
  for (const name of Object.keys(arrays)) model.set(name, await observed(at.array(name)));
  models.set(version, model);
  return model;
}

type Handle = ReturnType<Member['dataset']['array']>;

async function observed(array: Handle): Promise<ModelArray> {
  const [{ data }, ids] = [await array.read(), await array.ids()];
  const rows = Array.from(ids, (id, i) => {
    expect(Number(data[2 * i + 1])).toBe(-Number(data[2 * i]));
    return { id, value: Number(data[2 * i]) };
  });
  return { key: -1, nextId: -1, rows };
}

function plain(model: Model): Record<string, readonly Row[]> {
  return Object.fromEntries([...model].map(([name, { rows }]) => [name, rows]).sort());
}

async function run(seed: number): Promise<{ attempts: Attempt[]; committed: number }> {
  const draw = new Draw(seed);
  const world = new World(seed, `property-${seed}`);
  let calm = true;
  const storms = [false, false, false];
  const members: Member[] = [];
  for (const i of storms.keys()) {
    const weather = () => (calm ? 'calm' : storms[i] === true ? 'storm' : 'rough');
    members.push(await world.open({ plan: trouble(new Draw(seed * 31 + i), weather) }));
  }
  let last = 0;
  const serial = (): number => ++last;
  const models = new Map<number, Model>([[1, new Map()]]);
  const attempts: Attempt[] = [];
  calm = false;
  for (let round = 0; round < 9; round++) {
    for (const i of storms.keys()) storms[i] = draw.chance(0.12);
    const done = await Promise.all(
      members.map(async (member) => {
        if (draw.chance(0.4)) await member.dataset.refresh().catch(() => undefined);
        // Several at once, so that a handle commits them in groups.
        const writes = Array.from({ length: 1 + draw.below(3) }, () =>
          attempt(member, draw, models, serial).catch((error: unknown) => {
            if (isNacreError(error, 'Unavailable')) return undefined;
            throw error;
          }),
        );
        return Promise.all(writes);
      }),
    );
    attempts.push(...done.flat().filter((one) => one !== undefined));
    for (const { store } of members) if (draw.chance(0.3)) await store.applyLate();
  }
  calm = true;
  for (const { store } of members) await store.applyLate();
  return { attempts, committed: await check(world, members, attempts, draw) };
}

/** Walks the log, replays it on the model, and compares every version with what is read. */
async function check(
  world: World,
  members: readonly Member[],
  attempts: readonly Attempt[],
  draw: Draw,
): Promise<number> {
  const { dataset } = await world.open({ create: false });
  const known = new Map(attempts.map((one) => [one.id, one]));
  const log: { version: number; ids: string[] }[] = [];
  for await (const { root } of rootHistory(world.bare, await world.head(), functions)) {
    const ids = root.operations.map(({ message }) => message).filter((message) => message !== '');
    log.unshift({ version: root.version, ids });
  }
  expect(log.map(({ version }) => version)).toEqual(Array.from({ length: log.length }, (_, i) => i + 1));

  const landed = new Map<string, number>();
  for (const { version, ids } of log) {
    for (const id of ids) {
      expect(landed.has(id), `operation ${id} is in the log twice`).toBe(false);
      landed.set(id, version);
    }
  }
  for (const { id, outcome, version } of attempts) {
    if (outcome === 'committed') expect(landed.get(id)).toBe(version);
    if (outcome === 'conflict' || outcome === 'failed') expect(landed.has(id)).toBe(false);
  }
  for (const { id, token } of attempts) {
    if (token === undefined) continue;
    const settled = await dataset.settle(token, { fence: draw.chance(0.5) });
    const version = landed.get(id);
    if (version === undefined) expect(settled.outcome).not.toBe('committed');
    else expect(settled).toEqual({ outcome: 'committed', version });
  }
  for (const { store } of members) await store.applyLate();

  const history = new Map<number, Model>([[1, new Map()]]);
  const effects = new Map<string, Touches>();
  for (const { version, ids } of log.slice(1)) {
    let model = history.get(version - 1) as Model;
    for (const id of ids) {
      const one = known.get(id);
      if (one === undefined) continue;
      const base = history.get(one.base) as Model;
      effects.set(id, effectsOf(touchesOf(base, one.verbs), model));
      model = rebase(base, one.verbs, model);
    }
    history.set(version, model);
  }
  for (const { id, base, verbs, outcome } of attempts) {
    const touches = touchesOf(history.get(base) as Model, verbs);
    const order = log.filter(({ version }) => version > base).flatMap(({ ids }) => ids);
    const before = landed.has(id) ? order.slice(0, order.indexOf(id)) : order;
    const clashes = before.filter((other) => {
      const theirs = effects.get(other);
      return theirs !== undefined && clash(touches, theirs);
    });
    if (landed.has(id)) expect(clashes, `${id} landed beside what it clashes with`).toEqual([]);
    if (outcome === 'conflict') expect(clashes.length, `${id} clashes with nothing`).toBeGreaterThan(0);
  }
  for (const { version } of log) {
    const at = await dataset.at({ version });
    const { arrays } = await at.info();
    const read = new Map<string, ModelArray>();
    for (const name of Object.keys(arrays)) {
      read.set(name, await observed(at.array(name)));
      expect(arrays[name]?.shape[0]).toBe(read.get(name)?.rows.length);
    }
    expect(plain(read), `version ${version}`).toEqual(plain(history.get(version) as Model));
  }
  await checkReads(members[0] as Member, draw);
  await world.close();
  return landed.size;
}

/** Selections of the newest version agree with the whole. */
async function checkReads({ dataset }: Member, draw: Draw): Promise<void> {
  await dataset.refresh();
  for (const name of Object.keys((await dataset.info()).arrays)) {
    const array = dataset.array(name);
    const { rows } = await observed(array);
    if (rows.length === 0) continue;
    const valuesAt = (data: ArrayLike<unknown>) =>
      Array.from({ length: data.length / 2 }, (_, i) => Number(data[2 * i]));
    const start = draw.below(rows.length);
    const end = start + draw.below(rows.length - start + 1);
    const range = await array.read({ start, end });
    expect(valuesAt(range.data)).toEqual(rows.slice(start, end).map(({ value }) => value));
    expect(range.shape).toEqual([end - start, 2]);
    const list = Array.from({ length: 8 }, () => draw.below(2 * rows.length) - rows.length);
    expect(valuesAt((await array.read({ rows: list })).data)).toEqual(list.map((i) => rows.at(i)?.value));
    const back = await array.read({ step: -2 });
    expect(valuesAt(back.data)).toEqual(
      rows
        .map(({ value }) => value)
        .reverse()
        .filter((_, i) => i % 2 === 0),
    );
    const ids = draw.some(rows.length).map((i) => (rows[i] as Row).id);
    const byId = new Map(rows.map(({ id, value }) => [id, value]));
    expect(valuesAt((await array.read({ ids })).data)).toEqual(ids.map((id) => byId.get(id)));
  }
}

describe('random transactions of three handles on a store that fails', () => {
  for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
    test(`keep every acknowledged change once, in order, for ever (NACRE_SEED=${seed})`, async () => {
      const { attempts, committed } = await run(seed);
      expect(attempts.filter(({ outcome }) => outcome === 'committed').length).toBeGreaterThan(5);
      expect(committed).toBeGreaterThan(5);
    });
  }
});
