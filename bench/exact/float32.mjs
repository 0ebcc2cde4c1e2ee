// Vectors of length 1 in random directions, the worst case: nothing to leave out. One query and 64 at once
// beside every exact peer, 64 at once beside NumPy's matrix product, and two threads beside one.
import { interleaved, median, row } from '../harness.mjs';
import { Comparison, limit, nacreAlone, peerOnOneThread, planOf } from './comparison.mjs';

const rowByRow = ['numpack', 'faiss-cpu Flat', 'faiss-cpu Panorama', 'usearch exact'];
/** Multiplies batches in blocks: 16 times that is more than the processor has (docs/rfcs/0004). */
const blocked = ['nseekfs'];
const exactPeers = [...blocked, ...rowByRow];
const product = 'numpy product and argpartition';
const batch = 64;

export async function float32(context, { content, asked, width }, { rounds }) {
  context.say(' float32');
  const name = `${(content.length / width).toLocaleString('en-US')} × ${width} float32`;
  const comparison = await Comparison.start(context, {
    dtype: 'float32',
    width,
    content,
    asked,
    metric: 'cosine',
  });
  const one = planOf(1, rounds.one);
  const many = planOf(batch, rounds.many);
  await comparison.compare(exactPeers, [one, many]);
  await comparison.compare([product], [many]);
  const rows = [
    comparison.judged(one, { what: `${name}, one query`, leastRatio: 4, among: exactPeers }),
    comparison.judged(many, { what: `${name}, ${batch} at once`, leastRatio: 16, among: rowByRow }),
    comparison.judged(many, { what: `${name}, ${batch} at once`, leastRatio: 4, among: blocked }),
    comparison.judged(many, { what: `${name}, ${batch} at once`, leastRatio: 6, among: [product] }),
    ...(await twoThreads(context, comparison, rounds)),
  ];
  await comparison.close();
  return rows;
}

/** One query gains what memory gives two threads beside one, at most; many at once are arithmetic. */
async function twoThreads(context, comparison, rounds) {
  const processes = { one: nacreAlone(context, 1), two: nacreAlone(context, 2) };
  for (const nacre of Object.values(processes)) {
    await nacre.ask('load', comparison.loading);
    // Both have compiled the same code and touched the same pages: each asks all of it once before.
    for (const [count, times] of [
      [1, rounds.one],
      [batch, rounds.many],
    ]) {
      for (let round = 0; round < times; round++)
        await nacre.ask('search', { starts: comparison.startsOf(round, count), count, limit });
    }
  }
  const rate = (nacre, count) => async (round) => {
    const starts = comparison.startsOf(round, count);
    const answers = await nacre.ask('search', { starts, count, limit });
    return (count * 1000) / median(answers.map(({ ms }) => ms));
  };
  const { one, two } = processes;
  const ones = { one: rate(one, 1), two: rate(two, 1) };
  const { peer, missing } = peerOnOneThread(context);
  let unread = missing;
  const read = (threads) => async () => {
    try {
      const { ms, bytes } = await peer.ask('memory_read', { file: comparison.files.rows, threads });
      return bytes / 1e6 / ms;
    } catch (error) {
      unread = error.message;
      return undefined;
    }
  };
  const reads = peer === undefined ? {} : { readOne: read(1), readTwo: read(2) };
  const medians = await interleaved(rounds.one, { ...ones, ...reads });
  const manys = { one: rate(one, batch), two: rate(two, batch) };
  // A call after a pause takes as long as the kernel takes to wake the second thread: many, so that the middle
  // of them says something.
  const many = await interleaved(5 * rounds.many, manys);
  await Promise.all([one.close(), two.close(), peer?.close()]);

  const beside = (value) => ({ name: 'one thread', value, unit: 'queries/s' });
  const line = (what, { one: alone, two: value }, more) =>
    row({ what: `two threads, ${what}`, value, unit: 'queries/s', beside: beside(alone), ...more });
  const { readOne, readTwo } = medians;
  const gigabytes = (value) => `${value.toFixed(1)} GB/s`;
  return [
    line('one query', medians, {
      // Where NumPy is not there to say what memory gives, the second thread must not be in vain.
      leastRatio: unread === undefined ? Number(((0.9 * readTwo) / readOne).toFixed(2)) : 1,
      note:
        unread === undefined
          ? `NumPy reads ${gigabytes(readOne)} by one thread, ${gigabytes(readTwo)} by two`
          : `memory bandwidth: ${unread}`,
    }),
    line(`${batch} at once`, many, { leastRatio: 1.8 }),
  ];
}
