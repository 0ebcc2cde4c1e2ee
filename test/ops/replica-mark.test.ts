// A replica that loses its hint stays one: reads go on, writes are refused, a replication and a promotion
// find it, and a repair makes no primary of it.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readHint } from '../../src/manifest/hint.js';
import { hintKey, replicaMarkKey, rootKey } from '../../src/manifest/keys.js';
import { repair } from '../../src/ops/repair.js';
import { status } from '../../src/ops/status.js';
import { functions, int32, values, World, worldWith } from '../dataset/world.js';
import { failure } from '../support/failure.js';
import { calls, faulty, nth } from '../support/faulty-store.js';
import { environment, type Pair, promoted, replicated } from './replicate-world.js';

let source: World;
let destination: World;
let pair: Pair;

async function append(world: World, row: number): Promise<void> {
  const { dataset } = await world.open({ create: false });
  try {
    await dataset.write((tx) => tx.append('a', int32(row)));
  } finally {
    await dataset.close();
  }
}

async function read(world: World): Promise<readonly unknown[]> {
  const { dataset } = await world.open({ create: false });
  try {
    return await values(dataset);
  } finally {
    await dataset.close();
  }
}

beforeEach(async () => {
  source = await worldWith(0, 1, 2);
  destination = new World(2);
  pair = { source, destination };
  await replicated(pair);
});
afterEach(async () => {
  await source.close();
  await destination.close();
});

const losses = ['missing', 'damaged'] as const;

async function loseHint(loss: (typeof losses)[number]): Promise<void> {
  if (loss === 'missing') await destination.bare.delete([hintKey]);
  else await destination.flip(hintKey);
}

describe.each(losses)('a replica whose hint is %s', (loss) => {
  beforeEach(() => loseHint(loss));

  test('is read, and takes no writes', async () => {
    expect(await read(destination)).toEqual([0, 1, 2]);
    expect((await failure(append(destination, 9))).code).toBe('PermissionDenied');
    expect(await read(destination)).toEqual([0, 1, 2]);
  });

  test('is a replica to status, and stays one when it is mended', async () => {
    expect((await status(environment(destination))).role).toBe('replica');
    expect((await repair(environment(destination), [])).isWhole).toBe(true);
    // That there is none is no damage: who replicates writes it.
    const wanted = loss === 'missing' ? { problem: 'absent' } : { problem: undefined, role: 'replica' };
    expect(await readHint(destination.bare, functions)).toMatchObject(wanted);
    expect((await failure(append(destination, 9))).code).toBe('PermissionDenied');
  });

  test('is followed up by a replication, which writes the hint anew', async () => {
    await append(source, 3);
    await replicated(pair);
    expect(await read(destination)).toEqual([0, 1, 2, 3]);
    expect(await readHint(destination.bare, functions)).toMatchObject({
      problem: undefined,
      role: 'replica',
    });
  });

  test('is promoted, and is a primary from then on, with a hint and without', async () => {
    await promoted(destination);
    await append(destination, 3);
    await loseHint(loss);
    await append(destination, 4);
    expect(await read(destination)).toEqual([0, 1, 2, 3, 4]);
  });

  test('what says so is hurt on its way to who asks: it is read again', async () => {
    const store = faulty(destination.bare, nth(calls('get', /^replica$/), 1, { kind: 'flipBit', bit: 777 }));
    expect((await status(environment(destination, store))).role).toBe('replica');
  });
});

test('a first replication that ends at any of its writes leaves what takes no writes', async () => {
  for (let until = 1; until <= 9; until++) {
    const to = new World(100 + until);
    const dying = faulty(to.bare, nth(calls('put'), until, { kind: 'error', code: 'Aborted' }, Infinity));
    await replicated({ source, destination: to }, { to: dying }).catch(() => undefined);
    await to.bare.delete([hintKey]);
    const hasRoots = (await to.keys()).includes(rootKey(1));
    if (hasRoots) expect((await failure(append(to, 9))).code).toBe('PermissionDenied');
    await replicated({ source, destination: to });
    expect(await read(to)).toEqual([0, 1, 2]);
    await to.close();
  }
});

test('a primary that loses its hint takes writes, as does what another dataset left a mark for', async () => {
  const mark = (await destination.bare.get(replicaMarkKey))?.bytes ?? new Uint8Array(0);
  // Of another place, and of this one but another dataset.
  await source.bare.put(replicaMarkKey, mark);
  await source.bare.delete([hintKey]);
  await append(source, 3);
  const keys = (await destination.keys()).filter((key) => key !== replicaMarkKey);
  await destination.bare.delete(keys);
  const { dataset } = await destination.open();
  await dataset.close();
  await destination.bare.delete([hintKey]);
  const again = await destination.open({ create: false });
  await again.dataset.write((tx) => tx.create('b', { dtype: 'int32', rowShape: [1] }));
  await again.dataset.close();
});
