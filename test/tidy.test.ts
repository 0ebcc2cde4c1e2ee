// Style and structure that a machine can hold: layers, lengths, the rooms that things live in. See
// ARCHITECTURE.md.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

/**
 * Lowest first. A file imports only from its own room and from lower lines; rooms on one line do not meet.
 */
const layers: readonly (readonly string[])[] = [
  ['errors'],
  ['util'],
  ['npy'],
  ['native'],
  ['storage'],
  ['cache'],
  ['attributes'],
  ['manifest'],
  ['arrays'],
  ['ann'],
  ['query'],
  ['formats'],
  ['ops'],
  ['dataset'],
  ['index'],
  ['cli', 'server'],
];

/** Rooms that a browser build needs, so no node: module may enter. */
const platformFree = ['errors', 'util', 'npy', 'manifest'];

interface Source {
  readonly file: string;
  readonly room: string;
  readonly text: string;
  readonly lines: readonly string[];
}

function walk(folder: string, keep: (name: string) => boolean): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const relative = path.posix.join(folder, entry.name);
    if (entry.isDirectory())
      return ['target', 'generated', 'node_modules'].includes(entry.name) ? [] : walk(relative, keep);
    return keep(entry.name) ? [relative] : [];
  });
}

function load(file: string): Source {
  const text = readFileSync(path.join(root, file), 'utf8');
  const [, second = ''] = file.split('/');
  return { file, room: second.replace(/\.ts$/, ''), text, lines: text.split('\n') };
}

const product = walk('src', (name) => name.endsWith('.ts')).map(load);
const rust = walk('native', (name) => name.endsWith('.rs')).map(load);
const typescript = ['src', 'test', 'bench', 'examples'].flatMap((folder) =>
  walk(folder, (name) => name.endsWith('.ts')).map(load),
);

function imports(source: Source): string[] {
  return [...source.text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

function layerOf(room: string): number {
  return layers.findIndex((line) => line.includes(room));
}

describe('layers', () => {
  test('every file of src has a room with a place among the layers', () => {
    expect(product.filter((source) => layerOf(source.room) < 0).map((source) => source.file)).toEqual([]);
  });

  test('imports point down', () => {
    const wrong = product.flatMap((source) =>
      imports(source)
        .filter((target) => target.startsWith('.'))
        .map((target) => path.posix.join(path.posix.dirname(source.file), target).split('/')[1] as string)
        .map((name) => name.replace(/\.js$/, ''))
        .filter((room) => room !== source.room && layerOf(room) >= layerOf(source.room))
        .map((room) => `${source.file} imports ${room}`),
    );
    expect(wrong).toEqual([]);
  });

  test('util, npy and manifest import no node: module', () => {
    const wrong = product
      .filter((source) => platformFree.includes(source.room))
      .filter((source) => imports(source).some((target) => target.startsWith('node:')));
    expect(wrong.map((source) => source.file)).toEqual([]);
  });

  test('the command line reaches the engine only through index.ts', () => {
    const wrong = product
      .filter((source) => source.room === 'cli')
      .flatMap((source) =>
        imports(source)
          .filter((target) => target.startsWith('.'))
          .map((target) => path.posix.join(path.posix.dirname(source.file), target))
          .filter((target) => target !== 'src/index.js' && !target.startsWith('src/cli/'))
          .map((target) => `${source.file} imports ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  test('clock, randomness and timers enter only through util/runtime.ts and the command line', () => {
    const banned = [
      /\b(Date\.now|Math\.random|performance\.now|randomUUID|getRandomValues)\(/,
      // A method of that name is somebody else's timer.
      /(?<![.\w])(setTimeout|setInterval)\(/,
    ];
    const wrong = product.filter(
      (source) =>
        source.file !== 'src/util/runtime.ts' &&
        source.room !== 'cli' &&
        banned.some((call) => call.test(source.text)),
    );
    expect(wrong.map((source) => source.file)).toEqual([]);
  });
});

describe('memory', () => {
  test('what a module holds does not grow: but for stores in memory, that have names, what can grow is weak', () => {
    const grows =
      /^(?:export )?(?:const|let) (\w+)[^=]*= (?:new (?:Map|Set|LRUCache)(?:<[^(]*>)?\(\)|\[\]|\{\});$/gm;
    const found = product.flatMap((source) =>
      [...source.text.matchAll(grows)].map(([, name]) => `${source.file}: ${name}`),
    );
    expect(found).toEqual(['src/storage/memory.ts: named']);
  });
});

describe('sizes', () => {
  test('a TypeScript file of src stops at 400 lines, a Rust file at 500 without its tests', () => {
    const long = [
      ...product.filter((source) => source.lines.length > 400),
      ...rust.filter((source) => (source.text.split('#[cfg(test)]', 1)[0] ?? '').split('\n').length > 500),
    ];
    expect(long.map((source) => `${source.file}: ${source.lines.length} lines`)).toEqual([]);
  });

  test('a line stops at 110 characters, but for texts and addresses that cannot be broken', () => {
    const long = [...typescript, ...rust].flatMap((source) =>
      source.lines
        .map((line, index) => ({ line, at: `${source.file}:${index + 1}` }))
        .filter(({ line }) => line.length > 110 && !/['"`].{60,}['"`]/.test(line) && !/https?:/.test(line))
        .map(({ at }) => at),
    );
    expect(long).toEqual([]);
  });
});

describe('words', () => {
  test('no leftover marks', () => {
    const marks = /\b(TODO|FIXME|XXX|HACK)\b/;
    const wrong = [...typescript, ...rust]
      .filter((source) => source.file !== 'test/tidy.test.ts')
      .filter((source) => marks.test(source.text));
    expect(wrong.map((source) => source.file)).toEqual([]);
  });

  test('every unsafe block of Rust says why it is sound', () => {
    const wrong = rust.flatMap((source) =>
      source.lines
        .map((line, index) => ({ line, index }))
        .filter(({ line }) => /\bunsafe\s*\{/.test(line) && !/^\s*\/\//.test(line))
        .filter(
          ({ index }) =>
            !source.lines.slice(Math.max(0, index - 6), index + 1).some((l) => l.includes('SAFETY:')),
        )
        .map(({ index }) => `${source.file}:${index + 1}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('histories', () => {
  test('each of the 28 that broke earlier drafts has a test that names its number', () => {
    const text = typescript.map((source) => source.text).join('\n');
    const numbers = Array.from({ length: 28 }, (_, i) => i + 1);
    const missing = numbers.filter((number) => !new RegExp(`['"]history ${number}: `).test(text));
    expect(missing).toEqual([]);
  });
});
