// Builds the native scanner (cargo) and the TypeScript (tsc) into dist/, each only when its sources are newer.
// `node scripts/build.mjs` builds both; `--force` rebuilds all.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export class BuildError extends Error {}

const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');
const binary = path.join(dist, 'nacre.node');
const entry = path.join(dist, 'index.js');

const libraryName =
  { darwin: 'libnacre_native.dylib', win32: 'nacre_native.dll' }[process.platform] ?? 'libnacre_native.so';

function newest(...paths) {
  let time = 0;
  for (const relative of paths) {
    const full = path.join(root, relative);
    if (!existsSync(full)) continue;
    const stat = statSync(full);
    if (!stat.isDirectory()) time = Math.max(time, stat.mtimeMs);
    else
      for (const name of readdirSync(full))
        if (name !== 'target') time = Math.max(time, newest(path.join(relative, name)));
  }
  return time;
}

function builtAt(file) {
  return existsSync(file) ? statSync(file).mtimeMs : 0;
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.status !== 0) throw new BuildError(`${path.basename(command)} ${args.join(' ')} failed`);
}

function buildNative() {
  console.error('build: native scanner (cargo build --release)');
  run('cargo', ['build', '--release', '--locked', '-p', 'nacre-native']);
  const target = process.env.CARGO_TARGET_DIR ?? path.join(root, 'target');
  // A new inode by rename: a running process may have the old binary mapped.
  mkdirSync(dist, { recursive: true });
  copyFileSync(path.join(target, 'release', libraryName), `${binary}.new`);
  renameSync(`${binary}.new`, binary);
}

/** Types and single modules by tsc; then the two entries as bundles. */
async function buildTypeScript() {
  console.error('build: TypeScript (tsc, esbuild, rollup)');
  run(process.execPath, [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')]);
  // tsc leaves JavaScript sources where they are.
  const generated = path.join('manifest', 'proto', 'generated', 'nacre.js');
  mkdirSync(path.dirname(path.join(dist, generated)), { recursive: true });
  copyFileSync(path.join(root, 'src', generated), path.join(dist, generated));
  // Loaded here, since it may have to be installed first.
  const { bundle } = await import('./bundle.mjs');
  await bundle(root).catch((error) => {
    throw new BuildError(error.message);
  });
  const cli = path.join(dist, 'cli', 'main.js');
  if (existsSync(cli)) chmodSync(cli, 0o755);
}

export async function buildIfStale({ force = false } = {}) {
  if (force || newest('native', 'Cargo.toml', 'Cargo.lock') > builtAt(binary)) buildNative();
  // Not `.tsbuildinfo`: a check of the types alone writes that, too.
  if (force || newest('src', 'tsconfig.json', 'package.json', 'scripts/bundle.mjs') > builtAt(entry))
    await buildTypeScript();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await buildIfStale({ force: process.argv.includes('--force') });
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    console.error(`build: ${error.message}`);
    process.exitCode = 1;
  }
}
