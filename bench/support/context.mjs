// What questions are handed: places and peers, made when first asked for and closed together.
//
// In a small run the place is a folder and there are no peers, so that the tests can run every question in
// seconds without a server; its ratios mean nothing and are not judged by anyone.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FolderPlace, MinioPlace } from './places.mjs';
import { installPeers, startChild, startPeers } from './peers.mjs';

export class Context {
  small;
  #scratch = mkdtempSync(path.join(os.tmpdir(), 'nacre-bench-'));
  #made = new Map();
  #closers = [];

  constructor({ small }) {
    this.small = small;
  }

  /** A fresh folder. */
  folder(label) {
    const folder = mkdtempSync(path.join(this.#scratch, `${label}-`));
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Makes a thing once for all questions that share it. */
  shared(name, make) {
    if (!this.#made.has(name)) this.#made.set(name, make());
    return this.#made.get(name);
  }

  /** MinIO; a folder in a small run. */
  place() {
    return this.shared('place', async () => {
      const place = this.small ? this.folderPlace() : await MinioPlace.start();
      this.#closers.push(() => place.close());
      return place;
    });
  }

  folderPlace() {
    return new FolderPlace(this.folder('datasets'));
  }

  /** A process of peers, or why there is none: `{ peer }` or `{ missing }`. */
  peer(environment) {
    const { python, missing } = this.shared('python', () =>
      this.small ? { missing: 'a small run has no peers' } : installPeers(),
    );
    if (python === undefined) return { missing };
    const peer = startPeers(python, environment);
    this.#closers.push(() => peer.close());
    return { peer };
  }

  /** A script of `bench/children` in a process of its own, asked as a peer is. */
  child(script, environment) {
    const child = startChild(script, environment);
    this.#closers.push(() => child.close());
    return child;
  }

  say(text) {
    if (!this.small) process.stderr.write(`bench: ${text}\n`);
  }

  async close() {
    for (const close of this.#closers.reverse()) await close();
    rmSync(this.#scratch, { recursive: true, force: true });
  }
}
