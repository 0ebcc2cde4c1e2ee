// Saving and changing an array of 1M × 10 float32 in a folder, beside NumPack, and beside NumPy on a .npy file.
//
// A batch is one write(), a workspace one workspace(): what is timed of them is a change inside, as it is of
// NumPack, whose changes reach the disk when the system likes; then, apart, whole commits, each of which is on
// the disk when it returns, but for the save that says so (`durability: 'none'`).
import { backFiles, checksumOf, interleaved, row, timed } from './harness.mjs';
import { randomFloats, randomIndices, writeNpy } from './support/data.mjs';

export const title = 'changes of an array in a folder';

export const full = (context) => measure(context, { rows: 1_000_000, random: 10_000, rounds: 9 });
export const small = (context) => measure(context, { rows: 2000, random: 100, rounds: 2 });

const width = 10;
const few = 100;
const changes = 100;
/** Of a kind in a row, where one takes some microseconds. */
const inARow = 1000;
/** Lists of random rows that are read in a row, each of other rows. */
const listsInARow = 20;

async function measure(context, { rows, random, rounds }) {
  const place = context.folderPlace();
  const folder = context.folder('changes');
  const content = randomFloats(rows * width);
  const file = writeNpy(`${folder}/rows.npy`, content, [rows, width]);
  const chosen = [...new Set(randomIndices(few, rows, 7))];
  const lists = Array.from({ length: listsInARow }, (_, i) => randomIndices(random, rows, 5 + i));
  const dataset = await place.open(place.uri('changes'), { create: true });
  const all = { data: content, shape: [rows, width] };
  await dataset.write(async (tx) => {
    await tx.save('a', all);
    // Nobody changes this one.
    await tx.save('still', all);
  });
  const unsynced = await place.open(place.uri('unsynced'), { create: true, durability: 'none' });
  await unsynced.write((tx) => tx.save('a', all));
  const own = new Nacre(dataset, all, chosen);

  const samplers = {
    save: () => own.save(dataset),
    saveUnsynced: () => own.save(unsynced),
    lazy: () => own.lazy(),
    // After other work: this waits for the compiler, and for pages.
    randomOnce: async () => (await timed(() => dataset.array('still').read({ rows: lists[0] }))).ms,
    random: async () => {
      const { ms } = await timed(async () => {
        for (const indices of lists) await dataset.array('still').read({ rows: indices });
      });
      return ms / lists.length;
    },
    appendInBatch: () => own.inBatch((tx) => tx.append('a', own.rows(few))),
    replaceInBatch: () => own.inBatch((tx) => tx.replace('a', chosen, own.rows(chosen.length))),
    batch: () => own.batch(),
    workspace: () => own.workspace(),
    whole: () => own.whole(),
    append: () => own.commit((tx) => tx.append('a', own.rows(few))),
    replace: () => own.commit((tx) => tx.replace('a', chosen, own.rows(chosen.length))),
  };
  const { peer, missing } = context.peer();
  if (peer !== undefined) {
    const indices = Float32Array.from(lists.flatMap((list) => Array.from(list)));
    const asked = {
      ...{ folder, file },
      chosen: writeNpy(`${folder}/chosen.npy`, Float32Array.from(chosen), [chosen.length]),
      indices: writeNpy(`${folder}/indices.npy`, indices, [lists.length, random]),
    };
    for (const name of peerQuestions) samplers[name] = async () => (await peer.ask(name, asked)).ms;
  }
  // Each save of ours is a new file, in fresh pages; np.save writes over its own.
  const before = context.small ? undefined : () => backFiles(folder, 4 * content.byteLength);
  const medians = await interleaved(rounds, samplers, before);
  const checksum = checksumOf((await dataset.array('a').read({ end: 10 })).data);
  await Promise.all([dataset.close(), unsynced.close()]);
  return table({ medians, missing, checksum });
}

const peerQuestions = [
  ...['npy_save', 'npy_replace', 'npy_append', 'npy_rows_once', 'npy_rows'],
  ...['numpack_save', 'numpack_lazy', 'numpack_append', 'numpack_replace'],
  ...['numpack_batch', 'numpack_writable', 'numpack_whole'],
];

function table({ medians, missing, checksum }) {
  const line = (what, name, unit, beside, must, note) => {
    const scale = unit === 'µs' ? 1e3 : 1;
    const against = beside &&
      medians[beside] !== undefined && {
        beside: { name: beside.replaceAll('_', ' '), value: medians[beside] * scale, unit },
      };
    return row({ what, value: medians[name] * scale, unit, checksum, missing, note, ...against, ...must });
  };
  return [
    // See docs/rfcs/0020-saving-without-fsync.md for the limit.
    line('save, without waiting for the disk', 'saveUnsynced', 'ms', 'npy_save', { mostRatio: 1.5 }),
    line('save, on the disk when it returns', 'save', 'ms', 'npy_save', {}),
    line('lazy load, its shape', 'lazy', 'µs', 'numpack_lazy', { mostRatio: 1 }),
    line('random rows, lazy', 'random', 'ms', 'npy_rows', { mostRatio: 1 }),
    line('one such list after other work', 'randomOnce', 'ms', 'npy_rows_once', {}),
    line('append of 100 rows, in a batch', 'appendInBatch', 'µs', 'numpack_append', { mostRatio: 1 }),
    line('replace of 100 rows, in a batch', 'replaceInBatch', 'µs', 'numpack_replace', { mostRatio: 0.1 }),
    line('100 times a[:10] *= 2, in a batch', 'batch', 'ms', 'numpack_batch', { mostRatio: 0.5 }),
    line('the same in a workspace', 'workspace', 'ms', 'numpack_writable', { mostRatio: 0.5 }),
    line('a *= 2 of all rows, committed', 'whole', 'ms', 'numpack_whole', {}),
    line('append of 100 rows, committed', 'append', 'ms', 'npy_append', { mostRatio: 1 / 3 }),
    line('replace of 100 rows, committed', 'replace', 'ms', 'npy_replace', { mostRatio: 1 / 3 }),
  ];
}

class Nacre {
  constructor(dataset, all, chosen) {
    this.dataset = dataset;
    this.all = all;
    this.chosen = chosen;
    this.made = randomFloats(few * width, 11);
  }

  rows(count) {
    return { data: this.made.subarray(0, count * width), shape: [count, width] };
  }

  /** The array anew, so that what is changed is one partition each time. */
  async save(dataset) {
    return (await timed(() => dataset.write((tx) => tx.save('a', this.all)))).ms;
  }

  async lazy() {
    const count = 2000;
    const { ms } = await timed(async () => {
      for (let i = 0; i < count; i++) await this.dataset.array('a').shape();
    });
    return ms / count;
  }

  async commit(work) {
    return (await timed(() => this.dataset.write(work))).ms;
  }

  /** Milliseconds of one of many changes in a write, which then is given up. */
  async inBatch(change) {
    let each = 0;
    await this.#givenUp((tx) =>
      timed(async () => {
        for (let i = 0; i < inARow; i++) await change(tx);
      }).then(({ ms }) => (each = ms / inARow)),
    );
    return each;
  }

  async batch() {
    let taken = 0;
    await this.#givenUp(async (tx) => {
      ({ ms: taken } = await timed(async () => {
        for (let i = 0; i < changes; i++) {
          const found = await tx.read('a', { end: 10 });
          for (let at = 0; at < found.data.length; at++) found.data[at] *= 2;
          await tx.replace('a', { end: 10 }, found);
        }
      }));
    });
    return taken;
  }

  async workspace() {
    let taken = 0;
    const work = async (w) => {
      ({ ms: taken } = await timed(async () => {
        const rows = w.array('a').slice({ end: 10 });
        for (let i = 0; i < changes; i++) await rows.mul(2);
      }));
      throw givenUp;
    };
    await this.dataset.workspace(work).catch(unlessGivenUp);
    return taken;
  }

  async whole() {
    return (await timed(() => this.dataset.workspace((w) => w.array('a').mul(2)))).ms;
  }

  async #givenUp(work) {
    const throwing = async (tx) => {
      await work(tx);
      throw givenUp;
    };
    await this.dataset.write(throwing).catch(unlessGivenUp);
  }
}

const givenUp = new Error('given up');

function unlessGivenUp(error) {
  if (error !== givenUp) throw error;
}
