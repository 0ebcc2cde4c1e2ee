// Starts a test server from its binary: loopback, a free port, random credentials, a data folder of its own.
//
// A server never outlives its starter. Each runs under a small shell that holds a pipe from the starter; when
// the pipe closes, for whatever reason (a normal end, Ctrl-C, kill -9), the shell kills the server and removes
// the data folder. The shell has a process group of its own, so that Ctrl-C does not end it too early.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, openSync, closeSync, readFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { binaryPath, cacheFolder } from './binaries.mjs';

const watchdog = `
folder=$1; shift
exec 3<&0
"$@" </dev/null & server=$!
( cat <&3 >/dev/null; kill -9 $server 2>/dev/null; sleep 0.1; rm -rf "$folder" ) &
wait $server
`;

const startTimeoutMs = 60_000;

/** How each server is started, and which address answers once it is ready. */
const recipes = {
  minio: (port, folder, keys) => ({
    args: ['server', '--address', `127.0.0.1:${port}`, '--quiet', folder],
    env: {
      MINIO_ROOT_USER: keys.accessKeyId,
      MINIO_ROOT_PASSWORD: keys.secretAccessKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
    health: '/minio/health/ready',
  }),
  versitygw: (port, folder, keys) => ({
    args: ['--port', `127.0.0.1:${port}`, '--keep-alive', '--quiet', '--health', '/health', 'posix', folder],
    env: { ROOT_ACCESS_KEY: keys.accessKeyId, ROOT_SECRET_KEY: keys.secretAccessKey },
    health: '/health',
  }),
  gcs: (port, folder) => ({
    args: [
      '-scheme=http',
      '-host=127.0.0.1',
      `-port=${port}`,
      `-public-host=127.0.0.1:${port}`,
      '-backend=memory',
      `-filesystem-root=${folder}`,
      '-log-level=warn',
    ],
    env: {},
    health: '/_internal/healthcheck',
  }),
};

/** Starts one server and resolves when it is healthy; `stop()` ends it. */
export async function startServer(name) {
  // Some temporary folders (tmpfs on older kernels) keep no extended attributes, which versitygw lives on.
  const places = name === 'versitygw' ? [os.tmpdir(), cacheFolder()] : [os.tmpdir()];
  const failures = [];
  for (const place of places) {
    // The free port may be taken by another process before the server binds it.
    for (let attempt = 0; attempt < 3; attempt++) {
      const outcome = await attemptStart(name, place);
      if (outcome.server) return outcome.server;
      failures.push(outcome.failure);
      if (!/address already in use/.test(outcome.failure)) break;
    }
  }
  throw new Error(`${name} did not start: ${failures.join(' | ')}`);
}

async function attemptStart(name, place) {
  mkdirSync(place, { recursive: true });
  const folder = mkdtempSync(path.join(place, `nacre-${name}-`));
  const data = path.join(folder, 'data');
  const log = path.join(folder, 'log');
  mkdirSync(data);
  const keys = {
    accessKeyId: `test${randomBytes(8).toString('hex')}`,
    secretAccessKey: randomBytes(20).toString('hex'),
  };
  const port = await freePort();
  const { args, env, health } = recipes[name](port, data, keys);
  const output = openSync(log, 'w');
  const child = spawn('sh', ['-c', watchdog, 'sh', folder, binaryPath(name), ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: os.tmpdir(), ...env },
    stdio: ['pipe', output, output],
    detached: true,
  });
  closeSync(output);
  child.stdin.on('error', () => {});
  child.unref();
  const exited = once(child, 'exit');
  const stop = async () => {
    child.stdin.destroy();
    await exited;
  };

  const endpoint = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + startTimeoutMs;
  while (child.exitCode === null && Date.now() < deadline) {
    if (await isHealthy(endpoint + health)) {
      return { server: { name, endpoint, ...keys, pid: child.pid, stop } };
    }
    await sleep(50);
  }
  const said = readFileSync(log, 'utf8').trim().split('\n').slice(-3).join(' / ');
  await stop();
  return { failure: said || `no answer at ${endpoint}${health} in ${startTimeoutMs / 1000} s` };
}

async function isHealthy(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

async function freePort() {
  const listener = net.createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}
