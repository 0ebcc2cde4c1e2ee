// A process that lends an object larger than its memory budget, and says how much memory it held above what it
// began with: { checked: the most while its blocks were checked, touched: with one byte of each page touched,
// after: once it was given back, right: whether the bytes are those of the object }.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { CachedPages } from '../../dist/arrays/cached-pages.js';
import { MappedPages } from '../../dist/arrays/mapped-pages.js';
import { FolderCache } from '../../dist/cache/folder-cache.js';
import { native } from '../../dist/native.js';
import { LocalStore } from '../../dist/storage/local.js';
import { Meter } from '../../dist/storage/wrap/meter.js';
import { systemRuntime as runtime } from '../../dist/util/runtime.js';
import { memory, resetPeak } from '../races/memory.mjs';

const { kind, folder, sizeBytes, memoryBytes } = JSON.parse(process.argv[2]);
const blockBytes = 2 ** 20;
const binary = native();
const store = new LocalStore(folder, runtime);

async function stored() {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 4096) bytes[at] = at / 4096;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'a'), bytes);
  const { blake3: hash, blocks, crc32c } = await binary.digestObject([bytes], blockBytes);
  const object = { key: 'a', sizeBytes, hash, crc32c, blockBytes, blocks: new Uint8Array(0) };
  binary.freeBuffer(bytes.buffer);
  return { object, rows: 1, dataOffset: 0, sums: async () => blocks };
}

function cached() {
  const options = { runtime, native: binary, mappedBytes: memoryBytes };
  const cache = new FolderCache(path.join(folder, 'cache'), 4 * sizeBytes, options);
  return new CachedPages(store, cache, binary, memoryBytes);
}

const part = await stored();
const all = { start: 0, end: sizeBytes };
const pages = kind === 'mapped' ? new MappedPages(store, binary, new Meter(), memoryBytes) : cached();
await setTimeout(50);
const idle = memory('VmRSS');
const said = { checked: 0, touched: [], after: [], right: true };
// A cache keeps what was checked mapped from the second time on.
for (let turn = 0; turn < 3; turn++) {
  resetPeak();
  const { bytes, done } = await pages.lend(part, all);
  said.checked = Math.max(said.checked, memory('VmHWM') - idle);
  for (let at = 0; at < sizeBytes; at += 4096) said.right &&= bytes[at] === ((at / 4096) & 0xff);
  said.touched.push(memory('VmRSS') - idle);
  done();
  // What is given back is free after a turn of the event loop.
  await setTimeout(50);
  said.after.push(memory('VmRSS') - idle);
}
process.stdout.write(JSON.stringify(said));
