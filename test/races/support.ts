// Where the races run, and the processes that run them. A place is a store under test, reached by its
// processes through a proxy where there is a server, and by the test itself directly.
//
// Sizes fit a continuous build on two cores; NACRE_RACES_SCALE multiplies them (10 for a night),
// NACRE_RACES_SEED repeats a run's draws. Seeds and what was injected are printed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe } from 'vitest';
import type { Dataset } from '../../src/index.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { type Proxy, type ProxyRule, startProxy } from '../support/proxy.mjs';
import { storesUnderTest } from '../support/servers/index.ts';
import { envThrough, openTestStore, type TestStore } from '../support/servers/open.ts';
import { rowLength, rowsOf } from './content.mjs';

/** Multiplies how often things are done. */
export const scale = Number(process.env['NACRE_RACES_SCALE'] ?? 1);

export const seed = Number(process.env['NACRE_RACES_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** Longest that one test may take, milliseconds; a night's run takes as many times longer as it does more. */
export const patience = 600_000 * scale;

/** Memory is no place that processes can share. */
export const sharedStores = ['folder', 'minio', 'versitygw', 'gcs'] as const;
export type SharedStore = (typeof sharedStores)[number];

/** A suite on each of the stores; it is skipped on those that a run leaves out. */
export function onEach(
  stores: readonly SharedStore[],
  title: string,
  suite: (name: SharedStore) => void,
): void {
  for (const name of stores) {
    describe.runIf(storesUnderTest().includes(name))(`${title} ${name}`, () => {
      suite(name);
    });
  }
}

export const rootKeys = String.raw`versions(/|%2F)\d{20}\.root`;
export const partitionKeys = String.raw`arrays(/|%2F)[0-9a-f]+(/|%2F)`;
export const hintKeys = String.raw`/latest([?&]|$)|%2Flatest([?&]|$)`;

export interface Place {
  readonly name: SharedStore;
  readonly uri: string;
  /** What processes need to reach it, through the proxy where there is one. */
  readonly env: Readonly<Record<string, string>>;
  readonly opened: TestStore;
  readonly proxy: Proxy | undefined;
  /** Opens the dataset directly. */
  open(): Promise<Dataset>;
  dispose(): Promise<void>;
}

/** A fresh place with an empty dataset of the arrays named. */
export async function makePlace(name: SharedStore, arrays: readonly string[] = ['rows']): Promise<Place> {
  const opened = await openTestStore(name);
  const proxy = opened.endpoint === undefined ? undefined : await startProxy(opened.endpoint);
  const env = proxy === undefined ? opened.env : envThrough(opened, proxy.endpoint);
  const openDirect = async (create = false): Promise<Dataset> =>
    openStoreDataset(await opened.another(), { cacheDir: false, create });
  const ds = await openDirect(true);
  if (arrays.length > 0) {
    await ds.write(async (tx) => {
      for (const array of arrays) await tx.create(array, { dtype: 'int32', rowShape: [rowLength] });
    });
  }
  await ds.close();
  return {
    name,
    uri: opened.uri,
    env,
    opened,
    proxy,
    open: openDirect,
    dispose: async () => {
      await proxy?.close();
      await opened.dispose();
    },
  };
}

/** Sets rules on the proxy where there is one; the number says which of them fires first. */
export function inject(place: Place, rules: readonly ProxyRule[]): void {
  place.proxy?.setRules(rules.map((rule, i) => ({ ...rule, seed: seed + i })));
}

const kinds: Readonly<Record<string, string>> = {
  [rootKeys]: 'root',
  [partitionKeys]: 'partition',
  [hintKeys]: 'hint',
};

/** How often each rule fired, by what it does to which requests. */
export function injected(place: Place): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { action, status, method, path: pattern = '', fired } of place.proxy?.rules() ?? []) {
    const key = [method, kinds[pattern], action, status].filter((part) => part !== undefined).join(' ');
    counts[key] = (counts[key] ?? 0) + fired;
  }
  return counts;
}

const script = path.join(import.meta.dirname, 'child.mjs');

export interface Child<Line> {
  readonly process: ChildProcess;
  /** What it said so far, one entry a line. */
  readonly lines: Line[];
  /** Its exit: what it said, or an error with what it wrote about it. */
  readonly done: Promise<Line[]>;
  /** Resolves with the exit whatever it was. */
  readonly ended: Promise<unknown>;
}

/** Starts `node child.mjs JOB OPTIONS` in the place. */
export function start<Line>(place: Place, job: string, options: object = {}, ipc = false): Child<Line> {
  const child = spawn(process.execPath, [script, job, JSON.stringify({ uri: place.uri, ...options })], {
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    env: { ...process.env, NACRE_CACHE_DIR: '', ...place.env },
  });
  const lines: Line[] = [];
  let said = '';
  if (child.stdout === null) throw new Error('no pipe');
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(JSON.parse(line) as Line));
  child.stderr?.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  const read = once(reader, 'close');
  const ended = once(child, 'close').then(async (exit) => {
    await read;
    return exit as [number | null, string | null];
  });
  const done = ended.then(([code, signal]) => {
    if (code === 0) return lines;
    throw new Error(`${job} ended with ${String(code ?? signal)}:\n${said}`);
  });
  done.catch(() => undefined);
  return { process: child, lines, done, ended };
}

/** Runs the processes to their ends; when one fails the others are killed. */
export async function all<Line>(children: readonly Child<Line>[]): Promise<Line[][]> {
  try {
    return await Promise.all(children.map((child) => child.done));
  } finally {
    for (const child of children) child.process.kill('SIGKILL');
    await Promise.allSettled(children.map((child) => child.ended));
  }
}

/**
 * Operations `writer.operation` found in an array, in order. Throws unless every operation's rows stand together,
 * all of them, once, and bit for bit as written.
 */
export async function operationsIn(ds: Dataset, array: string): Promise<string[]> {
  const { data } = await ds.array(array).read();
  const found: string[] = [];
  for (let at = 0; at < data.length; ) {
    const [writer, operation] = [Number(data[at]), Number(data[at + 1])];
    const expected = rowsOf(writer, operation).data;
    const observed = data.subarray(at, at + expected.length);
    if (Buffer.compare(bytesOf(expected), bytesOf(observed as Int32Array)) !== 0) {
      throw new Error(
        `${array}: rows of ${writer}.${operation} at row ${at / rowLength} differ or are incomplete`,
      );
    }
    found.push(`${writer}.${operation}`);
    at += expected.length;
  }
  if (new Set(found).size !== found.length) throw new Error(`${array}: an operation is there twice`);
  return found;
}

export function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
