// `node bench/peers/setup.mjs`: the peers' Python packages into a virtual environment in the cache folder of
// the tests. Needs Python 3.11 or later; about 900 MB on disk, once for each state of requirements.txt.
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { peersHome } from '../support/peers.mjs';

const home = peersHome();
if (existsSync(home)) {
  console.error(`peers: ${home} is there`);
  process.exit(0);
}
const draft = `${home}.${process.pid}`;

function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status === 0) return;
  rmSync(draft, { recursive: true, force: true });
  console.error(`peers: ${command} ${args[0]} ${args[1]} failed`);
  process.exit(1);
}

console.error('peers: installing the packages of bench/peers/requirements.txt (about 900 MB, once)');
run('python3', ['-m', 'venv', draft]);
const list = path.join(import.meta.dirname, 'requirements.txt');
run(path.join(draft, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', '-r', list]);
// The folder appears whole, so that an installation that was killed leaves no half of one behind.
renameSync(draft, home);
