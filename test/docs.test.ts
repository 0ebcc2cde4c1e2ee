// What the documents say, as far as a machine can check it: links, paths, commands, the schema's fields, the
// worked example of docs/format.md byte by byte, and the examples of README.md, docs/attributes.md and
// docs/history.md, docs/upkeep.md, docs/scrub-and-repair.md, docs/replicas.md, docs/parity.md, which are run.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { commands } from '../src/cli/commands/index.js';
import { makeProgram } from '../src/cli/program.js';
import { manifestFunctions } from '../src/dataset/environment.js';
import { openStoreDataset } from '../src/dataset/open.js';
import { readHint } from '../src/manifest/hint.js';
import { encodeToken } from '../src/manifest/settle.js';
import { native } from '../src/native.js';
import { encodeHeader } from '../src/npy/header.js';
import { LocalStore } from '../src/storage/local.js';
import { MemoryStore } from '../src/storage/memory.js';
import { systemRuntime } from '../src/util/runtime.js';
import { FakeRuntime } from './support/fake-runtime.js';

const root = path.resolve(import.meta.dirname, '..');
const run = promisify(execFile);

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

function documentsOf(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.posix.join(folder, name));
}

const documents = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'examples/README.md'],
  ...documentsOf('docs'),
];

interface Block {
  readonly info: string;
  readonly text: string;
}

function blocksOf(file: string): Block[] {
  return [...read(file).matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, info = '', text = '']) => ({
    info,
    text,
  }));
}

/** Text outside of code blocks. */
function proseOf(file: string): string {
  return read(file).replace(/^```[\s\S]*?^```$/gm, '');
}

/** The anchors that GitHub gives to the headings of a document. */
function anchorsOf(file: string): Set<string> {
  const headings = [...proseOf(file).matchAll(/^#+ (.*)$/gm)].map((match) => match[1] ?? '');
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('links and names', () => {
  test('every link between documents leads to a file and a heading that are there', () => {
    const broken = documents.flatMap((file) =>
      [...proseOf(file).matchAll(/\]\(([^)\s]+)\)/g)]
        .map((match) => match[1] ?? '')
        .filter((target) => !/^https?:/.test(target))
        .filter((target) => {
          const [relative = '', anchor] = target.split('#');
          const linked = relative === '' ? file : path.posix.join(path.posix.dirname(file), relative);
          if (!existsSync(path.join(root, linked))) return true;
          return anchor !== undefined && !anchorsOf(linked).has(anchor);
        })
        .map((target) => `${file}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  test('every path of the repository that a document names is there', () => {
    const named =
      /`((?:src|test|scripts|native|bench|examples|docs|python|\.ci)\/[\w./-]*|[\w.-]+\.(?:json|toml|yml|md))`/g;
    const wrong = documents.flatMap((file) =>
      [...proseOf(file).matchAll(named)]
        .map((match) => match[1] ?? '')
        .filter((name) => !existsSync(path.join(root, name)))
        .map((name) => `${file}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('every npm script that a document names is one', () => {
    const { scripts } = JSON.parse(read('package.json')) as { readonly scripts: Record<string, string> };
    const wrong = documents.flatMap((file) =>
      [...read(file).matchAll(/\bnpm (?:run )?([a-z]+)\b/g)]
        .map((match) => match[1] ?? '')
        .filter((name) => !['ci', 'install', 'pack', 'publish', 'version', 'login'].includes(name))
        .filter((name) => !Object.hasOwn(scripts, name))
        .map((name) => `${file}: npm ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('every nacre command and option that a document names is there', () => {
    const program = makeProgram({ interrupt: new AbortController().signal, exitCode: 0 }, commands);
    const wrong = documents.flatMap((file) =>
      [...read(file).matchAll(/(?:^|`|\$ )nacre ([a-z][^`\n]*)/gm)]
        .map((match) => match[1] ?? '')
        .filter((line) => !isCommand(program, line))
        .map((line) => `${file}: nacre ${line}`),
    );
    expect(wrong).toEqual([]);
  });
});

function isCommand(program: Command, line: string): boolean {
  const [name = '', ...words] = line.split(/\s+/);
  const command = program.commands.find((one) => one.name() === name);
  if (command === undefined) return false;
  const group = command.commands.find((one) => one.name() === words[0]);
  const known = [program, command, ...(group === undefined ? [] : [group])].flatMap((one) => one.options);
  return words
    .filter((word) => /^--?[a-z]/.test(word))
    .every((word) => known.some(({ long, short }) => word === long || word === short));
}

describe('docs/format.md', () => {
  test('its tables name every field of every message of the schema, by number, and no other', () => {
    const messages = [
      ...read('src/manifest/proto/nacre.proto').matchAll(/^message (\w+) \{\n([\s\S]*?)^\}/gm),
    ];
    const schema = messages.map(([, message = '', body = '']) => [
      message,
      [...body.matchAll(/^ +(?:repeated )?\w+ (\w+) = (\d+);/gm)].map((field) => `${field[2]} ${field[1]}`),
    ]);
    const sections = read('docs/format.md').split(/^### /m).slice(1);
    const documented = sections.map((section) => [
      section.split('\n', 1)[0],
      [...section.matchAll(/^\| (\d+) +\| `(\w+)` +\|/gm)].map((row) => `${row[1]} ${row[2]}`),
    ]);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(schema));
  });

  test('the worked example is what this release writes, byte by byte', async () => {
    const { objects, rows } = await workedExample();
    const blocks = blocksOf('docs/format.md');
    const sizes = [...objects].map(([key, bytes]) => `${String(bytes.byteLength).padStart(4)}  ${key}`);
    expect(blocks.find(({ info }) => info === 'keys')?.text.trimEnd()).toBe(sizes.join('\n'));
    const dumps = blocks.filter(({ info }) => info.startsWith('hex '));
    expect(dumps).toHaveLength(3);
    for (const { info, text } of dumps) {
      const bytes = objects.get(info.slice('hex '.length)) ?? new Uint8Array(0);
      expect(text.trimEnd()).toBe(dump(bytes));
    }
    expect(JSON.parse(blocks.find(({ info }) => info === 'result')?.text ?? '')).toEqual(rows);
  });
});

async function workedExample(): Promise<{ objects: Map<string, Uint8Array>; rows: number[][] }> {
  const runtime = new FakeRuntime({ seed: 7 });
  const store = new MemoryStore('example', runtime);
  const ds = await openStoreDataset(store, { create: true, cacheDir: false, runtime });
  await ds.write(async (tx) => {
    await tx.create('a', { dtype: 'int16', rowShape: [2] });
    await tx.append('a', { data: Int16Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] });
  });
  await ds.write((tx) => tx.replace('a', [1], { data: Int16Array.of(30, 40), shape: [1, 2] }));
  await ds.write((tx) => tx.drop('a', [0]));
  const { data } = await ds.array('a').read();
  await ds.close();
  const bare = new MemoryStore('example', runtime);
  const { entries } = await bare.list();
  const bodies = await Promise.all(entries.map(async ({ key }) => [key, await bare.get(key)] as const));
  const objects = new Map(bodies.map(([key, body]) => [key, body?.bytes ?? new Uint8Array(0)]));
  const numbers = Array.from(data as Int16Array);
  return { objects, rows: [numbers.slice(0, 2), numbers.slice(2)] };
}

/** Offset, 16 bytes in hexadecimal, and the same as text. */
function dump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.byteLength; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const digits = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = row.map((byte) => (byte > 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(4, '0')}  ${digits.padEnd(47)}  ${text}`);
  }
  return lines.join('\n');
}

describe('README.md', () => {
  test('its TypeScript runs as it stands', async () => {
    const blocks = blocksOf('README.md').filter(({ info }) => info === 'ts');
    expect(blocks.length).toBeGreaterThan(0);
    await inScratch(async (folder) => {
      for (const [i, { text }] of blocks.entries()) {
        const file = path.join(folder, `readme-${i}.ts`);
        const library = pathToFileURL(path.join(root, 'src', 'index.ts')).pathname;
        await writeFile(file, text.replaceAll("from 'nacre'", `from '${library}'`));
        await import(/* @vite-ignore */ file);
      }
    });
  });

  test('its commands run one after the other, with its points in the folder', async () => {
    const blocks = blocksOf('README.md').filter(({ info }) => info === 'sh');
    expect(blocks.length).toBeGreaterThan(0);
    await inScratch(async (folder) => {
      await savePoints(folder, 'points', 1_000);
      await runCommands(folder, blocks);
    });
  });
});

describe('docs/attributes.md', () => {
  test('its programs and its commands run, with the files that they name in the folder', async () => {
    const blocks = blocksOf('docs/attributes.md');
    const [programs, commands] = [
      blocks.filter(({ info }) => info === 'js'),
      blocks.filter(({ info }) => info === 'sh'),
    ];
    expect([programs.length, commands.length]).toEqual([2, 2]);
    await runPrograms(programs);
    await inScratch(async (folder) => {
      await savePoints(folder, 'rows', 100);
      await savePoints(folder, 'more', 2);
      await writeFile(path.join(folder, 'more.csv'), 'lang,at\nde,2026-01-02T03:04:05Z\n,\n');
      await writeFile(path.join(folder, 'fixed.csv'), 'lang,published\nde,2020\nen,2021\n');
      await runCommands(folder, commands);
    });
  });
});

describe('docs/reliability.md', () => {
  const page = readFileSync(path.join(root, 'docs/reliability.md'), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| \d+ \|/.test(line));

  test('has a row for each fault of the model', () => {
    const numbers = rows.map((row) => Number(row.split('|')[1]));
    const expected = Array.from({ length: 42 }, (_, i) => i + 1).filter((n) => n < 32 || n > 34);
    expect(numbers).toEqual(expected);
  });

  test('names tests, checks and planted bugs that are there', () => {
    const checker = readdirSync(path.join(root, 'test/simulation/checker'))
      .map((name) => readFileSync(path.join(root, 'test/simulation/checker', name), 'utf8'))
      .join('\n');
    const wrong = rows.flatMap((row) => [
      ...[...row.matchAll(/`((?:test|native)\/[^`]+)` "([^"]+)"/g)]
        .filter(([, file = '', title = '']) => !readFileSync(path.join(root, file), 'utf8').includes(title))
        .map(([what]) => what),
      ...[...row.matchAll(/\b(C\d+ [^,;|]+)/g)]
        .filter(([, check = '']) => !checker.includes(`'${check.trim()}'`))
        .map(([what]) => what),
      ...[...row.matchAll(/planted bugs? ([^;|]+)/g)]
        .flatMap(([, names = '']) => [...names.matchAll(/`([^`]+)`/g)])
        .filter(([, name]) => !existsSync(path.join(root, 'test/simulation/mutants', `${name}.patch`)))
        .map(([what]) => what),
    ]);
    expect(wrong).toEqual([]);
  });
});

describe.each([
  ['docs/quick-reference.md', 1, 1],
  ['docs/arrays.md', 4, 0],
  ['docs/formats.md', 4, 2],
  ['docs/history.md', 4, 4],
  ['docs/upkeep.md', 1, 1],
  ['docs/scrub-and-repair.md', 1, 2],
  ['docs/replicas.md', 2, 2],
  ['docs/parity.md', 1, 1],
  ['docs/backup.md', 1, 2],
])('%s', (page, programCount, commandCount) => {
  test('its programs and its commands run', async () => {
    const blocks = blocksOf(page);
    const [programs, commands] = [
      blocks.filter(({ info }) => info === 'js'),
      blocks.filter(({ info }) => info === 'sh'),
    ];
    expect([programs.length, commands.length]).toEqual([programCount, commandCount]);
    await runPrograms(programs);
    await inScratch(async (folder) => {
      await savePoints(folder, 'rows', 100);
      await savePoints(folder, 'more', 2);
      await savePoints(folder, 'points', 1_000);
      await runCommands(folder, commands);
    });
  });
});

describe('docs/recovery.md', () => {
  test('its commands run one after the other, to the end', async () => {
    const commands = blocksOf('docs/recovery.md').filter(({ info }) => info === 'sh');
    expect(commands).toHaveLength(11);
    await inScratch(async (folder) => {
      await savePoints(folder, 'points', 1_000);
      await savePoints(folder, 'more', 2);
      const at = commands.findIndex(({ text }) => text.includes('token.txt'));
      await runCommands(folder, commands.slice(0, at));
      // What a command would have printed whose replies were lost.
      await saveToken(path.join(folder, 'again'), folder);
      await runCommands(folder, commands.slice(at));
    });
  });
});

/** Of a commit that lost its slot. */
async function saveToken(place: string, folder: string): Promise<void> {
  const { head } = await readHint(new LocalStore(place, systemRuntime), manifestFunctions(native()));
  const dataset = head?.root.dataset ?? new Uint8Array(16);
  const token = encodeToken({ dataset, slot: 1, operation: new Uint8Array(16).fill(7) });
  await writeFile(path.join(folder, 'token.txt'), token);
}

/** Programs, each in a folder of its own, as they stand. */
async function runPrograms(programs: readonly Block[]): Promise<void> {
  for (const [i, { text }] of programs.entries()) {
    await inScratch(async (folder) => {
      const file = path.join(folder, `program-${i}.ts`);
      const library = pathToFileURL(path.join(root, 'src', 'index.ts')).pathname;
      await writeFile(file, text.replaceAll("from 'nacre'", `from '${library}'`));
      await import(/* @vite-ignore */ file);
    });
  }
}

/** Rows of four numbers, and their attributes as JSON lines. */
async function savePoints(folder: string, name: string, rows: number): Promise<void> {
  const points = Float32Array.from({ length: rows * 4 }, (_, i) => Math.sin(i));
  const body = new Uint8Array(points.buffer);
  await writeFile(path.join(folder, `${name}.npy`), [encodeHeader('float32', [rows, 4]), body]);
  const lines = Array.from({ length: rows }, (_, i) =>
    JSON.stringify({ id: i, lang: i % 3 === 0 ? null : 'de', year: 1990 + (i % 40), tags: ['a'] }),
  );
  await writeFile(path.join(folder, `${name}.jsonl`), lines.join('\n'));
}

/** One after the other, each of which goes well. */
async function runCommands(folder: string, blocks: readonly Block[]): Promise<void> {
  const bin = path.join(folder, 'bin');
  if (!existsSync(bin)) {
    await mkdir(bin);
    await symlink(path.join(root, 'dist', 'cli', 'main.js'), path.join(bin, 'nacre'));
  }
  const script = `set -euo pipefail\n${blocks.map(({ text }) => text).join('\n')}`;
  const PATH = `${bin}:${process.env['PATH'] ?? ''}`;
  const env = { ...process.env, PATH, NACRE_CACHE_DIR: path.join(folder, 'cache') };
  await run('bash', ['-c', script], { cwd: folder, env });
}

/** A fresh folder as the working directory, removed afterwards. */
async function inScratch(work: (folder: string) => Promise<void>): Promise<void> {
  const before = process.cwd();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'nacre-docs-'));
  process.chdir(folder);
  try {
    await work(folder);
  } finally {
    process.chdir(before);
    await rm(folder, { recursive: true });
  }
}
