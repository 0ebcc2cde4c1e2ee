// One process of a race: `node child.mjs JOB OPTIONS`, options as JSON. Uses the built library as users
// do, and prints one JSON line for each step; a line is written before the next step begins, so that it
// survives a kill.
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openNpyFile } from '../../dist/formats/npy-file.js';
import { isNacreError, open } from '../../dist/index.js';
import { randomOf, rowLength, rowsOf } from './content.mjs';
import { memory, resetPeak } from './memory.mjs';

const [job, text] = process.argv.slice(2);
const options = JSON.parse(text);
const say = (value) => writeSync(1, `${JSON.stringify(value)}\n`);
const dataset = () => open(options.uri, { cacheDir: false });

/**
 * A write that ends in certainty, as an application makes it: what is not known is settled, what was fenced off
 * is written again.
 */
async function write(ds, work, call = {}) {
  for (let settled = 0; ; settled++) {
    try {
      return { ...(await ds.write(work, call)), settled };
    } catch (error) {
      if (!isNacreError(error, 'CommitUnknown')) throw error;
      const found = await ds.settle(error.context.token, { fence: true });
      if (found.outcome === 'committed')
        return { version: found.version, recovered: true, settled: settled + 1 };
    }
  }
}

const jobs = {
  /** Appends one operation after another, or `together` at a time, and looks at its own rows now and then. */
  async appends() {
    const { writer, appends, together } = options;
    const ds = await dataset();
    let last = 0;
    for (let first = 0; first < appends; first += together) {
      const numbers = Array.from({ length: Math.min(together, appends - first) }, (_, i) => first + i);
      const versions = await Promise.all(
        numbers.map(async (operation) => {
          const call = {
            message: `${writer}.${operation}`,
            ...(operation % 2 ? { operationId: randomUUID() } : {}),
          };
          const result = await write(ds, (tx) => tx.append('rows', rowsOf(writer, operation)), call);
          say({ operation, ...result });
          return result.version;
        }),
      );
      if (Math.min(...versions) <= last) throw new Error(`version ${versions.join(', ')} after ${last}`);
      last = Math.max(...versions);
      if ((await ds.version()) < last) throw new Error(`the handle stands before its own version ${last}`);
      if (first % 10 === 0) await expectOwnRow(ds, writer, numbers);
    }
    await ds.close();
  },

  /** Two arrays in one transaction, again and again, until it is killed. */
  async flood() {
    const { writer } = options;
    const ds = await dataset();
    for (let operation = 0; ; operation++) {
      say({ begun: operation });
      const work = async (tx) => {
        await tx.append('rows', rowsOf(writer, operation));
        await tx.append('twins', rowsOf(writer, operation));
      };
      const { version } = await write(ds, work, {
        message: `${writer}.${operation}`,
        partitionBytes: 3 * 4 * rowLength,
      });
      say({ operation, version });
    }
  },

  /** One append by a process that then ends, as a command does. */
  async once() {
    const ds = await dataset();
    const { version } = await write(ds, (tx) => tx.append('rows', rowsOf(options.writer, 0)));
    await ds.close();
    // A timer that is left would keep a command waiting after its work.
    say({ version, timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length });
  },

  /** What opening costs a process that was not here before. */
  async opens() {
    const ds = await dataset();
    const version = await ds.version();
    say({ version, requests: ds.meter.snapshot().totalRequests });
    await ds.close();
  },

  /**
   * Waits for turns: appends through a handle that stays open or one of its own; or opens anew, or refreshes,
   * and reads the last row.
   */
  async turns() {
    const held = await dataset();
    const answer = {
      async append({ writer, operation, anew }) {
        const ds = anew ? await dataset() : held;
        const written = await write(ds, (tx) => tx.append('rows', rowsOf(writer, operation, 1)));
        if (anew) await ds.close();
        return written;
      },
      async read({ refresh }) {
        const ds = refresh ? held : await dataset();
        if (refresh) await ds.refresh();
        // The read comes first, on what the hint says, as it does in a function that answers one request.
        const { data } = await ds.array('rows').read({ rows: [-1] });
        const [rows] = await ds.array('rows').shape();
        const seen = { version: await ds.version(), rows, last: [...data] };
        if (!refresh) await ds.close();
        return seen;
      },
    };
    process.on('message', ({ turn, ...about }) => {
      answer[turn](about).then(
        (value) => process.send({ value }),
        (error) => process.send({ error: String(error?.stack ?? error) }),
      );
    });
    process.on('disconnect', () => process.exit(0));
    process.send({ value: 'ready' });
  },

  /** Appends, or upserts, rows with keys that other processes write, too. */
  async keys() {
    const { writer, count, upsert } = options;
    const ds = await dataset();
    for (let key = 0; key < count; key++) {
      const rows = { data: Float64Array.of(writer) };
      const given = { attributes: { id: [`key ${key}`] } };
      let done = {};
      try {
        const work = async (tx) => {
          done = upsert ? await tx.upsert('keyed', rows, given) : await tx.append('keyed', rows, given);
        };
        const written = await write(ds, work, upsert ? { retries: 10_000 } : {});
        say({ key, code: 'landed', ...written, ...done });
      } catch (error) {
        if (!isNacreError(error, 'Conflict') && !isNacreError(error, 'AlreadyExists')) throw error;
        say({ key, code: error.code });
        await ds.refresh();
      }
    }
    await ds.close();
  },

  /** Adds one to a counter, `count` times. */
  async count() {
    const ds = await dataset();
    for (let done = 0; done < options.count; done++) {
      let runs = 0;
      const work = async (tx) => {
        runs++;
        const { data } = await tx.read('counter');
        await tx.replace('counter', [0], { data: Float64Array.of(data[0] + 1), shape: [1] });
      };
      const { version } = await write(ds, work, { retries: 10_000, operationId: randomUUID() });
      say({ version, conflicts: runs - 1 });
    }
    await ds.close();
  },

  /** Moves amounts between two accounts each, `count` times; never more than there is. */
  async transfers() {
    const random = randomOf(options.seed);
    const ds = await dataset();
    for (let done = 0; done < options.count; done++) {
      const from = Math.floor(random() * options.accounts);
      const to = (from + 1 + Math.floor(random() * (options.accounts - 1))) % options.accounts;
      let amount = 0;
      let runs = 0;
      const share = random();
      const work = async (tx) => {
        runs++;
        const { data } = await tx.read('accounts', { rows: [from, to] });
        amount = Math.floor(data[0] * share);
        const moved = Float64Array.of(data[0] - amount, data[1] + amount);
        await tx.replace('accounts', [from, to], { data: moved, shape: [2] });
      };
      const { version } = await write(ds, work, { retries: 10_000, operationId: randomUUID() });
      say({ version, from, to, amount, conflicts: runs - 1 });
    }
    await ds.close();
  },

  /** Appends rows of a .npy file, `piece` at a time. */
  async pieces() {
    const file = await openNpyFile(options.file);
    const ds = await dataset();
    for (let first = options.first; first < options.end; first += options.piece) {
      const data = await file.read(first, first + options.piece);
      const rows = { data, shape: [options.piece, ...file.type.rowShape] };
      const { version } = await write(ds, (tx) => tx.append(options.array, rows));
      say({ version, start: first });
    }
    await ds.close();
    await file.close();
  },

  /** Imports a .npy file within a memory budget; says the most memory it held above what it began with. */
  async imports() {
    const ds = await open(options.uri, { cacheDir: false, create: true, memoryBytes: options.memoryBytes });
    // The first write loads what a write needs; what it costs is not the import's.
    await ds.write((tx) => tx.create('small', { dtype: 'uint8', rowShape: [4] }));
    await ds.write((tx) => tx.append('small', { data: new Uint8Array(4), shape: [1, 4] }));
    const idle = memory('VmRSS');
    resetPeak();
    const file = await openNpyFile(options.file);
    await ds.write((tx) => tx.appendFrom('big', file));
    await file.close();
    say({ idle, peak: memory('VmHWM') });
    await ds.close();
  },
};

/** The handle stands at its own last commit, so that the last row is its own. */
async function expectOwnRow(ds, writer, numbers) {
  const { data } = await ds.array('rows').read({ rows: [-1] });
  if (data[0] !== writer || !numbers.includes(data[1])) {
    throw new Error(`${writer} wrote ${numbers} and sees ${data[1]} of ${data[0]} last`);
  }
}

try {
  await jobs[job]();
} catch (error) {
  console.error(`${job} ${text}: ${error?.stack ?? error}`);
  process.exit(1);
}
