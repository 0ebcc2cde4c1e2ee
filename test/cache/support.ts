// Pages of known content, a source that counts and really checks, folders that are cleaned up.
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect } from 'vitest';
import { FolderCache } from '../../src/cache/folder-cache.js';
import { fileBytes, type Page, pageName } from '../../src/cache/page.js';
import { openPageCache } from '../../src/cache/page-cache.js';
import type { PageCacheOptions, PageSource } from '../../src/cache/page-cache.js';
import { NacreError } from '../../src/errors.js';
import { native } from '../../src/native.js';
import { toHex } from '../../src/util/bytes.js';
import { type Runtime, systemRuntime } from '../../src/util/runtime.js';
import { contentOf } from './content.js';

export const binary = native();

/** A second ahead, so that files just written count as settled. */
export const settledRuntime: Runtime = { ...systemRuntime, now: () => Date.now() + 1000 };

export interface KnownPage {
  readonly page: Page;
  readonly bytes: Uint8Array;
}

/** A page that is a whole object of `length` bytes. */
export function knownPage(seed: number, length = 1000): KnownPage {
  const bytes = contentOf(seed, length);
  return { page: { hash: toHex(binary.blake3(bytes)), offset: 0, length }, bytes };
}

export interface CountingSource extends PageSource {
  loads: number;
  checks: number;
}

/** Loads a copy of the page, and checks by CRC32C as the manifest's tables do. */
export function sourceOf({ bytes }: KnownPage): CountingSource {
  const expected = binary.crc32c(bytes);
  const source: CountingSource = {
    loads: 0,
    checks: 0,
    load: async () => {
      source.loads++;
      return bytes.slice();
    },
    verify: async (read) => {
      source.checks++;
      if (binary.crc32c(read) !== expected) throw new NacreError('Corrupt', 'the page differs');
    },
  };
  return source;
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function scratch(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'nacre-cache-'));
  folders.push(folder);
  return folder;
}

export function openCache(folder: string, options: Partial<PageCacheOptions> = {}): FolderCache {
  const cache = openPageCache({
    folder,
    budgetBytes: 64 * 2 ** 20,
    runtime: settledRuntime,
    native: binary,
    ...options,
  });
  if (!(cache instanceof FolderCache)) throw new Error('the cache is off');
  return cache;
}

export function fileOf(folder: string, page: Page): string {
  return path.join(folder, 'v1', page.hash.slice(0, 2), pageName(page));
}

/** Sizes of the page and temporary files, as charged. */
export function chargedOnDisk(length: number): number {
  return Math.ceil(fileBytes(length) / 4096) * 4096;
}

export function flipBit(file: string, byte: number): void {
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, Uint8Array.of(0xaa), 0, 1, byte);
  writeSync(descriptor, Uint8Array.of(0x55), 0, 1, byte + 1);
  closeSync(descriptor);
}

export function namesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(String).sort();
}

/** Says no more than whether they are equal: a picture of 5 MB helps nobody. */
export function expectBytes(observed: Uint8Array, { bytes }: KnownPage): void {
  expect(Buffer.from(observed.buffer, observed.byteOffset, observed.byteLength).equals(bytes)).toBe(true);
}

/** A promise and the function that resolves it. */
export function gateOf(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((opened) => {
    resolve = opened;
  });
  return { promise, resolve };
}

/** Runs `body` with a folder of its own, without the rights of root when the tests have them. */
export async function asOrdinaryUser<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await body(scratch());
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
