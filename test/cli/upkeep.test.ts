// `nacre expire` and `nacre gc` on a folder, as people and scripts run them.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { answer, nacre, pairs, scratch } from './support.js';

const folder = await scratch();
const uri = path.join(folder, 'dataset');

/** Partitions that lie in the folder. */
function partitions(): string[] {
  const names = readdirSync(path.join(uri, 'arrays'), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.npy'));
}

beforeAll(async () => {
  const rows = await pairs(path.join(folder, 'rows.npy'), 10);
  await answer(['import', uri, 'e', rows]);
  await answer(['drop', uri, 'e', '--array']);
  await answer(['import', uri, 'e', rows]);
  await answer(['append', uri, 'e', rows]);
});

describe('expire and gc', () => {
  test('what cannot be is refused as a mistake of the command line', async () => {
    for (const wrong of [
      ['expire', uri],
      ['expire', uri, '--keep-last', '0'],
      ['expire', uri, '--keep-last', 'ten'],
      ['expire', uri, '--keep-daily', '0'],
      ['expire', uri, '--keep-weekly', '1.5'],
      ['expire', uri, '--keep-within', '30'],
      ['expire', uri, '--keep-within', '-1d'],
      ['gc', uri, '--grace', 'soon'],
    ]) {
      const { code, error } = await nacre([...wrong, '--json']);
      expect([code, error.code], wrong.join(' ')).toEqual([2, 'InvalidArgument']);
      expect(error.hint).not.toBeNull();
    }
    expect((await nacre(['gc', path.join(folder, 'nowhere')])).code).toBe(4);
  });

  test('with defaults nothing young goes', async () => {
    const { version } = await answer(['info', uri]);
    expect(await answer(['expire', uri, '--keep-last', '1'])).toMatchObject({
      version,
      expired: [],
      keptFrom: 1,
    });
    const why = (await nacre(['expire', uri, '--keep-last', '1', '--dry-run'])).stdout.toString();
    expect(why).toMatch(
      /^nothing expires; .*\n\d+ versions .* would go by the rules, and stay .*--min-age \(24h\)/,
    );
    expect(await answer(['gc', uri])).toMatchObject({ version, orphans: 0, deleted: 0 });
    const text = (await nacre(['gc', uri])).stdout.toString();
    expect(text).toMatch(/^nothing to delete; \d+ versions stay as they are\n$/);
  });

  test('what expired is named, refused to readers, and deleted; what is kept stays', async () => {
    const expire = ['expire', uri, '--keep-last', '1', '--min-age', '0s'];
    const before = await answer(['info', uri]);
    const newest = Number(before['version']);
    const expired = [{ start: 1, end: newest }];
    const planned = await answer([...expire, '--dry-run']);
    expect(planned).toMatchObject({ version: newest, expired, keptFrom: newest, keptAlso: [], dryRun: true });
    expect(
      await answer(['read', uri, 'e', '--at', '2', '--out', path.join(folder, 'out.npy')]),
    ).toBeDefined();
    const { stdout } = await nacre([...expire, '--yes', '-m', 'monthly']);
    expect(stdout.toString()).toContain(
      `expired ${newest - 1} versions (1 to ${newest - 1}); kept: version ${newest}`,
    );
    const gone = await nacre([
      'read',
      uri,
      'e',
      '--at',
      '2',
      '--out',
      path.join(folder, 'out.npy'),
      '--json',
    ]);
    expect([gone.code, gone.error.code]).toEqual([4, 'Expired']);

    expect(partitions()).toHaveLength(3);
    const collect = ['gc', uri, '--grace', '0s'];
    expect(await answer([...collect, '--dry-run'])).toMatchObject({ orphans: 1, deleted: 0, dryRun: true });
    expect(partitions()).toHaveLength(3);
    expect(await answer(collect)).toMatchObject({ orphans: 1, deleted: 1, spared: 0, plans: 1 });
    expect(partitions()).toHaveLength(2);
    expect(await answer(['info', uri])).toMatchObject({ arrays: before['arrays'] });
    const log = await answer(['log', uri]);
    expect((log['versions'] as readonly unknown[]).slice(0, 2)).toMatchObject([
      { message: 'clean up an object', operations: [{ kind: 'gc' }] },
      { message: 'monthly', operations: [{ kind: 'expire' }] },
    ]);
    expect(existsSync(path.join(uri, 'gc'))).toBe(true);
  });
});
