// What `npm pack` makes, as those get it who install it: no cargo, no compiler, no sources of this
// repository.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import { answer, cleanEnvironment, pairs, scratch } from '../cli/support.js';
import { serversUnderTest } from '../support/servers/index.ts';
import { openTestStore } from '../support/servers/open.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..', '..');
const folder = await scratch();
const home = path.join(folder, 'app');
const installed = path.join(home, 'node_modules', 'nacre');
const wantsNoCargo = { PATH: path.dirname(process.execPath) };

beforeAll(async () => {
  await mkdir(home);
  // Built already: packing must need no cargo here.
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
  });
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  const tarball = path.join(folder, packed?.filename ?? '');
  await writeFile(path.join(home, 'package.json'), '{ "name": "app", "private": true, "type": "module" }');
  await install(tarball);
  const source = await readFile(path.join(root, 'examples', 'function.ts'), 'utf8');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  await writeFile(path.join(home, 'function.js'), outputText);
});

/** By npm; where no registry can be reached, unpacked beside the dependencies of this repository. */
async function install(tarball: string): Promise<void> {
  const quick = ['--prefer-offline', '--fetch-retries=0', '--fetch-timeout=20000'];
  const plain = ['--ignore-scripts', '--no-audit', '--no-fund', '--omit=dev'];
  try {
    await run('npm', ['install', ...quick, ...plain, tarball], { cwd: home, timeout: 240_000 });
  } catch {
    console.warn('npm cannot install the dependencies of the tarball here: they are linked instead');
    await mkdir(path.join(home, 'node_modules'), { recursive: true });
    for (const name of await readdir(path.join(root, 'node_modules'))) {
      const link = path.join(home, 'node_modules', name);
      if (name !== 'nacre' && !name.startsWith('.') && !existsSync(link))
        await symlink(path.join(root, 'node_modules', name), link);
    }
    await run('tar', ['xzf', tarball, '-C', folder]);
    await cp(path.join(folder, 'package'), installed, { recursive: true });
  }
}

/** Runs a module text in the folder of the app. */
async function node(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout } = await run(process.execPath, [...args], {
    cwd: home,
    env: { ...cleanEnvironment(env), ...wantsNoCargo },
  });
  return stdout;
}

test('the tarball holds the program, the types and the binary, and none of the sources', async () => {
  const files = await readdir(installed, { recursive: true });
  for (const file of ['dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js', 'dist/nacre.node', 'LICENSE'])
    expect(files).toContain(file);
  expect(
    files.filter((file) => /^(src|test|native|node_modules|target)\b|\.rs$|\.tsbuildinfo$/.test(file)),
  ).toEqual([]);
  expect((await stat(path.join(installed, 'dist', 'nacre.node'))).size).toBeLessThanOrEqual(4 * 2 ** 20);
});

test('the command runs where there is no cargo', async () => {
  const dataset = path.join(folder, 'dataset');
  const rows = await pairs(path.join(folder, 'rows.npy'), 5);
  const program = path.join(installed, 'dist', 'cli', 'main.js');
  await node([program, 'import', dataset, 'e', rows]);
  expect(JSON.parse(await node([program, 'info', dataset, '--json']))).toMatchObject({
    arrays: { e: { shape: [5, 2] } },
  });
  expect(await node([program, '--version'])).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('it can be imported, and required where modules are not known', async () => {
  const names =
    "console.log(['open', 'isNacreError', 'openNpyFile'].map((name) => typeof nacre[name]).join())";
  const imported = await node(['--input-type=module', '-e', `import * as nacre from 'nacre'; ${names}`]);
  const required = await node(['--input-type=commonjs', '-e', `const nacre = require('nacre'); ${names}`]);
  expect([imported, required]).toEqual(['function,function,function\n', 'function,function,function\n']);
});

test('importing it loads the surface alone: no engine, no SDK, no command line, not the binary', async () => {
  // What is resolved after this is told on standard error, module by module.
  const hooks = `import { writeSync } from 'node:fs';
    export async function resolve(name, context, next) {
      const found = await next(name, context);
      writeSync(2, found.url + '\\n');
      return found;
    }`;
  const script = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(hooks)}));
    await import('nacre');
    const { sharedObjects } = process.report.getReport();
    console.log(sharedObjects.filter((file) => file.endsWith('nacre.node')).length);`;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], {
    cwd: home,
    env: { ...cleanEnvironment(), ...wantsNoCargo },
  });
  expect(stderr).toContain('nacre/dist/index.js');
  const resolved = stderr.split('\n').filter((url) => /^(file|node):/.test(url));
  expect(resolved.filter((url) => !url.includes('nacre/dist/') || url.includes('/cli/'))).toEqual([]);
  // Each once, however many import it. As in test/public-api.test.ts: the engine has some 500 KB.
  const loaded = await Promise.all([...new Set(resolved)].map((url) => readFile(new URL(url), 'utf8')));
  expect(loaded.join('').length).toBeLessThan(40_000);
  expect(stdout).toBe('0\n');
});

/** Calls the handler with each event in one instance of the function; the answers. */
async function calls(
  events: readonly unknown[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly statusCode: number; readonly body: Record<string, unknown> }[]> {
  const script = `
    import { handler } from './function.js';
    const out = [];
    for (const event of ${JSON.stringify(events)}) {
      const { statusCode, body } = await handler(event, { getRemainingTimeInMillis: () => 30_000 });
      out.push({ statusCode, body: JSON.parse(body) });
    }
    console.log(JSON.stringify(out));`;
  return JSON.parse(await node(['--input-type=module', '-e', script], env)) as Awaited<
    ReturnType<typeof calls>
  >;
}

describe.each(['folder', ...serversUnderTest()] as const)('the function on %s', (name) => {
  test('opens a dataset that it has never seen, answers reads and queries, and says what is wrong', async () => {
    const place = await openTestStore(name);
    try {
      const rows = await pairs(path.join(folder, 'rows.npy'), 50);
      await answer(['import', place.uri, 'e', rows], { env: place.env });
      const answers = await calls(
        [
          { array: 'e', start: 1, end: 3 },
          { body: JSON.stringify({ array: 'e', vector: [8, 9], k: 2 }) },
          { array: 'f' },
          { array: 'e', vector: [1, 2, 3] },
          { body: 'no JSON' },
          { uri: `${place.uri}-nowhere`, array: 'e' },
        ],
        { ...place.env, NACRE_URI: place.uri },
      );
      expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 404, 400, 400, 404]);
      expect(answers[0]?.body).toEqual({ version: 2, dtype: 'float32', shape: [2, 2], data: [2, 3, 4, 5] });
      expect(answers[1]?.body).toEqual({
        version: 2,
        metric: 'l2',
        hits: [
          { row: 4, id: 4, score: 0 },
          { row: 3, id: 3, score: Math.sqrt(8) },
        ],
      });
    } finally {
      await place.dispose();
    }
  });
});

test.runIf(serversUnderTest().includes('minio'))(
  'a cold function finds rows by a filter and an index of lists on MinIO, each process anew',
  async () => {
    const place = await openTestStore('minio');
    try {
      const build = `
        import { open } from 'nacre';
        const dataset = await open(process.env.NACRE_URI, { create: true });
        const rows = 2_000;
        const data = Float32Array.from({ length: rows * 8 }, (_, i) => Math.sin(i * i));
        const parity = Array.from({ length: rows }, (_, row) => (row % 2 === 0 ? 'even' : 'odd'));
        await dataset.write(async (tx) => {
          await tx.create('e', { dtype: 'float32', rowShape: [8] });
          await tx.append('e', { data, shape: [rows, 8] }, { attributes: { parity } });
        });
        await dataset.array('e').index({ type: 'ivf' });
        await dataset.close();
        console.log(JSON.stringify(Array.from(data.subarray(77 * 8, 78 * 8))));`;
      const env = { ...place.env, NACRE_URI: place.uri };
      const vector = JSON.parse(await node(['--input-type=module', '-e', build], env)) as number[];
      const query = { array: 'e', vector, k: 5, recall: 0.9, select: ['parity'] };
      const events = [query, { ...query, where: "parity = 'even'" }, { ...query, where: 'parity =' }];
      const [first, second] = [await calls(events, env), await calls(events, env)];
      expect(first).toEqual(second);
      const hits = first.map(({ body }) => body['hits'] as { row: number; attributes: { parity: string } }[]);
      expect(first.map(({ statusCode }) => statusCode)).toEqual([200, 200, 400]);
      expect([hits[0]?.length, hits[0]?.[0]?.row]).toEqual([5, 77]);
      expect(hits[1]?.map(({ attributes }) => attributes.parity)).toEqual(
        Array.from({ length: 5 }, () => 'even'),
      );
    } finally {
      await place.dispose();
    }
  },
);

test('a warm function sees what was committed since', async () => {
  const uri = path.join(folder, 'warm');
  const rows = await pairs(path.join(folder, 'rows.npy'), 3);
  await answer(['import', uri, 'e', rows]);
  const script = `
    import { open } from 'nacre';
    import { handler } from './function.js';
    const read = async () => JSON.parse((await handler({ array: 'e' })).body);
    const before = await read();
    const writer = await open(process.env.NACRE_URI);
    await writer.write((tx) => tx.append('e', { data: Float32Array.of(1, 2), shape: [1, 2] }));
    const after = await read();
    await writer.close();
    console.log(JSON.stringify([before.version, before.shape, after.version, after.shape]));`;
  const seen = await node(['--input-type=module', '-e', script], { NACRE_URI: uri });
  expect(JSON.parse(seen)).toEqual([2, [3, 2], 3, [4, 2]]);
});
