// A proxy before an S3 or GCS server that counts, delays and breaks things. It passes the Host header on, so
// that signatures stay valid, and stores nothing but counters and a bounded log.
//
//   const proxy = await startProxy(server.endpoint);            in a test
//   node test/support/proxy.mjs ENDPOINT [PORT]                 of its own, controlled over HTTP:
//     POST /__rules  [rule, …]     replaces the rules; GET tells them with how often each matched and fired
//     GET  /__stats                requests, bytes, connections, waves and a log since the last question
//     GET  /__latency?ms=&mbps=&connect=   delay of each request, megabytes a second of each answer (0: no
//                                  limit), extra delay of a connection's first request
//
// A rule says which requests it is about and what happens to them; the first that fires decides. See the
// types in proxy.d.mts. An upload to GCS names its object in its body only; it is matched and logged as if the
// query ended in `&name=` and that name. A wave is a dependent round trip: the longest chain of requests each of which began
// after the one before it had ended.
import { once } from 'node:events';
import http from 'node:http';
import { pathToFileURL } from 'node:url';

const logLimit = 1000;

/** Starts a proxy before `target` (`http://host:port`) on loopback. */
export async function startProxy(target, { port = 0 } = {}) {
  const upstream = new URL(target);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 512, noDelay: true });
  const state = { rules: [], latency: { ms: 0, mbps: 0, connect: 0 }, stats: freshStats(), held: 0 };
  const seen = new WeakSet();

  const server = http.createServer((request, response) => {
    if (request.url.startsWith('/__')) {
      control(state, request, response).catch((error) => response.writeHead(400).end(error.message));
      return;
    }
    const begin = performance.now();
    named(request, () => serve(request, response, begin));
  });
  const serve = (request, response, begin) => {
    const span = count(state.stats, request, begin);
    response.on('close', () => span.end());
    let wait = state.latency.ms;
    if (!seen.has(request.socket)) {
      seen.add(request.socket);
      state.stats.connections++;
      wait += state.latency.connect;
    }
    const rule = firing(state.rules, request);
    if (rule?.action === 'delay') wait += rule.delayMs ?? 0;
    const go = () => after(wait, () => act({ rule, request, response, upstream, agent, state }));
    if (rule?.before) rule.before().then(go, () => response.destroy());
    else go();
  };
  server.keepAliveTimeout = 60_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${server.address().port}`,
    setRules: (rules) => {
      state.rules = rules.map(compile);
    },
    rules: () => state.rules.map(describe),
    latency: (latency) => Object.assign(state.latency, latency),
    takeStats: () => takeStats(state),
    close: async () => {
      server.closeAllConnections();
      server.close();
      agent.destroy();
      await once(server, 'close');
    },
  };
}

/** Sets what rules are matched with; the name stands in the first piece of an upload's body. */
function named(request, work) {
  request.target = request.url;
  if (request.method !== 'POST' || !request.url.startsWith('/upload/storage/')) return void work();
  request.once('readable', () => {
    const piece = request.read();
    const name = /"name":"([^"]+)"/.exec(piece?.subarray(0, 4096).toString('latin1') ?? '')?.[1];
    if (name !== undefined) request.target += `&name=${name}`;
    if (piece !== null) request.unshift(piece);
    work();
  });
}

function after(ms, work) {
  if (ms > 0) setTimeout(() => work(), ms);
  else work();
}

// Rules.

function compile(rule) {
  if (!actions[rule.action] && rule.action !== 'delay') throw new Error(`no action ${rule.action}`);
  const path = new RegExp(rule.path ?? '');
  return { ...rule, pattern: path, draw: generator(rule.seed ?? 1), matched: 0, fired: 0 };
}

function describe(rule) {
  return { ...rule, pattern: undefined, draw: undefined };
}

/** The first rule that this request sets off. Every rule that it matches counts it. */
function firing(rules, request) {
  let found;
  for (const rule of rules) {
    if (rule.method !== undefined && rule.method !== request.method) continue;
    if (!rule.pattern.test(request.target)) continue;
    rule.matched++;
    const due =
      rule.matched > (rule.skip ?? 0) &&
      (rule.matched - (rule.skip ?? 0)) % (rule.every ?? 1) === 0 &&
      rule.fired < (rule.times ?? Infinity) &&
      rule.draw() < (rule.probability ?? 1);
    if (!due || found) continue;
    rule.fired++;
    found = rule;
  }
  return found;
}

/** Numbers in [0, 1) from a seed (mulberry32). */
function generator(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

// Actions.

const codes = {
  403: 'AccessDenied',
  409: 'ConditionalRequestConflict',
  429: 'TooManyRequests',
  503: 'SlowDown',
};

const actions = {
  /** The request never reaches the server. */
  drop: ({ response }) => response.destroy(),
  /** Neither answered nor handed on: its client has to leave. */
  stall: () => {},
  /** Answered here; the server does not hear of it. */
  answer: ({ rule, request, response }) => {
    request.resume().on('end', () => {
      const code = rule.code ?? codes[rule.status] ?? 'InternalError';
      const xml = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>by a rule</Message></Error>`;
      const json = JSON.stringify({ error: { code: rule.status, message: `${code} by a rule` } });
      const body = rule.body ?? (isGcs(request) ? json : xml);
      response.writeHead(rule.status, { 'content-length': Buffer.byteLength(body), ...rule.headers });
      response.end(request.method === 'HEAD' ? undefined : body);
    });
  },
  /** A write is answered as done and thrown away. */
  hold: ({ request, response, state }) => {
    request.resume().on('end', () => {
      const generation = String(++state.held);
      const body = isGcs(request) ? JSON.stringify({ kind: 'storage#object', generation, size: '0' }) : '';
      const headers = { etag: `"held-${generation}"`, 'content-type': 'application/json' };
      response.writeHead(200, { ...headers, 'content-length': body.length }).end(body);
    });
  },
  /** The server does it, but its answer is lost: after `atByte` bytes of its body, by default before any. */
  cut: (exchange) =>
    forward(exchange, (answer, response) => {
      const { atByte } = exchange.rule;
      if (atByte !== undefined) response.writeHead(answer.statusCode, answer.rawHeaders);
      passSome(answer, response, atByte ?? 0, exchange.rule.after);
    }),
  /** One bit of the answer's body is another: of byte `atByte`, by default of the middle one. */
  flip: (exchange) =>
    forward(exchange, (answer, response) => {
      const length = Number(answer.headers['content-length'] ?? 0);
      const target = exchange.rule.atByte ?? Math.floor(length / 2);
      let passed = 0;
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.on('data', (chunk) => {
        if (target >= passed && target < passed + chunk.length) chunk[target - passed] ^= 1;
        passed += chunk.length;
        response.write(chunk);
      });
      answer.on('end', () => response.end());
    }),
  /** The body ends early although the answer announced all of it: after `atByte` bytes, by default half. */
  truncate: (exchange) =>
    forward(exchange, (answer, response) => {
      const length = Number(answer.headers['content-length'] ?? 0);
      response.writeHead(answer.statusCode, answer.rawHeaders);
      passSome(answer, response, exchange.rule.atByte ?? Math.floor(length / 2));
    }),
};

/** Passes the first `keep` bytes of the answer, and then, when `before` is done, breaks the connection. */
function passSome(answer, response, keep, before = async () => undefined) {
  let passed = 0;
  answer.on('data', (chunk) => {
    if (passed < keep) response.write(chunk.subarray(0, keep - passed));
    passed += chunk.length;
  });
  // What was written leaves the socket before the socket is destroyed.
  answer.on('end', () => before().finally(() => after(5, () => response.destroy())));
}

function isGcs(request) {
  return /^\/(upload\/|download\/)?storage\/v1\//.test(request.url);
}

function act(exchange) {
  const { rule } = exchange;
  if (rule && rule.action !== 'delay') actions[rule.action](exchange);
  else forward(exchange, (answer, response) => relay(answer, response, exchange.state.latency.mbps));
}

function forward({ request, response, upstream, agent, state }, answered) {
  const { stats } = state;
  const onward = http.request({
    host: upstream.hostname,
    port: upstream.port,
    method: request.method,
    path: request.url,
    headers: request.rawHeaders,
    agent,
  });
  onward.on('response', (answer) => {
    answer.on('data', (chunk) => {
      stats.bytesDown += chunk.length;
    });
    answer.on('error', () => response.destroy());
    answered(answer, response);
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => {
    if (!request.complete) onward.destroy();
  });
  request.on('data', (chunk) => {
    stats.bytesUp += chunk.length;
  });
  request.pipe(onward);
}

/** Hands the answer on, no faster than `mbps` megabytes a second when that is not 0. */
function relay(answer, response, mbps) {
  response.writeHead(answer.statusCode, answer.rawHeaders);
  let free = performance.now();
  // Pieces that wait for their time: the end comes after them, whatever timers round.
  let waiting = 0;
  let ended = false;
  const finish = () => {
    if (ended && waiting === 0) response.end();
  };
  answer.on('data', (chunk) => {
    if (mbps > 0) {
      answer.pause();
      waiting++;
      free = Math.max(free, performance.now()) + chunk.length / mbps / 1000;
      setTimeout(() => {
        response.write(chunk);
        waiting--;
        answer.resume();
        finish();
      }, free - performance.now());
    } else if (!response.write(chunk)) {
      answer.pause();
      response.once('drain', () => answer.resume());
    }
  });
  answer.on('end', () => {
    ended = true;
    finish();
  });
  response.on('close', () => answer.destroy());
}

// Statistics and control.

function freshStats() {
  return { requests: {}, total: 0, bytesUp: 0, bytesDown: 0, connections: 0, spans: [], log: [] };
}

function count(stats, request, begin) {
  stats.total++;
  stats.requests[request.method] = (stats.requests[request.method] ?? 0) + 1;
  const range = request.headers.range ? ` ${request.headers.range}` : '';
  if (stats.log.length < logLimit) stats.log.push(`${request.method} ${request.target}${range}`);
  let open = true;
  return {
    end: () => {
      if (open) stats.spans.push([begin, performance.now()]);
      open = false;
    },
  };
}

function takeStats(state) {
  const { spans, ...rest } = state.stats;
  state.stats = freshStats();
  let waves = 0;
  let end = -1;
  for (const span of spans.sort((a, b) => a[1] - b[1])) {
    if (span[0] < end) continue;
    waves++;
    end = span[1];
  }
  return { ...rest, waves, rules: state.rules.map(describe) };
}

async function control(state, request, response) {
  const url = new URL(request.url, 'http://proxy');
  const send = (value) => response.end(JSON.stringify(value));
  if (url.pathname === '/__stats') return send(takeStats(state));
  if (url.pathname === '/__latency') {
    for (const name of Object.keys(state.latency)) {
      state.latency[name] = Number(url.searchParams.get(name) ?? 0);
    }
    return send(state.latency);
  }
  if (url.pathname !== '/__rules') return response.writeHead(404).end();
  if (request.method === 'POST') {
    let text = '';
    for await (const chunk of request) text += chunk;
    state.rules = JSON.parse(text).map(compile);
  }
  return send(state.rules.map(describe));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [, , target, port = '0'] = process.argv;
  const proxy = await startProxy(target, { port: Number(port) });
  console.log(JSON.stringify({ endpoint: proxy.endpoint }));
}
