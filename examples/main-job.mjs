// The main job, on a folder: make a dataset, import, race four writers, replace, drop, read back and compare
// bit by bit, look at a past version, search, filter, find a flipped bit, copy, repair. `npm start` runs it.
//
//   node examples/main-job.mjs [FOLDER]      FOLDER (new) is kept; without it a temporary one is removed
//
// Every step checks its own result against a model held in memory. The input comes from a fixed seed. Ends
// with a table, and with exit code 1 when a step failed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { isNacreError, open, openNpyFile, writeNpyFile } from '../dist/index.js';

const self = fileURLToPath(import.meta.url);
const shared = process.env.NACRE_DATA ?? path.resolve(self, '../../../shared/data');
const mnist = path.join(shared, 'mnist');

const dimensions = 64;
const importedRows = 20_000;
const writers = 4;
const appendsPerWriter = 5;
const rowsPerAppend = 50;

/** Numbers in [0, 1) from a seed: the same on every machine (mulberry32). */
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Float32 vectors around 32 centres. */
function clusteredRows(rows, seed) {
  const centre = randomFrom(1);
  const centres = Float32Array.from({ length: 32 * dimensions }, () => 10 * centre());
  const random = randomFrom(seed);
  const data = new Float32Array(rows * dimensions);
  for (let row = 0; row < rows; row++) {
    const from = Math.floor(random() * 32) * dimensions;
    for (let i = 0; i < dimensions; i++) data[row * dimensions + i] = centres[from + i] + random() - 0.5;
  }
  return data;
}

/** The batch that a writer appends; its seed tells batches apart. */
function batchOf(writer, append) {
  return clusteredRows(rowsPerAppend, 1_000 + writer * 100 + append);
}

function rowOf(data, row) {
  return data.subarray(row * dimensions, (row + 1) * dimensions);
}

function sameBits(observed, expected, what) {
  const bytes = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  assert.ok(bytes(observed).equals(bytes(expected)), `${what}: the bytes differ`);
}

/** The rows without some of them. */
function without(data, dropped) {
  const kept = [];
  for (let row = 0; row < data.length / dimensions; row++) if (!dropped.has(row)) kept.push(row);
  const out = new Float32Array(kept.length * dimensions);
  kept.forEach((row, at) => out.set(rowOf(data, row), at * dimensions));
  return out;
}

/** What a search should give, computed in plain JavaScript. */
function nearestByHand(data, query, k) {
  const hits = Array.from({ length: data.length / dimensions }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < dimensions; i++) sum += (data[row * dimensions + i] - query[i]) ** 2;
    return { row, score: Math.sqrt(sum) };
  });
  return hits.sort((a, b) => a.score - b.score || a.row - b.row).slice(0, k);
}

/** One process of the race: its own handle, one commit for each append. */
async function write(uri, writer) {
  const dataset = await open(uri, { cacheDir: false });
  for (let append = 0; append < appendsPerWriter; append++) {
    const data = batchOf(writer, append);
    await dataset.write((tx) => tx.append('points', { data, shape: [rowsPerAppend, dimensions] }));
  }
  await dataset.close();
  process.stdout.write(String(dataset.meter.snapshot().totalRequests));
}

/** Runs a writer as a process; resolves to the number of its requests. */
function spawnWriter(uri, writer) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [self, '--writer', uri, String(writer)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (piece) => (output += piece));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve(Number(output)) : reject(new Error(`writer ${writer} ended with ${code}`)),
    );
  });
}

/** Runs steps one by one and keeps what they say for the table. */
class Report {
  rows = [];

  /** `work` gets `count`, for handles whose requests belong to the step, and returns its result. */
  async step(name, what, work) {
    const scopes = [];
    let childRequests = 0;
    const count = (added) => {
      if (typeof added === 'number') childRequests += added;
      else scopes.push(added.meter.scope());
      return added;
    };
    const start = performance.now();
    const end = (result) => {
      const requests = scopes.reduce((sum, scope) => sum + scope.stop().totalRequests, childRequests);
      const ms = `${(performance.now() - start).toFixed(0)} ms`;
      this.rows.push([String(this.rows.length + 1), name, what, result, ms, String(requests)]);
    };
    try {
      end(`ok: ${await work(count)}`);
    } catch (error) {
      end('FAILED');
      throw error;
    }
  }

  print() {
    const table = [['', 'step', 'what', 'result', 'time', 'requests'], ...this.rows];
    const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
    const right = (column) => column === 0 || column >= 4;
    const line = (row) =>
      row
        .map((cell, at) => (right(at) ? cell.padStart(widths[at]) : cell.padEnd(widths[at])))
        .join('  ')
        .trimEnd();
    console.log(table.map(line).join('\n'));
  }
}

async function mainJob(folder, report) {
  const options = { cacheDir: false };
  const home = path.join(folder, 'dataset');
  const uri = pathToFileURL(home).href;
  const file = path.join(folder, 'points.npy');
  const imported = clusteredRows(importedRows, 2);
  const type = { dtype: 'float32', rowShape: [dimensions], scalar: false };
  const megabytes = (imported.byteLength / 1e6).toFixed(1);
  let expected = imported;
  let ds;

  await report.step('create', 'a dataset and an array of float32 vectors', async (count) => {
    ds = count(await open(uri, { ...options, create: true }));
    const { version } = await ds.write((tx) => tx.create('points', type), { message: 'create points' });
    return `version ${version}`;
  });

  await report.step('import', `a .npy file of ${importedRows} x ${dimensions} float32`, async (count) => {
    count(ds);
    await writeNpyFile(file, type, importedRows, [imported]);
    const source = await openNpyFile(file);
    const { version } = await ds.write((tx) => tx.appendFrom('points', source), {
      message: 'import points.npy',
      partitionBytes: 2 ** 20,
    });
    await source.close();
    const { partitions } = (await ds.info()).arrays.points;
    return `version ${version}, ${megabytes} MB in ${partitions.length} partitions`;
  });
  const importVersion = await ds.version();

  const race = `${writers} processes append ${appendsPerWriter} times ${rowsPerAppend} rows each`;
  await report.step('race', race, async (count) => {
    const runs = Array.from({ length: writers }, (_, writer) => spawnWriter(uri, writer));
    for (const requests of await Promise.all(runs)) count(requests);
    count(ds);
    const version = await ds.refresh();
    assert.equal(version, importVersion + writers * appendsPerWriter);
    expected = await expectedAfterRace(ds, imported);
    return `version ${version}, every batch there once, in its writer's order`;
  });

  await report.step('replace', '200 scattered rows', async (count) => {
    count(ds);
    const rows = Array.from({ length: 200 }, (_, i) => i * 101);
    const data = clusteredRows(rows.length, 3);
    const { version } = await ds.write((tx) =>
      tx.replace('points', rows, { data, shape: [rows.length, dimensions] }),
    );
    expected = expected.slice();
    rows.forEach((row, at) => expected.set(rowOf(data, at), row * dimensions));
    return `version ${version}`;
  });

  await report.step('drop', '500 scattered rows', async (count) => {
    count(ds);
    const rows = Array.from({ length: 500 }, (_, i) => 7 + i * 41);
    const { version } = await ds.write((tx) => tx.drop('points', rows));
    expected = without(expected, new Set(rows));
    return `version ${version}, ${expected.length / dimensions} rows live`;
  });

  await report.step('read', 'all rows in a new handle, compared with the model', async (count) => {
    const fresh = count(await open(uri, options));
    const { data, shape } = await fresh.array('points').read();
    await fresh.close();
    assert.deepEqual(shape, [expected.length / dimensions, dimensions]);
    sameBits(data, expected, 'points');
    return `${(data.byteLength / 1e6).toFixed(1)} MB bit-equal`;
  });

  await report.step('past', `version ${importVersion}, as the import left it`, async (count) => {
    count(ds);
    const then = await ds.at({ version: importVersion });
    sameBits((await then.array('points').read()).data, imported, `version ${importVersion}`);
    await then.close();
    return `${importedRows} rows bit-equal`;
  });

  await report.step('search', '10 nearest of 5 vectors, compared with plain JavaScript', async (count) => {
    count(ds);
    const queries = clusteredRows(5, 4);
    const vectors = { data: queries, shape: [5, dimensions] };
    const lists = await ds.array('points').nearest(vectors, { metric: 'l2' }).exact().limit(10).toArray();
    lists.forEach((hits, query) => {
      const byHand = nearestByHand(expected, rowOf(queries, query), 10);
      assert.deepEqual(
        hits.map(({ row }) => row),
        byHand.map(({ row }) => row),
      );
      // The sum by hand is rounded at every step; the scanner's score is rounded once.
      hits.forEach(({ score }, at) => assert.ok(Math.abs(score - byHand[at].score) <= 1e-12 * score));
    });
    return '50 hits in the same order';
  });

  await report.step(
    'filter',
    'attributes of all rows, and the 10 nearest of those a filter takes',
    async (count) => {
      count(ds);
      const rows = expected.length / dimensions;
      const year = Array.from({ length: rows }, (_, row) => (row % 7 === 0 ? null : 1990 + (row % 40)));
      await ds.write((tx) => tx.setAttributes('points', { all: true }, { year }));
      const taken = year.flatMap((value, row) => (value !== null && value > 2020 ? [row] : []));
      const points = ds.array('points');
      assert.equal(await points.where('year > 2020').count(), taken.length);
      const query = clusteredRows(1, 5);
      const hits = await points.nearest(query).where('year > 2020').select('year').limit(10).toArray();
      const left = new Set(
        Array.from({ length: rows }, (_, row) => row).filter((row) => !taken.includes(row)),
      );
      const byHand = nearestByHand(without(expected, left), query, 10);
      assert.deepEqual(
        hits.map(({ row, attributes }) => [row, attributes.year]),
        byHand.map(({ row }) => [taken[row], year[taken[row]]]),
      );
      return `${taken.length} rows match, the hits are the nearest of these`;
    },
  );

  await report.step('damage', 'one bit flipped in a partition', async (count) => {
    const { key } = (await ds.info()).arrays.points.partitions[2];
    const partition = path.join(home, key);
    const bytes = await readFile(partition);
    const damaged = Buffer.from(bytes);
    damaged[bytes.length >> 1] ^= 0x10;
    await writeFile(partition, damaged);
    const found = count(await open(uri, options));
    await assert.rejects(found.array('points').read(), (error) => {
      assert.ok(isNacreError(error, 'Corrupt'), String(error));
      assert.ok(error.message.includes(key), error.message);
      return true;
    });
    await found.close();
    await writeFile(partition, bytes);
    const healed = count(await open(uri, options));
    sameBits((await healed.array('points').read()).data, expected, 'points');
    await healed.close();
    return 'the read failed and named the object; put back, it reads';
  });

  await report.step('copy', 'the folder by cp -r, opened, read and written', async (count) => {
    const target = path.join(folder, 'copy');
    await cp(home, target, { recursive: true });
    const copy = count(await open(target, options));
    sameBits((await copy.array('points').read()).data, expected, 'the copy');
    const { version } = await copy.write((tx) => tx.dropArray('points'));
    await copy.close();
    assert.equal(await ds.refresh(), version - 1);
    return `bit-equal; its version ${version} leaves the original alone`;
  });

  await report.step('repair', 'a flipped, a cut and a lost object, from the copy', async (count) => {
    count(ds);
    const { partitions } = (await ds.info()).arrays.points;
    const keys = partitions.slice(0, 3).map(({ key }) => key);
    const [flipped, cut, lost] = keys.map((key) => path.join(home, key));
    const bytes = await readFile(flipped);
    bytes[bytes.length >> 1] ^= 1;
    await writeFile(flipped, bytes);
    await writeFile(cut, (await readFile(cut)).subarray(0, 1_000));
    await rm(lost);
    const { damaged } = await ds.scrub();
    assert.deepEqual(damaged.map(({ key }) => key).sort(), keys.sort());
    const { isWhole } = await ds.repair({ sources: [path.join(folder, 'copy')] });
    assert.ok(isWhole);
    const scrubbed = await ds.scrub();
    assert.deepEqual(scrubbed.damaged, []);
    sameBits((await ds.array('points').read()).data, expected, 'the repaired rows');
    return `each named, each mended; ${scrubbed.objects} objects of ${scrubbed.versions} versions are right`;
  });

  await searchMnist(folder, report, options);
  await ds.close();
}

/** The model with the batches of the race in the order in which they landed. */
async function expectedAfterRace(ds, imported) {
  const tail = (await ds.array('points').read({ start: importedRows })).data;
  const batchLength = rowsPerAppend * dimensions;
  assert.equal(tail.length, writers * appendsPerWriter * batchLength);
  const next = Array.from({ length: writers }, () => 0);
  const expected = new Float32Array(imported.length + tail.length);
  expected.set(imported);
  for (let start = 0; start < tail.length; start += batchLength) {
    const writer = next.findIndex((append, at) => batchOf(at, append)[0] === tail[start]);
    assert.notEqual(writer, -1, `nobody's next batch begins at row ${start / dimensions} of the tail`);
    expected.set(batchOf(writer, next[writer]++), imported.length + start);
  }
  sameBits(tail, expected.subarray(imported.length), 'the appended rows');
  return expected;
}

/** MNIST, where it lies beside the project: 60,000 images, and the published neighbours of test images. */
async function searchMnist(folder, report, options) {
  const images = async (name) => gunzipSync(await readFile(path.join(mnist, name))).subarray(16);
  const train = await images('train-images-idx3-ubyte.gz').catch(() => undefined);
  if (train === undefined) {
    console.log(
      `MNIST is left out: ${mnist} is not there (set NACRE_DATA to the folder that holds mnist).\n`,
    );
    return;
  }
  const queries = 20;
  const file = path.join(folder, 'train.npy');
  const type = { dtype: 'uint8', rowShape: [784], scalar: false };
  const ds = await open(path.join(folder, 'mnist'), { ...options, create: true });
  await report.step('import', 'MNIST, 60000 x 784 uint8', async (count) => {
    count(ds);
    await writeNpyFile(file, type, 60_000, [train]);
    const source = await openNpyFile(file);
    await ds.write((tx) => tx.appendFrom('train', source), { partitionBytes: 8 * 2 ** 20 });
    await source.close();
    sameBits((await ds.array('train').read()).data, train, 'MNIST');
    return `${(train.byteLength / 1e6).toFixed(1)} MB, read back bit-equal`;
  });
  await report.step('search', `100 nearest of ${queries} test images`, async (count) => {
    count(ds);
    const data = (await images('t10k-images-idx3-ubyte.gz')).subarray(0, queries * 784);
    const truth = await openNpyFile(path.join(mnist, 'gt_first1000test_l2_ids_i32.npy'));
    const bytes = (await truth.read(0, queries)).slice();
    await truth.close();
    const published = new Int32Array(bytes.buffer);
    const k = published.length / queries;
    const vectors = { data: new Uint8Array(data), shape: [queries, 784] };
    const lists = await ds.array('train').nearest(vectors).exact().limit(k).toArray();
    assert.deepEqual(
      lists.flatMap((hits) => hits.map(({ id }) => id)),
      [...published],
    );
    return `equal to the published ${queries} x ${k} ids`;
  });
  await ds.close();
}

async function main([first, ...rest]) {
  if (first === '--writer') {
    await write(rest[0], Number(rest[1]));
    return;
  }
  const folder = first ?? (await mkdtemp(path.join(os.tmpdir(), 'nacre-main-job-')));
  if (first !== undefined && existsSync(first)) {
    console.error(`${first} is there already: name a folder that is not`);
    process.exitCode = 1;
    return;
  }
  await mkdir(folder, { recursive: true });
  const report = new Report();
  try {
    await mainJob(folder, report);
    report.print();
    console.log('\nA partition of a folder is mapped, not requested; it is checked all the same.');
  } catch (error) {
    report.print();
    console.error(error);
    process.exitCode = 1;
  } finally {
    if (first === undefined) await rm(folder, { recursive: true, force: true });
    else console.log(`\nKept in ${folder}: every .npy under dataset/arrays/ opens with np.load.`);
  }
}

await main(process.argv.slice(2));
