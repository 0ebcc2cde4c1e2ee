// Certificates by the command line: written by a query, gone over again by a command with an exit code of its
// own for each verdict.
import { createHash } from 'node:crypto';
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Certificate } from '../../src/index.js';
import { canonical } from '../../src/query/canonical.js';
import { answer, nacre, saveNpy, scratch } from './support.js';

const folder = await scratch();
const uri = path.join(folder, 'dataset');
const file = path.join(folder, 'answer.json');

beforeAll(async () => {
  const data = Float32Array.from({ length: 1500 * 32 }, (_, i) => Math.sin(i * i));
  await answer([
    'import',
    uri,
    'e',
    await saveNpy(path.join(folder, 'rows.npy'), 'float32', [1500, 32], data),
  ]);
  await answer(['index', uri, 'e', '--type', 'exact']);
});

async function certificateAt(place: string): Promise<Certificate> {
  return JSON.parse(await readFile(place, 'utf8')) as Certificate;
}

test('a query writes a certificate beside the same answer, and it verifies', async () => {
  const query = ['query', uri, 'e', '--row', '7', '-k', '4', '--metric', 'cosine'];
  const certified = await answer([...query, '--certify', file]);
  expect(certified).toEqual(await answer(query));
  const { claims, made } = await certificateAt(file);
  expect(claims).toMatchObject({ version: certified['version'], k: 4, offset: 0, metric: 'cosine' });
  expect(claims.read.method).toBe('codes');
  expect(made.uri).toMatch(/^file:/);
  for (const full of [false, true]) {
    const found = await answer(['verify-certificate', file, ...(full ? ['--full'] : [])]);
    expect(found).toEqual({
      file,
      uri: made.uri,
      verdict: 'right',
      reason: null,
      differences: [],
      now: 'yes',
      version: claims.version,
      headVersion: claims.version,
      full,
    });
  }
  const text = await nacre(['verify-certificate', file, '--uri', uri]);
  expect(text.code).toBe(0);
  expect(text.stdout.toString()).toMatch(
    /^right at version \d+\n {2}1 query by cosine on 1,500 rows, \d+ ruled out by codes, margin 0\.\d+\n/,
  );
  expect(text.stdout.toString()).toMatch(/\nstill right at version \d+, the newest\n$/);
  const piped = await nacre(['verify-certificate', '-', '--json'], { input: await readFile(file) });
  expect(piped.json).toMatchObject({ verdict: 'right', file: '-' });
});

test('one that is wrong ends with 9, one that cannot be verified with 10, each with its reason', async () => {
  await answer(['query', uri, 'e', '--row', '3', '--certify', file]);
  const certificate = await certificateAt(file);
  const other = path.join(folder, 'other.json');
  const results = certificate.claims.results.map(({ answer: found, proof }) => {
    return { answer: found, proof: { ...proof, pruned: proof.pruned + 1 } };
  });
  const changed = { ...certificate, claims: { ...certificate.claims, results } };
  await writeFile(other, JSON.stringify(changed));
  const silent = await nacre(['verify-certificate', other, '--json']);
  expect([silent.code, silent.json['verdict'], silent.json['reason']]).toEqual([
    9,
    'wrong',
    'the hash is not that of the claims',
  ]);
  const hash = createHash('sha256').update(canonical(changed.claims)).digest('hex');
  await writeFile(other, JSON.stringify({ ...changed, hash }));
  const wrong = await nacre(['verify-certificate', other]);
  expect(wrong.code).toBe(9);
  expect(wrong.stdout.toString()).toMatch(
    /^wrong at version 3: .*\n {2}results\[0\]\.proof\.pruned: claims \d+, found \d+\n/,
  );
  const elsewhere = path.join(folder, 'elsewhere');
  await answer(['create', elsewhere]);
  const open = await nacre(['verify-certificate', file, '--uri', elsewhere, '--json']);
  expect([open.code, open.json['verdict'], open.json['now']]).toEqual([10, 'unverifiable', 'unknown']);
  const text = await nacre(['verify-certificate', file, '--uri', elsewhere]);
  expect(text.stdout.toString()).toMatch(/^cannot be verified at version 3: it speaks of the dataset/);
});

test('what is no certificate, and an address without a dataset, are errors as everywhere', async () => {
  const refused = async (args: readonly string[], what: string | RegExp): Promise<string> => {
    const ended = await nacre([...args, '--json']);
    expect(ended.error.message).toMatch(what);
    expect(ended.stdout.toString()).toBe('');
    return `${ended.code} ${ended.error.code}`;
  };
  const bad = path.join(folder, 'bad.json');
  await writeFile(bad, '{"format":"nacre-certificate"');
  expect(await refused(['verify-certificate', bad], 'not valid JSON')).toBe('2 InvalidArgument');
  await truncate(bad, 70 * 2 ** 20);
  expect(await refused(['verify-certificate', bad], '73400320 bytes')).toBe('2 InvalidArgument');
  expect(await refused(['verify-certificate', path.join(folder, 'rows.npy')], 'not valid JSON')).toBe(
    '2 InvalidArgument',
  );
  expect(await refused(['verify-certificate', path.join(folder, 'none.json')], 'no such file')).toBe(
    '4 NotFound',
  );
  await mkdir(path.join(folder, 'd.json'), { recursive: true });
  expect(await refused(['verify-certificate', path.join(folder, 'd.json')], 'd.json')).toBe(
    '2 InvalidArgument',
  );
  const nowhere = path.join(folder, 'nowhere');
  expect(await refused(['verify-certificate', file, '--uri', nowhere], 'no dataset')).toBe('4 NotFound');
  const homeless = { ...(await certificateAt(file)), made: {} };
  await writeFile(bad, JSON.stringify(homeless));
  expect(await refused(['verify-certificate', bad], 'where it was made')).toBe('2 InvalidArgument');

  const rows = path.join(folder, 'rows.npy');
  expect(await refused(['query', rows, '--row', '1', '--certify', bad], 'no certificates')).toBe(
    '2 InvalidArgument',
  );
  expect(await refused(['query', uri, 'e', '--row', '1', '--certify', '-'], 'standard output')).toBe(
    '2 InvalidArgument',
  );
  const inFile = path.join(rows, 'x.json');
  expect(await refused(['query', uri, 'e', '--row', '1', '--certify', inFile], 'x.json')).toMatch(/^2 /);
});
