// What a bucket holds, and what it held: every body that was ever under a key is remembered, so that a
// checker can tell what was overwritten, deleted, or read as it never was.
import { digestOf } from './digest.js';

export interface Body {
  /** Nobody writes there: whoever reads the whole object is handed them. */
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
  /** The same bytes are the same body, wherever in a world they lie: what is known of them stays known. */
  readonly #same: Map<string, Uint8Array>;
  readonly objects = new Map<string, Body>();
  readonly changes: Change[] = [];
  /** The body that each key had first: that of a root or of data is right, whatever stands there later. */
  readonly first = new Map<string, Uint8Array>();
  /** Keys whose bodies were hurt where they lie, and are so still; when the last one was hurt or mended. */
  readonly hurt = new Set<string>();
  hurtMs = Number.NEGATIVE_INFINITY;
  #tokens = 0;

  constructor(same: Map<string, Uint8Array> = new Map()) {
    this.#same = same;
  }

  /** The bytes are the bucket's from now on. */
  put(key: string, given: Uint8Array, by: string, atMs: number): string {
    const token = `t${++this.#tokens}`;
    const digest = digestOf(given);
    const bytes = this.#same.get(digest) ?? given;
    if (bytes === given) this.#same.set(digest, bytes);
    const before = this.objects.get(key);
    const times = { modifiedMs: Math.floor(atMs), createdMs: before?.createdMs ?? atMs };
    this.objects.set(key, { bytes, token, ...times, digest });
    this.changes.push({ key, digest, before: before?.digest, by, atMs });
    if (!this.first.has(key)) this.first.set(key, bytes);
    if (this.hurt.has(key) && digest === digestOf(this.first.get(key) as Uint8Array)) this.#mended(key, atMs);
    return token;
  }

  /** What was ever put, here or in a place that shares its bodies. */
  bodyOf(digest: string): Uint8Array | undefined {
    return this.#same.get(digest);
  }

  delete(key: string, by: string, atMs: number): void {
    const before = this.objects.get(key)?.digest;
    if (before === undefined) return;
    this.objects.delete(key);
    // A clean-up has no damage to fear.
    if (by !== '' && this.hurt.has(key)) this.#mended(key, atMs);
    this.changes.push({ key, digest: undefined, before, by, atMs });
  }

  /** What nobody asked for: another body stands there, or none. */
  damage(key: string, bytes: Uint8Array | undefined, atMs: number): void {
    // An object that is written over with itself is not hurt.
    if (bytes !== undefined && digestOf(bytes) === this.objects.get(key)?.digest) return;
    if (bytes === undefined) this.delete(key, '', atMs);
    else this.put(key, bytes, '', atMs);
    this.hurt.add(key);
    this.hurtMs = atMs;
  }

  #mended(key: string, atMs: number): void {
    this.hurt.delete(key);
    this.hurtMs = atMs;
  }

  keys(): string[] {
    return [...this.objects.keys()].sort();
  }
}
