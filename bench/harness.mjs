// What every question shares: rows of the table, medians of interleaved samples, the machine, the output.
//
// A row is one number with what it must reach. `most` and `least` judge the number itself; `mostRatio` and
// `leastRatio` judge its ratio to `beside`, a thing measured in the same run. A row that needs a peer which
// could not be had says why in `missing` and is not judged.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';

/** Completes a row: its ratio and its verdict, `ok`, `short`, `info` or `not measured`. */
export function row({ what, value, unit, checksum, beside, missing, others = [], note, ...must }) {
  const ratio = beside === undefined ? undefined : value / beside.value;
  return { what, value, unit, checksum, beside, ratio, others, must, note, missing, verdict: judge() };

  function judge() {
    if (Object.keys(must).length === 0) return 'info';
    const onRatio = must.mostRatio !== undefined || must.leastRatio !== undefined;
    if (onRatio && ratio === undefined) return 'not measured';
    const holds =
      value <= (must.most ?? Infinity) &&
      value >= (must.least ?? -Infinity) &&
      (ratio ?? 0) <= (must.mostRatio ?? Infinity) &&
      (ratio ?? 0) >= (must.leastRatio ?? -Infinity);
    return holds ? 'ok' : 'short';
  }
}

export function median(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Milliseconds that `work` takes, with what it returns. */
export async function timed(work) {
  const start = performance.now();
  const value = await work();
  return { ms: performance.now() - start, value };
}

/**
 * Medians of several things in turn: `rounds` times each of `samplers` (functions that resolve to a number),
 * so that whatever slows the machine for a while slows all of them. One that resolves to undefined has none.
 * `before` runs before each sample, outside of its clock.
 */
export async function interleaved(rounds, samplers, before = () => {}) {
  const samples = Object.fromEntries(Object.keys(samplers).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, sample] of Object.entries(samplers)) {
      before();
      const value = await sample(round);
      if (value !== undefined) samples[name].push(value);
    }
  }
  return Object.fromEntries(
    Object.entries(samples).map(([name, all]) => [name, all.length === 0 ? undefined : median(all)]),
  );
}

/**
 * Has a process of its own touch so much memory and end. A virtual machine may give free pages back to its
 * host, and touching them anew costs up to 3 ms a MB, ten times the work that is measured; afterwards the next
 * to ask for memory gets pages that are there, as on a machine of one's own.
 */
export function backMemory(bytes) {
  const touch = `const all = []; for (let i = 0; i < ${bytes}; i += 2 ** 26) all.push(Buffer.alloc(2 ** 26, 1))`;
  execFileSync(process.execPath, ['-e', touch]);
}

/** The same of what files lie in, which the kernel takes from elsewhere: writes one of so many bytes, and deletes it. */
export function backFiles(folder, bytes) {
  const file = JSON.stringify(path.join(folder, 'backed'));
  const write = `const fs = require('node:fs'); fs.writeFileSync(${file}, Buffer.alloc(${bytes}, 1)); fs.unlinkSync(${file})`;
  execFileSync(process.execPath, ['-e', write]);
}

export const megabytesPerSecond = (bytes, ms) => bytes / 1e3 / ms;

/** CRC-32 of the result of the work, by zlib: two runs that did the same print the same. */
export function checksumOf(...views) {
  const sum = views.reduce(
    (crc, view) => crc32(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), crc),
    0,
  );
  return sum.toString(16).padStart(8, '0');
}

export function machine() {
  const [cpu] = os.cpus();
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
    system: `${os.platform()} ${os.arch()} ${os.release()}`,
    commit: commit(),
    date: new Date().toISOString(),
  };
}

function commit() {
  try {
    const git = (...args) => execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim();
    const dirty = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ' with changes';
    return `${git('rev-parse', '--short', 'HEAD')}${dirty}`;
  } catch {
    return 'unknown';
  }
}

/** Three digits that mean something. */
export function figure(value) {
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(6, digits));
}

function mustReach({ must, beside, unit }) {
  const parts = [];
  const to = beside === undefined ? 'the peer' : beside.name;
  if (must.most !== undefined) parts.push(`≤ ${figure(must.most)} ${unit}`);
  if (must.least !== undefined) parts.push(`≥ ${figure(must.least)} ${unit}`);
  if (must.mostRatio !== undefined) parts.push(`≤ ${must.mostRatio} × ${to}`);
  if (must.leastRatio !== undefined) parts.push(`≥ ${must.leastRatio} × ${to}`);
  return parts.join(', ');
}

export function table(results) {
  const lines = [['question', 'what', 'reached', 'must reach', 'beside', 'ratio', '', 'checksum']];
  for (const { question, rows } of results) {
    for (const [i, each] of rows.entries()) {
      const { what, value, unit, beside, others, ratio, verdict, checksum = '', missing } = each;
      const peers = [...(beside === undefined ? [] : [beside]), ...others];
      const besides = peers.map(
        (peer) => `${peer.name} ${figure(peer.value)}${peer.unit ? ` ${peer.unit}` : ''}`,
      );
      lines.push([
        i === 0 ? question : '',
        what,
        `${figure(value)} ${unit}`,
        mustReach(each),
        [...besides, ...(missing === undefined ? [] : [missing])].join('; '),
        ratio === undefined ? '' : ratio.toFixed(2),
        verdict,
        checksum,
      ]);
    }
  }
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const print = (line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd();
  const [head, ...body] = lines.map(print);
  const notes = results.flatMap(({ rows }) => rows).filter(({ note }) => note !== undefined);
  return [
    head,
    widths.map((width) => '-'.repeat(width)).join('  '),
    ...body,
    ...notes.map(({ what, note }) => `note: ${what}: ${note}`),
  ].join('\n');
}

export function describeMachine({ cpu, cores, memoryGiB, node, system, commit, date }) {
  return `${cpu}, ${cores} cores, ${memoryGiB} GiB; Node ${node}; ${system}; commit ${commit}; ${date}`;
}

/** Writes a report as JSON; to `file`, or to `bench/results/<date>-<cpu>.json`. Returns where. */
export function writeReport(report, file) {
  const cpu = report.machine.cpu
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  const name = `${report.machine.date.slice(0, 10)}-${cpu}.json`;
  const target = file ?? path.join(import.meta.dirname, 'results', name);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, `${JSON.stringify(report, null, 2)}\n`);
  return target;
}
