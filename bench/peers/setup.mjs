// `node bench/peers/setup.mjs`: the peers' Python packages into a virtual environment in the cache folder of
// the tests. Needs Python 3.11 or later; about 900 MB on disk, once for each state of requirements.txt.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { peersHome } from '../support/peers.mjs';

const home = peersHome();
if (existsSync(home)) {
  console.error(`peers: ${home} is there`);
  process.exit(0);
}
const draft = `${home}.${process.pid}`;

function runs(command, args) {
  return spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] }).status === 0;
}

const install = (...what) =>
  runs(path.join(draft, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', ...what]);

console.error('peers: installing the packages of bench/peers/requirements.txt (about 900 MB, once)');
const list = path.join(import.meta.dirname, 'requirements.txt');
if (!runs('python3', ['-m', 'venv', draft]) || !(install('-r', list) || installSome())) {
  rmSync(draft, { recursive: true, force: true });
  console.error('peers: none could be installed');
  process.exit(1);
}
mendNumpack();
// The folder appears whole, so that an installation that was killed leaves no half of one behind.
renameSync(draft, home);

/** A package that this system cannot have, for want of a wheel, does not keep it from the others. */
function installSome() {
  const packages = readFileSync(list, 'utf8').trim().split('\n');
  const left = packages.filter((each) => !install(each));
  if (left.length < packages.length) console.error(`peers: could not be installed: ${left.join(', ')}`);
  return left.length < packages.length;
}

/**
 * The OpenBLAS in numpack's wheel wants a newer libc than Debian 12 has. Where numpack cannot be loaded for
 * it, faiss's takes its place, which has the one function that numpack calls.
 */
function mendNumpack() {
  if (loadsNumpack()) return;
  const packages = path.join(draft, 'lib', readdirSync(path.join(draft, 'lib'))[0], 'site-packages');
  const libraries = path.join(packages, 'numpack.libs');
  const filesOf = (folder) => (existsSync(folder) ? readdirSync(folder) : []);
  const others = filesOf(path.join(packages, 'faiss_cpu.libs'));
  const from = (name) => path.join('..', 'faiss_cpu.libs', name);
  const isBlas = (name) => name.startsWith('libopenblas');
  const [own, replacement] = [filesOf(libraries).find(isBlas), others.find(isBlas)];
  if (own !== undefined && replacement !== undefined) {
    rmSync(path.join(libraries, own));
    symlinkSync(from(replacement), path.join(libraries, own));
    for (const name of others) symlinkSync(from(name), path.join(libraries, name));
  }
  if (!loadsNumpack()) console.error('peers: numpack cannot be loaded here; the others can be used');
}

function loadsNumpack() {
  const python = path.join(draft, 'bin', 'python');
  return spawnSync(python, ['-c', 'import numpack'], { stdio: 'ignore' }).status === 0;
}
