// `nacre compact` on a folder, as people and scripts run it.
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { answer, nacre, pairs, scratch } from './support.js';

const folder = await scratch();
const uri = path.join(folder, 'dataset');

beforeAll(async () => {
  const rows = await pairs(path.join(folder, 'rows.npy'), 10);
  for (let i = 0; i < 3; i++) await answer([i === 0 ? 'import' : 'append', uri, 'e', rows]);
  await answer(['import', uri, 'other', rows]);
});

describe('compact', () => {
  test('what cannot be is refused as a mistake of the command line', async () => {
    for (const wrong of [
      ['compact'],
      ['compact', uri, '--target', 'large'],
      ['compact', uri, '--target', '0'],
    ]) {
      const { code, error } = await nacre([...wrong, '--json']);
      expect([code, error.code], wrong.join(' ')).toEqual([2, 'InvalidArgument']);
    }
    expect((await nacre(['compact', uri, 'nothing'])).code).toBe(4);
    expect((await nacre(['compact', path.join(folder, 'nowhere')])).code).toBe(4);
  });

  test('a dry run says what would be done, and the dataset stays', async () => {
    const { version } = await answer(['info', uri]);
    const planned = await answer(['compact', uri, '--dry-run']);
    expect(planned).toMatchObject({ version, dryRun: true });
    expect(planned.arrays).toMatchObject([
      { array: 'e', filesBefore: 3, filesAfter: 1, commits: 0 },
      { array: 'other', filesBefore: 1, filesAfter: 1, commits: 0 },
    ]);
    expect(await answer(['info', uri])).toMatchObject({ version });
    const text = (await nacre(['compact', uri, '--dry-run'])).stdout.toString();
    expect(text).toMatch(/^array +files +would be +bytes +then\ne +3 +1 /);
  });

  test('it tells the version that it made, and a second run has nothing to do', async () => {
    const version = (await answer(['info', uri]))['version'] as number;
    const text = (await nacre(['compact', uri, 'e', '-m', 'tidy'])).stdout.toString();
    expect(text).toMatch(/^array +files +are now +bytes +then\ne +3 +1 /);
    expect(text).toContain(`made 1 version (now version ${version + 1})`);
    const [newest] = (await answer(['log', uri]))['versions'] as unknown[];
    expect(newest).toMatchObject({ message: 'tidy', operations: [{ kind: 'compact', array: 'e' }] });
    expect((await nacre(['compact', uri])).stdout.toString()).toBe('nothing to compact\n');
    expect(await answer(['info', uri])).toMatchObject({ arrays: { e: { shape: [30, 2] } } });
  });
});
