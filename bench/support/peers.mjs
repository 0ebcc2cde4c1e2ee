// Processes that are asked line by line, so that their samples and others' can take turns. The peers: Python
// packages in a virtual environment of their own (bench/peers/requirements.txt), driven by bench/peers/peer.py.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { cacheFolder } from '../../test/support/servers/binaries.mjs';

const folder = path.resolve(import.meta.dirname, '..', 'peers');
const requirements = path.join(folder, 'requirements.txt');

/** Where the environment of the present requirements lies, or will. */
export function peersHome() {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  return path.join(cacheFolder(), `bench-peers-${hash}`);
}

/** Makes the environment when it is not there; the Python in it, or why there is none. */
export function installPeers() {
  const home = peersHome();
  const python = path.join(home, 'bin', 'python');
  if (existsSync(python)) return { python };
  const setup = spawnSync(process.execPath, [path.join(folder, 'setup.mjs')], { stdio: ['ignore', 2, 2] });
  return setup.status === 0
    ? { python }
    : { missing: 'peers not installed (node bench/peers/setup.mjs says why)' };
}

/** The process of the peers. A question that a package cannot answer fails; the process goes on. */
export function startPeers(python, environment) {
  return new Asked(python, ['-B', '-u', path.join(folder, 'peer.py')], {
    LANCE_LOG: 'error',
    ...environment,
  });
}

/** A script of `bench/children` that answers as the peers do. */
export function startChild(script, environment) {
  const file = path.resolve(import.meta.dirname, '..', 'children', script);
  return new Asked(process.execPath, [file], environment);
}

class Asked {
  #child;
  #answers;

  constructor(command, args, environment = {}) {
    this.#child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...environment },
    });
    // One that died is found out by the answer that does not come.
    this.#child.stdin.on('error', () => {});
    this.#answers = readline.createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async ask(name, args = {}) {
    this.#child.stdin.write(`${JSON.stringify({ name, args })}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`${path.basename(this.#child.spawnargs.at(-1))} ended at ${name}`);
    const { answer, error } = JSON.parse(value);
    if (error !== undefined) throw new Error(`${name}: ${error}`);
    return answer;
  }

  /** Resolves when the process is gone and its memory with it. */
  async close() {
    this.#child.stdin.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}
