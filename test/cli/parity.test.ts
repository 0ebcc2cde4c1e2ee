// `nacre parity` on a folder, as people and scripts run it: what is lost comes back without a copy.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { answer, nacre, pairs, scratch } from './support.js';

const folder = await scratch();
const uri = path.join(folder, 'dataset');
let rows = '';

function files(of: string): string[] {
  const below = path.join(uri, of);
  if (!existsSync(below)) return [];
  const names = readdirSync(below, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => /[0-9a-f]{32}(\.npy)?$/.test(name) && !/^[0-9a-f]{32}$/.test(name));
}

function parityFiles(): string[] {
  return existsSync(path.join(uri, 'parity')) ? readdirSync(path.join(uri, 'parity')) : [];
}

beforeAll(async () => {
  rows = await pairs(path.join(folder, 'rows.npy'), 1_000);
  await answer(['import', uri, 'e', rows]);
  for (let i = 0; i < 3; i++) await answer(['append', uri, 'e', rows]);
});

describe('parity', () => {
  test('what cannot be is refused as a mistake of the command line', async () => {
    for (const wrong of [
      ['set', uri, 'e', '8'],
      ['set', uri, 'e', '8+'],
      ['set', uri, 'e', '0+2'],
      ['set', uri, 'e', '65+2'],
      ['set', uri, 'e', '8+17'],
      ['set', uri, 'e', 'on'],
      ['update', uri, '--limit', 'fast'],
    ]) {
      const { code, error } = await nacre(['parity', ...wrong, '--json']);
      expect([code, error.code], wrong.join(' ')).toEqual([2, 'InvalidArgument']);
      expect(error.hint).not.toBeNull();
    }
    for (const missing of [
      ['set', uri, 'f', '8+2'],
      ['update', uri, 'f'],
      ['update', path.join(folder, 'nowhere')],
    ])
      expect((await nacre(['parity', ...missing])).code, missing.join(' ')).toBe(4);
  });

  test('is set by a version, shown as debt, and encoded; a dry run does nothing', async () => {
    expect((await nacre(['parity', 'show', uri])).stdout.toString()).toBe('no array asks for parity\n');
    const set = ['parity', 'set', uri, 'e', '4+2'];
    expect(await answer([...set, '--dry-run'])).toMatchObject({ dryRun: true, before: null, version: 5 });
    expect(await answer(set)).toMatchObject({
      version: 6,
      parity: { dataShards: 4, parityShards: 2 },
      undo: expect.stringMatching(/ off$/) as string,
    });
    expect(await answer(set)).toMatchObject({ version: 6 });
    expect(await answer(['status', uri])).toMatchObject({
      parity: [{ array: 'e', dataShards: 4, parityShards: 2, groups: 0, notCoveredObjects: 4 }],
    });
    expect((await nacre(['status', uri])).stdout.toString()).toMatch(/4 objects of .* not covered: run/);
    const planned = await answer(['parity', 'update', uri, '--dry-run']);
    expect(planned).toMatchObject({ dryRun: true, encodedGroups: 1, encodedObjects: 4 });
    expect(parityFiles()).toEqual([]);
    const { code, stdout } = await nacre(['parity', 'update', uri]);
    expect([code, stdout.toString()]).toEqual([0, expect.stringMatching(/^encoded 4 objects of .*1 group/)]);
    expect(parityFiles()).toHaveLength(2);
    expect(await answer(['parity', 'update', uri])).toMatchObject({ encodedGroups: 0, removedObjects: 0 });
    expect(await answer(['parity', 'show', uri])).toMatchObject({
      arrays: [{ array: 'e', groups: 1, notCoveredObjects: 0, brokenGroups: 0 }],
    });
    expect((await nacre(['status', uri])).stdout.toString()).toMatch(/'e' 4\+2: all covered/);
    expect((await nacre(['info', uri])).stdout.toString()).toMatch(/parity of 'e': 4\+2/);
    expect((await nacre(['log', uri])).stdout.toString()).toMatch(/setParity/);
    expect((await nacre(['diff', uri, '5'])).stdout.toString()).toMatch(/parity none is 4\+2/);
  });

  test('makes two lost files good, without a copy', async () => {
    const [first = '', second = ''] = files('arrays').map((name) => path.join(uri, 'arrays', name));
    const before = [first, second].map((file) => readFileSync(file));
    rmSync(first);
    const bad = Uint8Array.from(before[1] ?? []);
    bad[500] = (bad[500] ?? 0) ^ 1;
    writeFileSync(second, bad);
    expect((await nacre(['scrub', uri])).code).toBe(8);
    const { code, stdout } = await nacre(['repair', uri, '--yes']);
    expect([code, stdout.toString()]).toEqual([0, expect.stringMatching(/mended from parity/)]);
    expect([first, second].map((file) => readFileSync(file))).toEqual(before);
    expect((await nacre(['scrub', uri])).code).toBe(0);
  });

  test('says what is lost, where more is gone than it makes up for', async () => {
    const lost = files('arrays')
      .slice(0, 3)
      .map((name) => path.join(uri, 'arrays', name));
    const before = lost.map((file) => readFileSync(file));
    for (const file of lost) rmSync(file);
    const { code, stdout } = await nacre(['repair', uri, '--yes']);
    expect(code).toBe(9);
    const text = stdout.toString();
    expect(text.match(/LOST/g)).toHaveLength(3);
    expect(text).toMatch(/passed over parity: 3 of the 6 objects of its group are lost/);
    const update = await nacre(['parity', 'update', uri]);
    expect(update.code).toBe(0);
    for (const [i, file] of lost.entries()) writeFileSync(file, before[i] ?? '');
    expect((await nacre(['scrub', uri])).code).toBe(0);
  });

  test('taken away, it is let go by the next update', async () => {
    await answer(['parity', 'set', uri, 'e', 'off']);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect(await answer(['parity', 'update', uri])).toMatchObject({ arrays: [], removedObjects: 2 });
    expect(parityFiles()).toEqual([]);
  });
});
