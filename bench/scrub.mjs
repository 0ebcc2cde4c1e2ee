// A full scrub of a folder, beside a program that only reads the same files: from the disk, as a scrub finds
// what nobody asked for lately, and from the system's cache. The first is bound by the disk; the second by
// BLAKE3, which reads some 5 GB/s a core here, where `cat` copies what is in the cache twice as fast.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { open, scrub } from '../dist/index.js';
import { interleaved, megabytesPerSecond, row, timed } from './harness.mjs';
import { randomFloats } from './support/data.mjs';

export const title = 'full scrub of a folder, beside reading its files';

export const full = (context) => measure(context, { appends: 6, rows: 250_000, rounds: 3 });
export const small = (context) => measure(context, { appends: 2, rows: 50, rounds: 1 });

const width = 384;

async function measure(context, { appends, rows, rounds }) {
  const uri = path.join(context.folder('scrub'), 'dataset');
  const content = randomFloats(rows * width);
  const dataset = await open(uri, { create: true });
  await dataset.write((tx) => tx.create('rows', { dtype: 'float32', rowShape: [width] }));
  for (let i = 0; i < appends; i++)
    await dataset.write((tx) => tx.append('rows', { data: content, shape: [rows, width] }));
  await dataset.close();
  const files = readdirSync(path.join(uri, 'arrays'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  const bytes = appends * content.byteLength;
  const speed = async (work) => megabytesPerSecond(bytes, (await timed(work)).ms);

  const scrubbed = () =>
    speed(async () => {
      const { damaged, readObjects } = await scrub(uri, { restart: true });
      if (damaged.length > 0 || readObjects < files.length) throw new Error('not all was found right');
    });
  const read = () => speed(() => run('sh', ['-c', 'cat "$@" > /dev/null', 'cat', ...files]));
  const found = await interleaved(rounds, {
    scrubFromDisk: () => (leaveCache(files), scrubbed()),
    readFromDisk: () => (leaveCache(files), read()),
    scrub: scrubbed,
    read,
  });
  return [
    row({
      what: `${Math.round(bytes / 1e6)} MB from the disk`,
      ...{ value: found.scrubFromDisk, unit: 'MB/s', leastRatio: 0.7 },
      beside: { name: 'cat', value: found.readFromDisk, unit: 'MB/s' },
    }),
    row({
      what: 'the same from the cache of the system',
      ...{ value: found.scrub, unit: 'MB/s' },
      beside: { name: 'cat', value: found.read, unit: 'MB/s' },
      note: 'bound by BLAKE3; every byte of every object is digested twice, by it and by CRC32C',
    }),
  ];
}

/** The system's cache gives them up; on a file system that keeps all in memory it cannot. */
function leaveCache(files) {
  for (const file of files) run('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0']);
}

function run(program, args) {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
}
