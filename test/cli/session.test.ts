// The signal of one run of a command.
import { once } from 'node:events';
import { mkdtemp, open as openFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { Session } from '../../src/cli/session.js';
import { parseDurability } from '../../src/cli/values.js';
import { NacreError } from '../../src/index.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('a timeout fires however often garbage is collected before it', async () => {
  const session = new Session({ timeout: 200 }, new AbortController().signal);
  const collecting = setInterval(collect, 10);
  try {
    await once(session.signal, 'abort');
    expect(session.signal.reason).toMatchObject({ name: 'TimeoutError' });
  } finally {
    clearInterval(collecting);
    await session.close();
  }
});

test('an interrupt is passed on with its reason, before and after the session began', () => {
  const reason = new NacreError('Aborted', 'interrupted');
  const early = new AbortController();
  early.abort(reason);
  expect(new Session({ timeout: 60_000 }, early.signal).signal.reason).toBe(reason);
  const late = new AbortController();
  const { signal } = new Session({ timeout: 60_000 }, late.signal);
  expect(signal.aborted).toBe(false);
  late.abort(reason);
  expect(signal.reason).toBe(reason);
});

test('a session that closed is not aborted any more, and leaves nothing behind', async () => {
  const interrupt = new AbortController();
  const session = new Session({ timeout: 60_000 }, interrupt.signal);
  await session.close();
  interrupt.abort();
  expect(session.signal.aborted).toBe(false);
});

test('what it opens waits for the disk, unless it is told not to', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'nacre-session-'));
  const handle = await openFile(process.execPath, 'r');
  const syncs = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, 'sync');
  await handle.close();
  try {
    for (const durability of ['none', 'fsync'] as const) {
      const session = new Session({ durability }, new AbortController().signal);
      const dataset = await session.open(path.join(folder, durability), { create: true });
      await dataset.write((tx) => tx.create('a', { dtype: 'int8' }));
      await session.close();
      expect([durability, syncs.mock.calls.length > 0]).toEqual([durability, durability === 'fsync']);
    }
    expect(() => parseDurability('full')).toThrow("'full' is no durability");
  } finally {
    syncs.mockRestore();
    await rm(folder, { recursive: true });
  }
});
