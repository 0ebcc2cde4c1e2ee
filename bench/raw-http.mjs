// The floor of a transfer: the same bytes by node:http and nothing else. Addresses are signed beforehand (AWS
// Signature Version 4 in the query, payload unsigned); nothing is checked, copied or kept after the round.
// What arrives is held in memory until the transfer ends, as a reader must hold it.
import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';

const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
const encoded = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** A signed address of `path` (`/bucket/key`), good for a day. */
export function presign({ endpoint, accessKeyId, secretAccessKey }, method, path) {
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = [time.slice(0, 8), 'us-east-1', 's3', 'aws4_request'];
  const host = new URL(endpoint).host;
  const query = Object.entries({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${accessKeyId}/${scope.join('/')}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': '86400',
    'X-Amz-SignedHeaders': 'host',
  });
  const search = query.map(([name, value]) => `${name}=${encoded(value)}`).join('&');
  const place = path.split('/').map(encoded).join('/');
  const canonical = [method, place, search, `host:${host}\n`, 'host', 'UNSIGNED-PAYLOAD'].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const key = scope.reduce(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope.join('/'), digest].join('\n')).toString('hex');
  return { method, url: `${endpoint}${place}?${search}&X-Amz-Signature=${signature}` };
}

/** One request; the pieces of its answer as they came. */
export function request({ method, url }, { agent, range, body } = {}) {
  const headers = {
    ...(range === undefined ? {} : { range: `bytes=${range.start}-${range.end - 1}` }),
    ...(body === undefined ? {} : { 'content-length': body.byteLength }),
  };
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method, headers, agent }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('end', () => resolve({ status: answer.statusCode, pieces }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Runs the jobs (functions), so many at once, on connections that stay open. */
async function parallel(jobs, concurrency) {
  const waiting = [...jobs];
  const worker = async () => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) await job();
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, jobs.length) }, worker));
}

/**
 * Ways to get the same objects: whole, all at once; and in pieces of 8 MiB, 8 and 16 at once. `objects` are
 * `{ address, sizeBytes }`. Each is a function that transfers everything and resolves to the bytes received.
 */
export function rawGets(objects) {
  const agent = new http.Agent({ keepAlive: true, noDelay: true });
  const get = async (jobs, concurrency) => {
    const held = [];
    const run = jobs.map(({ address, range }) => async () => {
      const { status, pieces } = await request(address, { agent, range });
      if (status !== 200 && status !== 206) throw new Error(`GET was answered with ${status}`);
      held.push(pieces);
    });
    await parallel(run, concurrency);
    return held.flat().reduce((sum, piece) => sum + piece.byteLength, 0);
  };
  const pieces = objects.flatMap(({ address, sizeBytes }) =>
    Array.from({ length: Math.ceil(sizeBytes / pieceBytes) }, (_, i) => ({
      address,
      range: { start: i * pieceBytes, end: Math.min(sizeBytes, (i + 1) * pieceBytes) },
    })),
  );
  return {
    'raw GET, whole objects': () => get(objects, 16),
    'raw GET, 8 MiB pieces, 8 at once': () => get(pieces, 8),
    'raw GET, 8 MiB pieces, 16 at once': () => get(pieces, 16),
  };
}

const pieceBytes = 8 * 2 ** 20;

/**
 * Ways to put the same objects: 4, 8 and 16 at once. `objects` are `{ address, read }`; `read` gives the body
 * from where it lies, as the import under measurement must read it too.
 */
export function rawPuts(objects) {
  const agent = new http.Agent({ keepAlive: true, noDelay: true });
  const put = (concurrency) => () =>
    parallel(
      objects.map(({ address, read }) => async () => {
        const { status } = await request(address, { agent, body: await read() });
        if (status !== 200) throw new Error(`PUT was answered with ${status}`);
      }),
      concurrency,
    );
  return Object.fromEntries([4, 8, 16].map((n) => [`raw PUT, ${n} at once`, put(n)]));
}
