// The measurements of bench/ run with tiny sizes, so that they keep working. Nothing here looks at speed.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly verdict: string;
  readonly checksum?: string;
}

interface Report {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly small: boolean;
  readonly results: readonly { readonly name: string; readonly rows: readonly Row[] }[];
}

const root = path.resolve(import.meta.dirname, '..');
const shared = ['harness.mjs', 'questions.mjs', 'raw-http.mjs', 'run.mjs'];
const questions = readdirSync(path.join(root, 'bench'))
  .filter((name) => name.endsWith('.mjs') && !shared.includes(name))
  .map((name) => path.basename(name, '.mjs'));

const bench = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, [path.join(root, 'bench', 'run.mjs'), ...args], {
    env: { ...process.env, NACRE_CACHE: 'off' },
  });

describe('npm run bench', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-bench-test-'));
  let table: string;
  let report: Report;

  beforeAll(async () => {
    const file = path.join(folder, 'report.json');
    table = (await bench('--small', '--json', file)).stdout;
    report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('asks every question that has a file', () => {
    expect(report.results.map(({ name }) => name).sort()).toEqual(questions.sort());
  });

  test.each(questions)(
    '%s gives figures, and says what each must reach or that it is for information',
    (name) => {
      const rows = report.results.find((result) => result.name === name)?.rows ?? [];
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) {
        expect(row.value, row.what).toEqual(expect.any(Number));
        expect(['ok', 'short', 'info', 'not measured'], row.what).toContain(row.verdict);
        expect(table).toContain(row.what);
      }
    },
  );

  test('prints the machine and a checksum of the work', () => {
    expect(report.machine.node).toBe(process.version);
    expect(table).toContain(report.machine.cpu);
    const sums = report.results.flatMap(({ rows }) => rows.flatMap(({ checksum }) => checksum ?? []));
    expect(sums.length).toBeGreaterThan(5);
    for (const sum of sums) expect(sum).toMatch(/^[0-9a-f]{8}$/);
  });

  test('says that a small run measures nothing', () => {
    expect(report.small).toBe(true);
    expect(table).toContain('nothing here is a measurement');
  });

  test('refuses a question that it does not have', async () => {
    await expect(bench('--only', 'nonsense')).rejects.toMatchObject({ code: 2 });
  });
});
