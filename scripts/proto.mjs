// Generates src/manifest/proto/generated/ from nacre.proto; `--check` fails when what is committed differs.
// Static code only: no schema is ever read at run time (see docs/format.md on hostile input).
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const schema = path.join(root, 'src', 'manifest', 'proto', 'nacre.proto');
const committed = path.join(root, 'src', 'manifest', 'proto', 'generated');
const check = process.argv.includes('--check');
const out = check ? mkdtempSync(path.join(os.tmpdir(), 'nacre-proto-')) : committed;

function run(tool, args) {
  const result = spawnSync(process.execPath, [path.join(root, 'node_modules', '.bin', tool), ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (result.status !== 0) process.exit(1);
}

mkdirSync(out, { recursive: true });
const script = path.join(out, 'nacre.js');
const types = path.join(out, 'nacre.d.ts');
// Numbers stay <= 2^53 - 1 by the format, hence --force-number: no Long anywhere.
run('pbjs', [
  ...['-t', 'static-module', '-w', 'es6', '--es6', '--force-number', '--no-convert', '--no-verify'],
  ...['--no-delimited', '--no-typeurl', '--no-service', '-o', script, schema],
]);
run('pbts', ['--no-comments', '-o', types, script]);

if (check) {
  const same = ['nacre.js', 'nacre.d.ts'].every(
    (name) => readFileSync(path.join(out, name), 'utf8') === readFileSync(path.join(committed, name), 'utf8'),
  );
  rmSync(out, { recursive: true });
  if (!same) {
    console.error(
      'proto: generated code differs from nacre.proto; run `npm run proto` and commit the result',
    );
    process.exit(1);
  }
}
