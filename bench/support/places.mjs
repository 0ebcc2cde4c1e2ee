// Where datasets of a measurement live: MinIO behind a counting proxy, or a folder for small runs. A place
// opens datasets and counts what some work asked of the store: on MinIO by the proxy, which sees the wire; on
// a folder by the handles' own meters.
//
// Counts leave out the hint's write: it happens after the acknowledgement and nobody waits for it. Counted
// work therefore ends with the acknowledgement, and the handle is closed outside.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import readline from 'node:readline';
import { open } from '../../dist/index.js';
import { openStore } from '../../dist/storage/open.js';
import { parseStoreUri } from '../../dist/storage/uri.js';
import { buildBinaries } from '../../test/support/servers/binaries.mjs';
import { startServer } from '../../test/support/servers/processes.mjs';
import { presign, request } from '../raw-http.mjs';

const root = path.resolve(import.meta.dirname, '..', '..');

/** The environment that makes this process, and those it starts, use one S3 server. */
export function s3Environment({ endpoint, accessKeyId, secretAccessKey }) {
  return {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: 'us-east-1',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}

/** MinIO: the one that NACRE_TEST_MINIO_ENDPOINT names, else the pinned one, started here. */
export async function startMinio() {
  const endpoint = process.env.NACRE_TEST_MINIO_ENDPOINT;
  const keys = {
    accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? '',
  };
  if (endpoint) return { ...keys, endpoint: endpoint.replace(/\/$/, ''), stop: async () => {} };
  const missing = (await buildBinaries(['minio'])).minio;
  if (missing !== undefined) throw new Error(`no MinIO: ${missing}`);
  return startServer('minio');
}

/** The proxy runs in a process of its own, so that it and what it measures do not share an event loop. */
async function startProxyProcess(endpoint) {
  const script = path.join(root, 'test', 'support', 'proxy.mjs');
  const child = spawn(process.execPath, [script, endpoint], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout });
  const [line] = await once(lines, 'line');
  const stop = async () => {
    child.kill();
    await once(child, 'exit');
  };
  return { endpoint: JSON.parse(line).endpoint, stop };
}

const countingDelayMs = 30;
let labels = 0;

export class MinioPlace {
  kind = 'minio';
  #server;
  #proxy;
  #bucket;

  static async start() {
    const place = new MinioPlace();
    place.#server = await startMinio();
    place.#proxy = await startProxyProcess(place.#server.endpoint);
    place.#bucket = `bench-${process.pid}-${Date.now()}`;
    const { status } = await request(presign(place.#server, 'PUT', `/${place.#bucket}`));
    if (status !== 200) throw new Error(`MinIO answered ${status} to the making of a bucket`);
    return place;
  }

  get server() {
    return this.#server;
  }

  get bucket() {
    return this.#bucket;
  }

  uri(label) {
    return `s3://${this.#bucket}/${label}-${++labels}`;
  }

  env({ counted = false } = {}) {
    const { endpoint } = counted ? this.#proxy : this.#server;
    return s3Environment({ ...this.#server, endpoint });
  }

  /** `counted`: through the proxy. */
  async open(uri, { counted, ...options } = {}) {
    Object.assign(process.env, this.env({ counted }));
    return open(uri, { cacheDir: false, ...options });
  }

  async store(uri, { counted } = {}) {
    Object.assign(process.env, this.env({ counted }));
    return openStore(parseStoreUri(uri));
  }

  /** Under a delay: requests that go out together would else end one before the next begins, and pass for waves. */
  async count(work) {
    await this.latency(countingDelayMs);
    await this.#control('stats');
    const value = await work();
    const { total, log, waves, bytesUp, bytesDown } = await this.#control('stats');
    await this.latency(0);
    const hints = log.filter((line) => /^PUT [^?]*\/latest(\?|$)/.test(line)).length;
    const lists = log.filter((line) => line.includes('list-type=2')).length;
    return { value, requests: total - hints, lists, waves, bytesUp, bytesDown };
  }

  /** A signed address of an object of a dataset, for raw requests that pass the proxy by. */
  async address(method, uri, key) {
    return presign(this.#server, method, `${uri.slice('s3:/'.length)}/${key}`);
  }

  /** Delays every request of counted handles. */
  async latency(ms) {
    await this.#control(`latency?ms=${ms}`);
  }

  async #control(question) {
    return (await fetch(`${this.#proxy.endpoint}/__${question}`)).json();
  }

  async close() {
    // The server's process is unreferenced and would not keep this one waiting for its end.
    const awake = setInterval(() => {}, 1000);
    await this.#proxy.stop();
    await this.#server.stop();
    clearInterval(awake);
  }
}

export class FolderPlace {
  kind = 'folder';
  #folder;
  #server;
  #handles = new Set();
  #childCounts = [];

  constructor(folder) {
    this.#folder = folder;
  }

  uri(label) {
    return path.join(this.#folder, `${label}-${++labels}`);
  }

  env() {
    return {};
  }

  /** Everything is counted here. */
  async open(uri, options) {
    return this.adopt(await open(uri, { cacheDir: false, ...options }));
  }

  /** Counts a handle that was opened elsewhere. */
  adopt(handle) {
    this.#handles.add(handle);
    return handle;
  }

  store(uri) {
    return openStore(parseStoreUri(uri));
  }

  async count(work) {
    const known = new Set(this.#handles);
    const scopes = [...known].map((handle) => handle.meter.scope());
    this.#childCounts = [];
    const value = await work();
    const opened = [...this.#handles].filter((handle) => !known.has(handle));
    const counts = [
      ...scopes.map((scope) => scope.stop()),
      ...opened.map((handle) => handle.meter.snapshot()),
      ...this.#childCounts,
    ];
    const sum = (of) => counts.reduce((total, each) => total + of(each), 0);
    return {
      value,
      requests: sum(({ totalRequests, backgroundRequests }) => totalRequests - backgroundRequests),
      lists: sum(({ requests }) => requests.list),
      waves: sum(({ waves }) => waves),
      bytesUp: sum(({ bytesUp }) => bytesUp),
      bytesDown: sum(({ bytesDown }) => bytesDown),
    };
  }

  /** What a process of its own says that it asked of the store. */
  countChild(counts) {
    this.#childCounts.push(counts);
  }

  /** The address of an object on a small server of files, so that raw requests have something to ask. */
  async address(method, uri, key) {
    this.#server ??= await serveFiles();
    return { method, url: `http://127.0.0.1:${this.#server.address().port}${uri}/${key}` };
  }

  async latency() {}

  async close() {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}

/** GET with ranges and PUT on absolute paths, on loopback. */
async function serveFiles() {
  const answer = async (request, response) => {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    if (request.method === 'PUT') {
      await mkdir(path.dirname(request.url), { recursive: true });
      await writeFile(request.url, Buffer.concat(pieces));
      response.end();
      return;
    }
    const bytes = await readFile(request.url);
    const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (start === undefined) response.end(bytes);
    else response.writeHead(206).end(bytes.subarray(Number(start), Number(last) + 1));
  };
  const server = http.createServer((request, response) => {
    answer(request, response).catch((error) => response.destroy(error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Runs a script of `bench/children` to its end; its one line of JSON, with the `counts` of its meter. */
export async function runChild(place, script, args, options) {
  const said = JSON.parse(await runNode(place, path.join('bench', 'children', script), args, options));
  place.countChild?.(said.counts);
  return said;
}

/** Runs one command of `nacre` in a process of its own; what it prints. */
export function runCommand(place, args, options) {
  return runNode(place, path.join('dist', 'cli', 'main.js'), args, options);
}

/**
 * Where a machine names certificates for Node, Node 20 reads all of them before it starts: 52 ms for a bundle
 * of 144, which is a setting of the machine, and nothing here is asked by TLS.
 */
const withoutCertificates = { NODE_EXTRA_CA_CERTS: undefined };

async function runNode(place, file, args, { environment, ...options } = {}) {
  const child = spawn(process.execPath, [path.join(root, file), ...args], {
    env: { ...process.env, ...withoutCertificates, ...place.env(options), ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (piece) => (text += piece));
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`${path.basename(file)} ${args.join(' ')} ended with ${status}`);
  return text;
}

/** Sizes of the objects below a prefix of a dataset, by key. */
export async function objectSizes(store, prefix) {
  const sizes = new Map();
  let after;
  do {
    const page = await store.list({ prefix, ...(after === undefined ? {} : { after }) });
    for (const { key, sizeBytes } of page.entries) sizes.set(key, sizeBytes);
    after = page.next;
  } while (after !== undefined);
  return sizes;
}
