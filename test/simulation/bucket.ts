// What a bucket holds, and what it held: every body that was ever under a key is remembered, so that a
// checker can tell what was overwritten, deleted, or read as it never was.
import { digestOf } from './digest.js';

export interface Body {
  readonly bytes: Uint8Array;
  readonly token: string;
  readonly modifiedMs: number;
  /** When the key came, whatever stood there since. */
  readonly createdMs: number;
  readonly digest: string;
}

export interface Change {
  readonly key: string;
  /** Of the body that stands there from then on; undefined where it was deleted. */
  readonly digest: string | undefined;
  readonly before: string | undefined;
  /** The process that asked for it; empty for trouble that nobody asked for. */
  readonly by: string;
  readonly atMs: number;
}

export class Bucket {
  readonly objects = new Map<string, Body>();
  readonly changes: Change[] = [];
  #tokens = 0;

  put(key: string, bytes: Uint8Array, by: string, atMs: number): string {
    const token = `t${++this.#tokens}`;
    const digest = digestOf(bytes);
    const before = this.objects.get(key);
    const times = { modifiedMs: Math.floor(atMs), createdMs: before?.createdMs ?? atMs };
    this.objects.set(key, { bytes: bytes.slice(), token, ...times, digest });
    this.changes.push({ key, digest, before: before?.digest, by, atMs });
    return token;
  }

  delete(key: string, by: string, atMs: number): void {
    const before = this.objects.get(key)?.digest;
    if (before === undefined) return;
    this.objects.delete(key);
    this.changes.push({ key, digest: undefined, before, by, atMs });
  }

  keys(): string[] {
    return [...this.objects.keys()].sort();
  }
}
