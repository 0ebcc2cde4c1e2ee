// `npm test [-- FILTER… --store NAME]`: the Rust tests, then vitest; ends with `N passed, N failed`.
// `--store folder|memory|minio|versitygw|gcs` (repeatable) limits the store suites to those stores.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const stores = [];
const rest = [];
const args = process.argv.slice(2);
for (let i = 0; i < args.length; i++) {
  if (args[i] === '--store') stores.push(args[++i]);
  else rest.push(args[i]);
}

let passed = 0;
let failed = 0;
let skipped = 0;
let broken = false;

// A filter names TypeScript files, so the Rust tests run only when everything does.
if (rest.length === 0) {
  const result = spawnSync('cargo', ['test', '--locked', '--release', '--workspace'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  process.stdout.write(result.stdout);
  for (const line of result.stdout.matchAll(
    /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm,
  )) {
    passed += Number(line[1]);
    failed += Number(line[2]);
    skipped += Number(line[3]);
  }
  if (result.status !== 0) broken = true;
}

const scratch = mkdtempSync(path.join(os.tmpdir(), 'nacre-test-'));
const report = path.join(scratch, 'report.json');
const result = spawnSync(
  process.execPath,
  [
    path.join(root, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...rest,
  ],
  {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...(stores.length > 0 ? { NACRE_TEST_STORES: stores.join(',') } : {}) },
  },
);
if (existsSync(report)) {
  const summary = JSON.parse(readFileSync(report, 'utf8'));
  passed += summary.numPassedTests;
  failed += summary.numFailedTests;
  skipped += summary.numPendingTests + summary.numTodoTests;
}
rmSync(scratch, { recursive: true, force: true });
if (result.status !== 0) broken = true;

// A suite that fails to load has no failed test of its own; it must not read as a pass.
if (broken && failed === 0) failed = 1;
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(broken || failed > 0 ? 1 : 0);
