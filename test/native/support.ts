// What the tests of the native binary share.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect } from 'vitest';
import type { ErrorCode } from '../../src/errors.js';
import { fromNative } from '../../src/native.js';

/** A folder of this test file's own, removed after it. */
export function scratch(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'nacre-native-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Expects `call` to throw or reject, and gives the error as the caller of the binary sees it. */
export async function failure(call: () => unknown): Promise<{ code: ErrorCode; message: string }> {
  try {
    await call();
  } catch (cause) {
    const { code, message } = fromNative(cause);
    return { code, message };
  }
  return expect.unreachable('the call did not fail');
}

/** Numbers that repeat from run to run, in [0, 2^32). */
export function sequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) >>> 0;
  };
}
