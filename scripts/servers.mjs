// The stores that the tests run on: finds or builds them, starts each when it is first asked for, and stops
// them all at its own end.
//
//   node scripts/servers.mjs                    keeps them up between test runs, until Ctrl-C
//   node scripts/servers.mjs --build            only builds what is missing
//   node scripts/servers.mjs --child [--stores minio,gcs]   for test/global-setup.ts: ends with its stdin
//
// A server comes from an endpoint in the environment (NACRE_TEST_MINIO_ENDPOINT, NACRE_TEST_VERSITYGW_ENDPOINT,
// NACRE_TEST_GCS_ENDPOINT; S3 keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), else from Docker where it
// answers, else from `go install`. Tests ask for one over loopback HTTP, under a random path:
// GET <control>/<name> starts it if need be and answers {name, endpoint, accessKeyId, secretAccessKey}.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import {
  binaryPath,
  buildBinaries,
  cacheFolder,
  pins,
  serverNames,
} from '../test/support/servers/binaries.mjs';
import { buildImage, dockerAnswers, startContainer } from '../test/support/servers/containers.mjs';
import { startServer } from '../test/support/servers/processes.mjs';

const args = process.argv.slice(2);
const child = args.includes('--child');
const wanted = args.includes('--stores') ? args[args.indexOf('--stores') + 1].split(',') : serverNames;
const stateFile = path.join(cacheFolder(), 'servers.json');

/** How each server will be started, and why one cannot be had. */
async function prepare(names) {
  const start = {};
  const missing = {};
  const rest = [];
  for (const name of names) {
    const endpoint = process.env[pins[name].endpointVariable];
    if (endpoint) start[name] = async () => fromEnvironment(name, endpoint);
    else rest.push(name);
  }
  const docker = rest.length > 0 && (await dockerAnswers());
  const toBuild = [];
  for (const name of rest) {
    const failure = docker ? await buildImage(name) : 'Docker does not answer';
    if (failure === undefined) start[name] = () => startContainer(name);
    else toBuild.push(name);
    if (docker && failure) process.stderr.write(`servers: ${failure}; trying go install\n`);
  }
  const failures = await buildBinaries(toBuild);
  for (const name of toBuild) {
    if (failures[name]) missing[name] = failures[name];
    else start[name] = () => startServer(name);
  }
  return { start, missing };
}

function fromEnvironment(name, endpoint) {
  return {
    name,
    endpoint: endpoint.replace(/\/$/, ''),
    accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? '',
    stop: async () => {},
  };
}

/** Serves the control address; each server starts once, at the first question for it. */
async function serve({ start, missing }) {
  const secret = `/${randomBytes(16).toString('hex')}/`;
  const running = new Map();
  const answer = async (url) => {
    if (!url.startsWith(secret)) return [404, { error: 'not found' }];
    const name = url.slice(secret.length);
    if (name === 'status') return [200, { stores: Object.keys(start), missing }];
    if (!Object.hasOwn(start, name)) return [404, { error: missing[name] ?? `no server named ${name}` }];
    if (!running.has(name)) running.set(name, start[name]());
    const { stop: _, ...server } = await running.get(name);
    return [200, server];
  };
  // The tests close connections that they no longer use: one that is closed here meets their next question.
  const control = http.createServer({ keepAliveTimeout: 0 }, (request, response) => {
    void answer(request.url)
      .catch((error) => [500, { error: error.message }])
      .then(([status, body]) => response.writeHead(status).end(JSON.stringify(body)));
  });
  control.listen(0, '127.0.0.1');
  await once(control, 'listening');
  const stop = async () => {
    control.closeAllConnections();
    control.close();
    await Promise.allSettled([...running.values()].map(async (server) => (await server).stop()));
  };
  return { url: `http://127.0.0.1:${control.address().port}${secret.slice(0, -1)}`, stop };
}

const found = await prepare(wanted);
for (const [name, why] of Object.entries(found.missing))
  process.stderr.write(`servers: no ${name}: ${why}\n`);
if (args.includes('--build')) {
  for (const name of wanted) if (!found.missing[name]) console.log(`${name}: ${binaryPath(name)}`);
  process.exit(Object.keys(found.missing).length > 0 ? 1 : 0);
}

const control = await serve(found);
const state = { control: control.url, stores: Object.keys(found.start), missing: found.missing, pins };
let stopping;
const stop = () => {
  if (!child) rmSync(stateFile, { force: true });
  stopping ??= control.stop().finally(() => process.exit(0));
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
if (child) {
  process.stdin.on('end', stop).on('error', stop).resume();
  console.log(JSON.stringify(state));
} else {
  mkdirSync(cacheFolder(), { recursive: true });
  writeFileSync(stateFile, JSON.stringify(state), { mode: 0o600 });
  chmodSync(stateFile, 0o600);
  for (const name of state.stores) console.log(`servers: ${name} starts when a test first asks for it`);
  console.log('servers: up until Ctrl-C; `npm test` in another terminal will use these');
}
