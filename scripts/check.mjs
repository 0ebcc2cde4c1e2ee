// `npm run check`: format, lint, types, clippy, protobuf drift and evolution. Runs every check, then fails if one did.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const bin = (name) => path.join(root, 'node_modules', '.bin', name);

const checks = [
  ['format (TypeScript)', bin('biome'), ['format', '.']],
  ['format (Rust)', 'cargo', ['fmt', '--all', '--check']],
  [
    'lint',
    bin('oxlint'),
    ['--type-aware', '--tsconfig', 'tsconfig.test.json', 'src', 'test', 'scripts', 'bench', 'examples'],
  ],
  ['types', bin('tsc'), ['-p', 'tsconfig.test.json']],
  ['protobuf drift and evolution', process.execPath, ['scripts/proto.mjs', '--check']],
  ['clippy', 'cargo', ['clippy', '--locked', '--workspace', '--all-targets', '--', '-D', 'warnings']],
];

const failed = [];
for (const [name, command, args] of checks) {
  const start = Date.now();
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`check: ${result.status === 0 ? 'ok  ' : 'FAIL'} ${String(name)} (${seconds} s)`);
  if (result.status !== 0) failed.push(name);
}
if (failed.length > 0) {
  console.error(`check: failed: ${failed.join(', ')}`);
  process.exit(1);
}
