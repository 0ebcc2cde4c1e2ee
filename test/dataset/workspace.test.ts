// Arrays that are changed in place: what NumPy does to them, and one version of what differs in the end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/dataset.js';
import { open } from '../../src/index.js';
import type { Operand, Workspace, WorkspaceRows } from '../../src/dataset/workspace.js';
import type { TypedArray } from '../../src/npy/dtype.js';
import { failure } from '../support/failure.js';
import { int32, World } from './world.js';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'nacre-workspace-'));
});
afterAll(() => rm(scratch, { recursive: true }));

async function with10(rows = 10): Promise<{ world: World; dataset: Dataset }> {
  const world = new World();
  const { dataset } = await world.open();
  await dataset.write((tx) => tx.save('a', int32(...Array.from({ length: rows }, (_, i) => i))));
  return { world, dataset };
}

async function numbers(dataset: Dataset, name = 'a'): Promise<number[]> {
  return Array.from((await dataset.array(name).read()).data as Int32Array);
}

describe('a workspace', () => {
  test('makes one version of all that it changed', async () => {
    const { dataset } = await with10();
    await dataset.write((tx) => tx.save('b', { data: Float64Array.of(1, 2, 3, 4), shape: [2, 2] }));
    const before = await dataset.version();
    const result = await dataset.workspace(
      async (w) => {
        expect(w.arrays).toEqual(['a', 'b']);
        expect([w.array('a').shape, w.array('b').shape, w.array('b').dtype]).toEqual([
          [10],
          [2, 2],
          'float64',
        ]);
        await w.array('a').mul(2);
        await w.array('a').slice({ end: 3 }).add(100);
        await w.array('b').div(4);
        const { data } = await w.array('b').view<Float64Array>({ start: 1 });
        data[1] = -1;
      },
      { scratch },
    );
    expect(result.version).toBe(before + 1);
    expect(await numbers(dataset)).toEqual([100, 102, 104, 6, 8, 10, 12, 14, 16, 18]);
    expect(Array.from((await dataset.array('b').read()).data as Float64Array)).toEqual([0.25, 0.5, 0.75, -1]);
    await dataset.close();
  });

  test('commits the rows that differ, and none where none does', async () => {
    const { dataset } = await with10(1000);
    const before = await dataset.version();
    const nothing = await dataset.workspace(async (w) => {
      await w.array('a').mul(1);
      await w.array('a').view();
    });
    expect(nothing.version).toBe(before);
    await dataset.workspace(async (w) => {
      await w.array('a').slice({ start: 10, end: 20 }).neg();
      const { data } = await w.array('a').view<Int32Array>();
      data[500] = 7;
    });
    const { partitions } = (await dataset.info()).arrays['a'] ?? { partitions: [] };
    expect(partitions.map(({ rows }) => rows)).toEqual([1000, 11]);
    const rows = await numbers(dataset);
    expect([rows[9], rows[10], rows[19], rows[20], rows[500]]).toEqual([9, -10, -19, 20, 7]);
    await dataset.close();
  });

  test('changes slices with a step, lists and masks', async () => {
    const { dataset } = await with10();
    const change = async (
      select: Parameters<ReturnType<Workspace['array']>['slice']>[0],
      operand: Operand,
    ) => {
      await dataset.workspace((w) => w.array('a').slice(select).fill(operand));
      return numbers(dataset);
    };
    expect(await change({ start: 1, end: -1, step: 3 }, int32(-1, -2, -3))).toEqual([
      0, -1, 2, 3, -2, 5, 6, -3, 8, 9,
    ]);
    expect(await change({ step: 4 }, 50)).toEqual([50, -1, 2, 3, 50, 5, 6, -3, 50, 9]);
    expect(await change({ start: 3, end: 0, step: -1 }, int32(30, 20, 10))).toEqual([
      50, 10, 20, 30, 50, 5, 6, -3, 50, 9,
    ]);
    expect(await change({ rows: [-1, 0] }, int32(99, 11))).toEqual([11, 10, 20, 30, 50, 5, 6, -3, 50, 99]);
    const mask = Array.from({ length: 10 }, (_, i) => i === 4 || i === 5);
    expect(await change({ mask }, 0)).toEqual([11, 10, 20, 30, 0, 0, 6, -3, 50, 99]);
    const twice = await failure(change({ rows: [1, -9] }, 1));
    expect([twice.code, twice.message]).toEqual(['InvalidArgument', expect.stringContaining('second time')]);
    await dataset.close();
  });

  test('does calls one after the other, and takes what it lent as an operand', async () => {
    const { dataset } = await with10();
    await dataset.workspace(async (w) => {
      const a = w.array('a');
      await Promise.all([a.add(1), a.mul(2), a.slice({ start: 5 }).sub(1)]);
      const { data } = await a.view<Int32Array>({ end: 9 });
      // As a[1:] += a[:-1]: what is added is what was there before.
      await a.slice({ start: 1 }).add({ data });
    });
    expect(await numbers(dataset)).toEqual([2, 6, 10, 14, 18, 21, 24, 28, 32, 36]);
    await dataset.close();
  });

  test('has no memory left once it has ended, and no file in its folder ever', async () => {
    const { dataset } = await with10();
    let lent: TypedArray | undefined;
    let rows: WorkspaceRows | undefined;
    await dataset.workspace(
      async (w) => {
        rows = w.array('a').slice({ end: 2 });
        await rows.add(1);
        ({ data: lent } = await w.array('a').view());
        expect(lent.length).toBe(10);
        expect(await readdir(scratch)).toEqual([]);
      },
      { scratch },
    );
    expect(lent?.length).toBe(0);
    expect((await failure(rows?.add(1) ?? Promise.resolve())).code).toBe('Closed');
    await dataset.close();
  });

  test('leaves nothing where its callback throws', async () => {
    const { dataset } = await with10();
    const before = await dataset.version();
    const changing = dataset.workspace(async (w) => {
      await w.array('a').fill(0);
      throw new Error('changed my mind');
    });
    await expect(changing).rejects.toThrow('changed my mind');
    expect([await dataset.version(), await numbers(dataset)]).toEqual([
      before,
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    ]);
    await dataset.close();
  });

  test('has what was called and not awaited, too', async () => {
    const { dataset } = await with10();
    await dataset.workspace((w) => {
      void w.array('a').add(1);
      void w.array('a').mul(2);
    });
    expect(await numbers(dataset)).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
    await dataset.close();
  });

  test('that throws while a change is under way waits for it, and begins none after it', async () => {
    const { dataset } = await new World().open();
    const length = 2 ** 22;
    await dataset.write((tx) => tx.save('a', { data: new Float32Array(length).fill(1) }));
    const ends: Promise<unknown>[] = [];
    const running = dataset.workspace(async (w) => {
      const { data } = await w.array('a').view<Float32Array>();
      for (let i = 0; i < 4; i++)
        ends.push(
          w
            .array('a')
            .add({ data })
            .catch((error: unknown) => error),
        );
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error('changed my mind');
    });
    await expect(running).rejects.toThrow('changed my mind');
    const ended = await Promise.all(ends);
    expect(ended.at(-1)).toMatchObject({ code: 'Closed' });
    await dataset.close();
  });

  test('goes through rows of many pieces, few of them mapped', async () => {
    const { dataset } = await new World().open({ memoryBytes: 2 ** 20 });
    const length = 5 * 2 ** 20;
    await dataset.write((tx) =>
      tx.save('a', { data: new Int16Array(length).fill(3), shape: [length / 64, 64] }),
    );
    await dataset.workspace(async (w) => {
      const a = w.array('a');
      await a.mul(5);
      await a.slice({ start: 1, step: 70_001 }).add(1);
      const row = { data: Int16Array.from({ length: 64 }, (_, i) => i), shape: [64] };
      const rest = a.slice({ start: 40_000 });
      await rest.fill(0);
      await rest.add(row);
      const { data } = await a.view<Int16Array>({ start: 32_000, end: 66_000 });
      expect([data[0], data[8_001 * 64 + 5], data.length]).toEqual([15, 5, 34_000 * 64]);
      data[1] = 9;
    });
    const { data } = await dataset.array('a').read();
    const at = (row: number, column: number) => data[row * 64 + column];
    expect([at(0, 0), at(1, 63), at(2, 0), at(32_000, 1), at(39_999, 63)]).toEqual([15, 16, 15, 9, 15]);
    expect([at(40_000, 3), at(70_002, 7), at(81_919, 63)]).toEqual([3, 7, 63]);
    await dataset.close();
  });

  test('fails as a whole where a change failed half way', async () => {
    const world = new World();
    const { dataset } = await world.open();
    const part = { data: new Int32Array(2 ** 20), shape: [2 ** 20] };
    await dataset.write((tx) => tx.save('a', part), { partitionBytes: 2 ** 22 });
    await dataset.write((tx) => tx.append('a', part));
    const key = (await dataset.info()).arrays['a']?.partitions[1]?.key ?? '';
    const bytes = (await world.bare.get(key))?.bytes.slice() ?? new Uint8Array(0);
    bytes[5_000] = 1;
    await world.bare.delete([key]);
    await world.bare.put(key, bytes);
    const before = await dataset.version();
    const error = await failure(
      dataset.workspace(async (w) => {
        const half = await failure(w.array('a').add(1));
        expect(half.code).toBe('Corrupt');
        // Nothing was changed by this one.
        expect((await failure(w.array('a').div(2))).code).toBe('InvalidArgument');
      }),
    );
    expect(error.code).toBe('Corrupt');
    expect(await dataset.version()).toBe(before);
    await dataset.close();
  });

  test('conflicts with whoever changed a row that it looked at, and with nobody else', async () => {
    const { world, dataset } = await with10();
    const other = (await world.open()).dataset;
    const run = (mine: (rows: WorkspaceRows) => Promise<void>, theirs: number) =>
      dataset.workspace(async (w) => {
        await mine(w.array('a').slice({ start: 2, end: 5 }));
        await other.refresh();
        await other.write((tx) => tx.replace('a', [theirs], int32(77)));
      });
    await run((rows) => rows.add(1), 5);
    await run((rows) => rows.maximum(0), 1);
    expect((await failure(run((rows) => rows.minimum(4), 2))).code).toBe('Conflict');
    await run((rows) => rows.fill(1), 6);
    expect((await failure(run((rows) => rows.fill(2), 4))).code).toBe('Conflict');
    let runs = 0;
    await dataset.workspace(
      async (w) => {
        await w.array('a').add(1);
        if (runs++ > 0) return;
        await other.refresh();
        await other.write((tx) => tx.replace('a', [0], int32(1000)));
      },
      { retries: 1 },
    );
    expect([runs, (await numbers(dataset))[0]]).toEqual([2, 1001]);
    await dataset.close();
  });

  test('refuses what an array or its dtype cannot have', async () => {
    const { dataset } = await with10();
    await dataset.write(async (tx) => {
      await tx.save('f', { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] });
      await tx.save('flags', { data: Uint8Array.of(0, 1), dtype: 'bool' });
      await tx.create('empty', { dtype: 'float32', rowShape: [3] });
    });
    const refused = async (work: (w: Workspace) => Promise<unknown>): Promise<string> => {
      const error = await failure(dataset.workspace(async (w) => void (await work(w))));
      return `${error.code}: ${error.message}`;
    };
    const before = await dataset.version();
    expect(await refused((w) => w.array('b').add(1))).toMatch(/^NotFound: .*'b'/);
    expect(await refused((w) => w.array('a').div(2))).toBe(
      'InvalidArgument: divide has no meaning in place for int32',
    );
    expect(await refused((w) => w.array('a').add(1.5))).toBe('InvalidArgument: int32 has no 1.5');
    expect(await refused((w) => w.array('a').add(2 ** 31))).toBe('InvalidArgument: int32 has no 2147483648');
    expect(await refused((w) => w.array('a').add(true))).toBe('InvalidArgument: int32 has no true');
    expect(await refused((w) => w.array('f').add([1, 2]))).toBe('InvalidArgument: float32 has no [1, 2]');
    expect(await refused((w) => w.array('flags').neg())).toMatch(/^InvalidArgument: negative has no meaning/);
    expect(await refused((w) => w.array('flags').fill(2))).toBe('InvalidArgument: bool has no 2');
    expect(await refused((w) => w.array('f').add({ data: Float64Array.of(1, 2) }))).toMatch(
      /^InvalidArgument: an operand of float64 \(2,\) does not fit 2 rows of float32 \(2,\)/,
    );
    expect(await refused((w) => w.array('f').add({ data: Float32Array.of(1, 2, 3) }))).toMatch(
      /does not fit/,
    );
    expect(await refused((w) => w.array('a').slice({ step: 0 }).add(1))).toMatch(/step/);
    expect(await refused((w) => w.array('a').slice({ step: 1.5 }).add(1))).toMatch(/step is 1.5/);
    expect(
      await refused((w) =>
        w
          .array('a')
          .slice({ start: 1, rows: [1] })
          .add(1),
      ),
    ).toMatch(/more than one way/);
    const asList = { rows: [1] } as object;
    expect(await refused((w) => w.array('a').view(asList))).toMatch(/lie side by side/);
    const wrong = await refused(async (w) => {
      const { data } = await w.array('flags').view<Uint8Array>();
      data[1] = 7;
    });
    expect(wrong).toMatch(/^InvalidArgument: element . of the bool data is 7/);
    expect(await dataset.version()).toBe(before);
    const fine = await dataset.workspace(async (w) => {
      await w.array('empty').add(1);
      expect((await w.array('empty').view()).data.length).toBe(0);
      await w.array('f').slice({ start: 2 }).add(1);
    });
    expect(fine.version).toBe(before);
    await dataset.close();
  });

  test('that is killed leaves the version before it, and no file', async () => {
    const folder = await mkdtemp(path.join(scratch, 'killed-'));
    const uri = path.join(folder, 'data');
    const built = path.resolve(import.meta.dirname, '../../dist/index.js');
    const script = `
      import { open } from ${JSON.stringify(built)};
      const ds = await open(${JSON.stringify(uri)}, { create: true });
      await ds.write((tx) => tx.save('a', { data: new Int32Array(100).fill(1) }));
      await ds.workspace(async (w) => {
        await w.array('a').add(1);
        const { data } = await w.array('a').view();
        data[5] = 9;
        process.stdout.write('changed');
        await new Promise(() => setInterval(() => undefined, 1000));
      }, { scratch: ${JSON.stringify(path.join(folder, 'scratch'))} });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    expect(said.toString()).toBe('changed');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await readdir(path.join(folder, 'scratch'))).toEqual([]);
    const dataset = await open(uri);
    expect([await dataset.version(), new Set(await numbers(dataset))]).toEqual([2, new Set([1])]);
    await dataset.close();
  });

  test('of a folder that cannot be is an error that names it', async () => {
    const { dataset } = await with10();
    const error = await failure(
      dataset.workspace((w) => w.array('a').add(1), { scratch: '/dev/null/there' }),
    );
    expect(error.message).toContain('/dev/null/there');
    await dataset.close();
  });

  test('stops when its signal says so', async () => {
    const { dataset } = await with10();
    const stop = new AbortController();
    const error = await failure(
      dataset.workspace(
        async (w) => {
          await w.array('a').add(1);
          stop.abort();
          await w.array('a').add(1);
        },
        { signal: stop.signal },
      ),
    );
    expect(error.code).toBe('Aborted');
    expect((await numbers(dataset))[0]).toBe(0);
    await dataset.close();
  });
});
