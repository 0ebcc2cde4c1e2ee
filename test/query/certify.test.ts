// Certificates: what they claim is true, they verify wherever and however they are gone over again, and what
// is changed in them, or in what they speak of, is found.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { openStoreDataset } from '../../src/dataset/open.js';
import {
  type Certificate,
  type CertificateClaims,
  type Dataset,
  type Metric,
  type NacreError,
  open,
} from '../../src/index.js';
import { native, type RowNorms } from '../../src/native.js';
import { canonical } from '../../src/query/canonical.js';
import { storesUnderTest } from '../support/servers/index.js';
import { openTestStore } from '../support/servers/open.js';
import { randomFloats, seedOf } from './random.js';

const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-certify-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dimensions = 24;
const metrics: readonly Metric[] = ['l2', 'l2sq', 'cosine', 'dot', 'hamming', 'jaccard', 'kl', 'js'];
const seed = seedOf('NACRE_SEED');
const numbers = randomFloats(seed);

function vectorsOf(count: number): { data: Float32Array; shape: number[] } {
  return { data: Float32Array.from({ length: count * dimensions }, numbers), shape: [count, dimensions] };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends object | null ? Mutable<T[K]> : T[K] };

/** A copy that a test may write to, as it would come from a file. */
function copyOf(certificate: Certificate): Mutable<Certificate> {
  return JSON.parse(JSON.stringify(certificate)) as Mutable<Certificate>;
}

/** With other claims, under a hash that fits them. */
function claiming(
  certificate: Certificate,
  change: (claims: Mutable<CertificateClaims>) => void,
): Certificate {
  const other = copyOf(certificate);
  change(other.claims);
  other.hash = createHash('sha256').update(canonical(other.claims)).digest('hex');
  return other;
}

function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'done',
    (error: unknown) => (error as NacreError).code,
  );
}

/** Counts that add up, hits that are those of the search, and a margin that the next row keeps. */
async function checkClaims(
  dataset: Dataset,
  metric: Metric,
  count: number,
  limit: number,
): Promise<Certificate> {
  const queries = vectorsOf(count);
  const query = dataset.array('e').nearest(queries, { metric }).limit(limit).offset(1);
  const certificate = await query.certify();
  const { claims } = certificate;
  const what = `${metric} ${count}, seed ${seed}`;
  expect(copyOf(certificate), what).toEqual(certificate);
  const hits = await dataset
    .array('e')
    .nearest(queries, { metric })
    .limit(limit + 2)
    .toArray();
  for (const [q, { answer, proof }] of claims.results.entries()) {
    const listed = answer.ids.map((id, i) => ({ row: answer.rows[i], id, score: Number(answer.scores[i]) }));
    expect(listed, what).toEqual(hits[q]?.slice(0, limit + 1));
    expect(proof.scanned).toBe(claims.liveRows);
    expect(proof.pruned + proof.refined).toBe(proof.scanned);
    expect(proof.bound === null).toBe(proof.pruned === 0);
    const next = hits[q]?.[limit + 1]?.score;
    const key = (score = Number.NaN): number =>
      metric === 'l2' ? score * score : ['cosine', 'dot'].includes(metric) ? -score : score;
    if (next === undefined) expect(proof.margin).toBeNull();
    else if (!Number.isNaN(next)) {
      const room = metric === 'l2' ? 1e-12 * key(next) : 0;
      expect(Number(proof.margin), what).toBeLessThanOrEqual(key(next) - Number(proof.kthKey) + room);
      expect(Number(proof.margin), what).toBeGreaterThanOrEqual(0);
    }
    expect(claims.queries).toMatchObject({ count, dimensions });
  }
  return certificate;
}

describe.each(storesUnderTest())('on %s', (name) => {
  test('certificates of every metric hold while rows come, change and go', async () => {
    const store = await openTestStore(name);
    const opened = async () =>
      openStoreDataset(await store.another(), { create: true, cacheDir: path.join(folder, `cache-${name}`) });
    const dataset = await opened();
    await dataset.write(async (tx) => {
      await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
      await tx.append('e', vectorsOf(2500));
    });
    const made: Certificate[] = [];
    const checkAll = async (): Promise<void> => {
      for (const metric of metrics) {
        const certificate = await checkClaims(dataset, metric, metric === 'l2' ? 5 : 2, 7);
        made.push(certificate);
        const found = await dataset.verify(certificate);
        expect(found).toMatchObject({ verdict: 'right', now: 'yes', differences: [], full: false });
        expect(await dataset.verify(JSON.stringify(certificate), { full: true })).toMatchObject({
          verdict: 'right',
          now: 'yes',
        });
      }
    };
    await checkAll();
    expect(made.every(({ claims }) => claims.read.method === 'rows')).toBe(true);
    await dataset.array('e').index({ type: 'exact' });
    await dataset.write((tx) =>
      tx.replace(
        'e',
        Array.from({ length: 40 }, (_, i) => 60 * i),
        vectorsOf(40),
      ),
    );
    await dataset.write((tx) =>
      tx.drop(
        'e',
        Array.from({ length: 300 }, (_, i) => 7 * i + 1),
      ),
    );
    await dataset.write((tx) => tx.append('e', vectorsOf(700)));
    made.length = 0;
    await checkAll();
    for (const { claims } of made) {
      const bounded = ['l2', 'l2sq', 'cosine', 'dot'].includes(claims.metric);
      expect(claims.read.method, claims.metric).toBe(bounded ? 'codes' : 'rows');
      if (bounded) expect(claims.results[0]?.proof.pruned).toBeGreaterThan(1000);
    }
    // Later versions leave a certificate as right as it was.
    await dataset.write((tx) => tx.drop('e', made[0]?.claims.results[0]?.answer.rows.slice(0, 1) ?? []));
    const other = await opened();
    for (const certificate of made) {
      const found = await other.verify(certificate);
      expect(found).toMatchObject({ verdict: 'right', version: certificate.claims.version });
      expect(found.headVersion).toBe(certificate.claims.version + 1);
    }
    expect((await other.verify(made[0])).now).toBe('no');
    await other.close();
    await dataset.close();
    await store.dispose();
  });
});

/** 2,000 rows and their index. */
async function indexed(name: string): Promise<{ uri: string; dataset: Dataset; objects: string[] }> {
  const uri = path.join(folder, name);
  const dataset = await open(uri, { create: true });
  await dataset.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
    await tx.append('e', vectorsOf(2000));
  });
  await dataset.array('e').index({ type: 'exact' });
  const files = readdirSync(path.join(uri, 'indexes'), { recursive: true, withFileTypes: true });
  const objects = files.filter((file) => file.isFile()).map((file) => path.join(file.parentPath, file.name));
  return { uri, dataset, objects: objects.sort((a, b) => statSync(b).size - statSync(a).size) };
}

test('what is hashed is the same for every instruction set and any number of threads', async () => {
  const { uri, dataset } = await indexed('tiers');
  const query = Array.from({ length: dimensions }, numbers);
  const program = path.resolve(import.meta.dirname, '../../dist/index.js');
  const script = `import { open } from ${JSON.stringify(program)};
    const dataset = await open(${JSON.stringify(uri)});
    for (const metric of ['l2', 'cosine', 'dot', 'kl'])
      console.log((await dataset.array('e').nearest(${JSON.stringify(query)}, { metric }).certify()).hash);
    await dataset.close();`;
  const hashes = async (env: Record<string, string>): Promise<string> => {
    const args = ['--input-type=module', '-e', script];
    return (await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } })).stdout;
  };
  const expected = await hashes({ NACRE_CPU: 'scalar', NACRE_THREADS: '1' });
  expect(expected.trim().split('\n')).toHaveLength(4);
  const best = native().scannerInfo().cpu;
  const tiers = ['avx512', 'avx2', 'scalar'].slice(['avx512', 'avx2', 'scalar'].indexOf(best));
  for (const cpu of tiers) expect(await hashes({ NACRE_CPU: cpu, NACRE_THREADS: '3' }), cpu).toBe(expected);
  await dataset.close();
});

test('odd rows and odd numbers of them are certified', async () => {
  const place = path.join(folder, 'odd');
  const dataset = await open(place, { create: true, memoryBytes: 4096 });
  const odd = Float32Array.from({ length: 300 * 8 }, (_, i) => [Number.NaN, 1, Infinity, -0][i % 4] ?? 0);
  await dataset.write(async (tx) => {
    for (const name of ['odd', 'alike', 'none', 'bits', 'gone'])
      await tx.create(name, { dtype: name === 'bits' ? 'uint8' : 'float32', rowShape: [8] });
    await tx.append('odd', { data: odd, shape: [300, 8] });
    await tx.append('alike', { data: new Float32Array(200 * 8).fill(0.1), shape: [200, 8] });
    await tx.append('bits', {
      data: Uint8Array.from({ length: 300 * 8 }, (_, i) => (i * 37) % 256),
      shape: [300, 8],
    });
    await tx.append('gone', { data: odd.slice(0, 80), shape: [10, 8] });
  });
  await dataset.write((tx) =>
    tx.drop(
      'gone',
      Array.from({ length: 10 }, (_, i) => i),
    ),
  );
  for (const name of ['odd', 'alike', 'bits']) await dataset.array(name).index({ type: 'exact' });
  const queries = { data: Float64Array.from({ length: 16 }, (_, i) => (i * 5) % 7), shape: [2, 8] };
  for (const name of ['odd', 'alike', 'none', 'bits', 'gone']) {
    for (const metric of metrics) {
      for (const k of [1, 50, 1000]) {
        const certificate = await dataset.array(name).nearest(queries, { metric }).limit(k).certify();
        const what = `${name} ${metric} ${k}`;
        expect(await dataset.verify(copyOf(certificate), { full: true }), what).toMatchObject({
          verdict: 'right',
          now: 'yes',
        });
        if (k === 1000)
          expect(certificate.claims.results.map(({ proof }) => proof.margin)).toEqual([null, null]);
      }
    }
  }
  const alike = await dataset.array('alike').nearest(new Float32Array(8)).limit(3).certify();
  expect(alike.claims.results[0]?.proof).toMatchObject({ pruned: 0, refined: 200, margin: 0 });
  const none = await dataset.array('none').nearest(new Float32Array(8)).certify();
  expect(none.claims.results[0]?.proof).toMatchObject({
    scanned: 0,
    kthKey: null,
    kthScore: null,
    margin: null,
  });
  const empty = await dataset
    .array('odd')
    .nearest({ data: new Float32Array(0), shape: [0, 8] })
    .certify();
  expect(empty.claims.results).toEqual([]);
  expect((await dataset.verify(empty, { full: true })).verdict).toBe('right');
  await dataset.close();
});

describe('what is changed', () => {
  /** Each with the start of the claim that is named, or the reason. */
  const lies: readonly [string, (claims: Mutable<CertificateClaims>) => void, string][] = [
    ['one more row pruned', ({ results: [one] }) => one && one.proof.pruned++, 'results[0].proof.pruned'],
    ['a row less refined', ({ results: [one] }) => one && one.proof.refined--, 'results[0].proof.refined'],
    ['rows that are not there', (claims) => claims.liveRows++, 'liveRows'],
    ['a wider bound', ({ results: [one] }) => one && (one.proof.bound = 1e9), 'results[0].proof.bound'],
    ['no bound', ({ results: [one] }) => one && (one.proof.bound = null), 'results[0].proof.bound'],
    ['a wider margin', ({ results: [one] }) => one && (one.proof.margin = 5), 'results[0].proof.margin'],
    ['a key that keeps rows out', ({ results: [one] }) => one && (one.proof.kthKey = 0), 'results[0]'],
    ['a key of NaN', ({ results: [one] }) => one && (one.proof.kthKey = 'NaN'), 'results[0]'],
    ['a key beyond all', ({ results: [one] }) => one && (one.proof.kthKey = 'Infinity'), 'results[0]'],
    [
      'another score',
      ({ results: [one] }) => one && (one.answer.scores[2] = 1),
      'results[0].answer.scores[2]',
    ],
    ['another row', ({ results: [one] }) => one && (one.answer.ids[0] = 1e15), 'results[0].answer.ids[0]'],
    ['another place', ({ results: [one] }) => one && (one.answer.rows[1] = 0), 'results[0].answer.rows[1]'],
    ['two rows swapped', ({ results: [one] }) => one?.answer.ids.reverse(), 'results[0].answer.ids[0]'],
    ['another metric', (claims) => (claims.metric = 'dot'), 'results[0]'],
    [
      'another query',
      ({ queries }) => (queries.values = queries.values.replace(/^.../, 'AAA')),
      'results[0]',
    ],
    ['no codes', ({ read }) => (read.method = 'rows'), 'read.'],
    ['another epoch', ({ read }) => read.epoch && (read.epoch.hash = 'f'.repeat(64)), 'read.epoch.hash'],
    ['other codes', ({ read }) => (read.lists.digest = '0'.repeat(64)), 'read.lists.digest'],
    ['other partitions', ({ read }) => read.partitions.rows++, 'read.partitions.rows'],
    ['another name', ({ array }) => (array.name = '__proto__'), 'array.name'],
    ['another dtype', ({ array }) => (array.dtype = 'float64'), 'array.dtype'],
    ['another array', ({ array }) => (array.id = '0'.repeat(32)), 'no array'],
  ];

  test('is found wrong by going over it again, whatever its hash says', async () => {
    const { dataset } = await indexed('lies');
    const query = Float64Array.from({ length: dimensions }, numbers);
    const certificate = await dataset.array('e').nearest(query).limit(5).certify();
    for (const [what, change, where] of lies) {
      const found = await dataset.verify(claiming(certificate, change));
      expect(found.verdict, `${what}, seed ${seed}`).toBe('wrong');
      const named = found.differences.some(({ claim }) => claim.startsWith(where));
      expect(named || found.reason?.includes(where), `${what}: ${JSON.stringify(found)}`).toBe(true);
    }
    // Of integers, and of bits: the query is none.
    const hash = { ...copyOf(certificate), hash: '0'.repeat(64) };
    expect(await dataset.verify(hash)).toMatchObject({ verdict: 'wrong', now: 'unknown' });
    const silent = copyOf(certificate);
    silent.claims.results[0]?.answer.ids.reverse();
    expect(await dataset.verify(silent)).toMatchObject({ verdict: 'wrong', now: 'unknown' });
    await dataset.close();
  });

  test('a version or a dataset that is not here leaves it open', async () => {
    const { dataset } = await indexed('elsewhere');
    const certificate = await dataset.array('e').nearest(new Float32Array(dimensions)).certify();
    const open = async (
      change: (claims: Mutable<CertificateClaims>) => void,
      now: string,
      reason: RegExp,
    ) => {
      const found = await dataset.verify(claiming(certificate, change));
      expect(found).toMatchObject({ verdict: 'unverifiable', now });
      expect(found.reason).toMatch(reason);
    };
    await open((claims) => (claims.dataset = '0'.repeat(32)), 'unknown', /speaks of the dataset 0{32}/);
    await open((claims) => (claims.version = 999), 'yes', /no version 999/);
    await open((claims) => (claims.version = 2 ** 52), 'yes', /no version 4503599627370496/);
    await open((claims) => (claims.version = 1), 'yes', /another one/);
    await open((claims) => (claims.root = '0'.repeat(64)), 'yes', /another one/);
    const other = await indexed('another');
    expect((await other.dataset.verify(certificate)).verdict).toBe('unverifiable');
    // What the array is now is told apart from what it was.
    await dataset.write((tx) => tx.rename('e', 'f'));
    expect(await dataset.verify(certificate)).toMatchObject({ verdict: 'right', now: 'yes' });
    await dataset.write((tx) => tx.dropArray('f'));
    expect(await dataset.verify(certificate)).toMatchObject({ verdict: 'right', now: 'no' });
    await other.dataset.close();
    await dataset.close();
  });
});

describe('codes', () => {
  const damages: Readonly<Record<string, (objects: readonly string[]) => void>> = {
    'that are flipped': ([codes = '']) => writeFileSync(codes, Buffer.alloc(statSync(codes).size, 7)),
    'that are cut': ([codes = '']) => truncateSync(codes, 100),
    'whose epoch is gone': ([, epoch = '']) => rmSync(epoch),
  };
  for (const [what, damage] of Object.entries(damages)) {
    test(`${what} leave a certificate open, and rows certify the same answer`, async () => {
      const { uri, dataset, objects } = await indexed(`damaged-${what.replaceAll(' ', '-')}`);
      const query = Float64Array.from({ length: dimensions }, numbers);
      const before = await dataset.array('e').nearest(query).certify();
      await dataset.close();
      damage(objects);
      const warnings: NacreError[] = [];
      const again = await open(uri, { onWarning: (warning) => warnings.push(warning) });
      const found = await again.verify(before);
      expect(found).toMatchObject({ verdict: 'unverifiable', now: 'yes' });
      expect(found.reason).toContain('indexes/');
      warnings.length = 0;
      const after = await again.array('e').nearest(query).certify();
      expect(warnings.map(({ code }) => code)).toEqual(['Corrupt']);
      expect(after.claims.read.method).toBe('rows');
      expect(after.claims.results[0]?.answer).toEqual(before.claims.results[0]?.answer);
      expect((await again.verify(after, { full: true })).verdict).toBe('right');
      await again.close();
    });
  }

  const narrow = (norms: RowNorms): RowNorms => ({
    least: Math.fround(1.01 * norms.least),
    most: norms.most,
  });
  const faulty: readonly [string, (view: DataView, norms: RowNorms) => RowNorms, RegExp][] = [
    // The coarse errors are the third of the columns of the only chunk, which has 1,008 places.
    [
      'with too small an error',
      (view, norms) => {
        view.setFloat32(4 * (2 * 1008 + 17), 1e-9, true);
        return norms;
      },
      /indexes\/.* id 17, the coarse error is less/,
    ],
    [
      'with a range of norms that is too narrow',
      (_, norms) => narrow(norms),
      /indexes\/.* id \d+, its norm is not within/,
    ],
  ];
  test.each(faulty)(
    'that a faulty build made %s are found by a full check alone',
    async (what, spoil, reason) => {
      const uri = path.join(folder, `faulty ${what}`);
      const dataset = await open(uri, { create: true });
      await dataset.write(async (tx) => {
        await tx.create('e', { dtype: 'float32', rowShape: [dimensions] });
        await tx.append('e', vectorsOf(1000));
      });
      const binding = native();
      const createCodeTransform = binding.createCodeTransform.bind(binding);
      binding.createCodeTransform = (options) => {
        const transform = createCodeTransform(options);
        return {
          listBytes: (rows) => transform.listBytes(rows),
          bitBytes: (rows) => transform.bitBytes(rows),
          encode: async (dtype, rows, codes) => {
            const norms = await transform.encode(dtype, rows, codes);
            return spoil(new DataView(codes.buffer, codes.byteOffset), norms);
          },
        };
      };
      try {
        await dataset.array('e').index({ type: 'exact' });
      } finally {
        binding.createCodeTransform = createCodeTransform;
      }
      const again = await open(uri);
      const certificate = await again.array('e').nearest(new Float32Array(dimensions)).certify();
      expect(certificate.claims.read.method).toBe('codes');
      expect((await again.verify(certificate)).verdict).toBe('right');
      const found = await again.verify(certificate, { full: true });
      expect(found.verdict).toBe('wrong');
      expect(found.reason).toMatch(reason);
      await again.close();
      await dataset.close();
    },
  );
});

test('what is no certificate is refused by the field that is wrong', async () => {
  const { dataset } = await indexed('input');
  const certificate = await dataset.array('e').nearest(new Float32Array(dimensions)).limit(3).certify();
  const text = JSON.stringify(certificate);
  const edited = (from: RegExp | string, to: string): string => {
    const other = text.replace(from, to);
    expect(other).not.toBe(text);
    return other;
  };
  const refused: readonly [unknown, string][] = [
    ['', 'not valid JSON'],
    ['{', 'not valid JSON'],
    [Uint8Array.of(0xff, 0xfe), 'not valid JSON'],
    ['['.repeat(1_000_000), 'not valid JSON'],
    ['null', 'is no object'],
    ['[]', 'is no object'],
    ['{}', "format is not 'nacre-certificate'"],
    [undefined, 'is no object'],
    [7, 'is no object'],
    [new Uint8Array(65 * 2 ** 20), 'longer than'],
    [edited('"formatVersion":1', '"formatVersion":0'), 'formatVersion'],
    [edited('"formatVersion":1', '"formatVersion":"1"'), 'formatVersion'],
    [edited('"k":3', '"k":1099511627776'), 'claims.k'],
    [edited('"k":3', '"k":0'), 'claims.k'],
    [edited('"k":3', '"k":2.5'), 'claims.k'],
    [edited('"k":3', '"k":1e999'), 'claims.k'],
    [edited('"k":3', '"k":300'), 'claims.results[0].answer.rows'],
    [edited('"offset":0', '"offset":3'), 'claims.offset'],
    [edited('"count":1', '"count":1000000000'), 'claims.queries.count'],
    [edited('"count":1', '"count":1000'), 'claims.queries.values'],
    [edited(/"values":"[^"]*"/, '"values":"?"'), 'is no base64'],
    [edited('"metric":"l2"', '"metric":"euclidean"'), 'claims.metric'],
    [edited('"metric":"l2"', '"metric":"__proto__"'), 'claims.metric'],
    [edited('"metric":"l2"', '"metric":"l2","extra":1'), 'unknown field "extra"'],
    [edited('"metric":"l2"', '"metric":"l2","__proto__":{}'), 'unknown field "__proto__"'],
    [edited('"metric":"l2",', ''), 'lacks metric'],
    [edited('"dtype":"float32"', '"dtype":"constructor"'), 'claims.array.dtype'],
    [edited(/"ids":\[/, '"ids":[-'), 'claims.results[0].answer.ids[0]'],
    [edited(/"scores":\[[^,]*/, '"scores":["NaNN"'), 'claims.results[0].answer.scores[0]'],
    [edited(/"version":\d+/, '"version":-1'), 'claims.version'],
    [edited(/"hash":"[0-9a-f]{64}","made"/, '"hash":"00","made"'), 'hash'],
    [edited(/"key":"[^"]*"/, '"key":"../secret key"'), 'claims.read.epoch.key'],
    [edited(/"name":"e"/, String.raw`"name":"\ud800"`), 'claims.array.name'],
  ];
  for (const [input, what] of refused) {
    const error = await dataset.verify(input).then(
      () => undefined,
      (reason: unknown) => reason as NacreError,
    );
    expect(error?.code, what).toBe('InvalidArgument');
    expect(error?.message).toContain(what);
  }
  expect(await codeOf(dataset.verify(edited('"formatVersion":1', '"formatVersion":2')))).toBe(
    'UnsupportedFormat',
  );
  // Nothing rests on how it came to be.
  for (const made of ['null', '7', '{"__proto__":1,"uri":[]}'])
    expect((await dataset.verify(edited(/"made":\{[^}]*\}/, `"made":${made}`))).verdict).toBe('right');
  expect(Object.prototype).not.toHaveProperty('uri');
  const signal = AbortSignal.abort();
  const query = dataset.array('e').nearest(new Float32Array(dimensions));
  expect(await codeOf(query.certify({ signal }))).toBe('Aborted');
  expect(await codeOf(dataset.verify(certificate, { signal, full: true }))).toBe('Aborted');
  expect(await codeOf(dataset.array('e').nearest([1, 2]).certify())).toBe('InvalidArgument');
  expect(await codeOf(dataset.array('missing').nearest([1]).certify())).toBe('NotFound');
  await dataset.close();
});

test('a certificate that would be longer than any may be is refused before the work', async () => {
  const { dataset } = await indexed('long');
  const queries = { data: new Float32Array(dimensions * 1000), shape: [1000, dimensions] };
  expect(await codeOf(dataset.array('e').nearest(queries).limit(2000).certify())).toBe('ResourceExhausted');
  await dataset.close();
});

test('progress goes up to all rows of every pass, and a signal ends the work at once', async () => {
  const { dataset } = await indexed('progress');
  const query = dataset.array('e').nearest(new Float32Array(dimensions));
  const seen: [number, number][] = [];
  const onProgress = (done: number, total: number): void => void seen.push([done, total]);
  const certificate = await query.certify({ onProgress });
  expect(seen.at(-1)).toEqual([4000, 4000]);
  expect(seen.map(([done]) => done)).toEqual(seen.map(([done]) => done).toSorted((a, b) => a - b));
  seen.length = 0;
  await dataset.verify(certificate, { full: true, onProgress });
  expect(seen.at(-1)).toEqual([6000, 6000]);
  for (const full of [false, true]) {
    const abort = new AbortController();
    const work = dataset.verify(certificate, { full, signal: abort.signal, onProgress: () => abort.abort() });
    expect(await codeOf(work)).toMatch(/^(Aborted|done)$/);
  }
  await dataset.close();
});
