// A dataset that Nacre and peers search in turn: Nacre in a process of its own through the Node API, each
// peer in one of its own after the other, so that no more than one peer is in memory. On one thread.
//
// Rates are queries a second. Nacre's rate beside a peer is the one of the same turns.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { backMemory, checksumOf, interleaved, median, row } from '../harness.mjs';
import { writeNpy } from '../support/data.mjs';
import { prepare } from '../support/prepare.mjs';

export const limit = 10;

const threadVariables = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'RAYON_NUM_THREADS', 'MKL_NUM_THREADS'];
const oneThread = Object.fromEntries(threadVariables.map((name) => [name, '1']));

/** A process of the peers on one thread: `{ peer }` or `{ missing }`. */
export const peerOnOneThread = (context) => context.peer(oneThread);

/** So many queries at once, so many times; `results` are what came out beside each peer. */
export const planOf = (count, rounds) => ({ count, rounds, results: [] });

/** Nacre on so many threads, one process for all comparisons. */
export const nacreOn = (context, threads) =>
  context.shared(`nacre on ${threads}`, () => nacreAlone(context, threads));

/** The same, a process of its own. */
export const nacreAlone = (context, threads) =>
  context.child('exact-queries.mjs', { NACRE_THREADS: String(threads) });

/**
 * Single queries of a turn, one after the other, without a message between them: the first of a process that
 * was idle, with the caches full of another's rows, takes some milliseconds more, whoever's it is.
 */
const queriesInTurn = 5;

class PeerFailure extends Error {}

export class Comparison {
  #context;
  #metric;
  #queries;
  #folder;
  #missing = new Map();
  uri;
  files;
  nacre;

  /** `content` and `asked` are rows of `width`, of the dtype that `dtype` names. */
  static async start(context, { dtype, width, content, asked, metric }) {
    const comparison = new Comparison();
    comparison.#context = context;
    comparison.#metric = metric;
    comparison.#queries = asked.length / width;
    comparison.#folder = context.folder('exact');
    const arrays = { rows: content, queries: asked };
    // Rows, codes and files of both: large pages are left for them, as peers ask for their arrays.
    if (!context.small) backMemory(4 * content.byteLength);
    const place = context.folderPlace();
    comparison.uri = place.uri('exact');
    const dataset = await place.open(comparison.uri, { create: true });
    await dataset.write(async (tx) => {
      for (const [name, data] of Object.entries(arrays)) {
        await tx.create(name, { dtype, rowShape: [width] });
        await tx.append(name, { data, shape: [data.length / width, width] });
      }
    });
    await prepare(dataset);
    await dataset.close();
    comparison.files = Object.fromEntries(
      context.small
        ? []
        : Object.entries(arrays).map(([name, data]) => {
            const file = `${comparison.#folder}/${name}.npy`;
            return [name, writeNpy(file, data, [data.length / width, width], dtype)];
          }),
    );
    // The kernel would write them to the disk meanwhile, on a processor that two threads need.
    if (!context.small) execFileSync('sync');
    comparison.nacre = nacreOn(context, 1);
    await comparison.nacre.ask('load', comparison.loading);
    return comparison;
  }

  /** What a process of Nacre must be told first. */
  get loading() {
    return { uri: this.uri, metric: this.#metric };
  }

  /** Why some of these peers could not be had. */
  #missingOf(names) {
    return [...new Set(names.flatMap((name) => this.#missing.get(name) ?? []))].join('; ');
  }

  /** The first query of a round: each round asks others, as far as there are others. */
  startOf(round, count) {
    return (round * count) % (this.#queries - count + 1);
  }

  /** The first queries of the calls of a round. */
  startsOf(round, count) {
    const turn = count === 1 ? queriesInTurn : 1;
    return Array.from({ length: turn }, (_, i) => this.startOf(round * turn + i, count));
  }

  /** Runs the plans beside the peers of these names, one after the other; alone when none is there. */
  async compare(names, plans) {
    for (const peerName of names) await this.#beside(peerName, plans);
    for (const plan of plans) {
      if (plan.results.length === 0) plan.alone = (await this.#turns(plan, {})).medians.nacre;
    }
  }

  async #beside(peerName, plans) {
    const { peer, missing } = peerOnOneThread(this.#context);
    if (peer === undefined) {
      this.#missing.set(peerName, missing);
      return;
    }
    const ask = (name, args) =>
      peer.ask(name, args).catch((error) => {
        throw new PeerFailure(error.message);
      });
    this.#context.say(`  ${peerName}`);
    try {
      const { name } = await ask('exact_build', { peer: peerName, metric: this.#metric, ...this.files });
      for (const plan of plans) {
        const { medians, found } = await this.#turns(plan, {
          peer: (starts) => ask('exact_search', { starts, count: plan.count, k: limit }),
        });
        plan.results.push({ peerName, name, ours: medians.nacre, theirs: medians.peer, ...agreement(found) });
      }
    } catch (error) {
      if (!(error instanceof PeerFailure)) throw error;
      this.#missing.set(peerName, `${peerName} (${error.message})`);
    } finally {
      await peer.close();
    }
  }

  /**
   * Runs a plan of single queries beside a thread that reads the rows once and does nothing with them: what
   * scans them all cannot be faster. A peer of the name `memory`.
   */
  async compareWithMemory(plan) {
    const { peer, missing } = peerOnOneThread(this.#context);
    if (peer === undefined) {
      this.#missing.set('memory', missing);
      return;
    }
    const file = this.files.rows;
    const read = async (starts) => {
      const answers = [];
      for (let left = starts.length; left > 0; left--)
        answers.push(await peer.ask('memory_read', { file, threads: 1 }));
      return answers;
    };
    try {
      const { medians } = await this.#turns(plan, { peer: read });
      const name = 'reading the rows once';
      plan.results.push({ peerName: 'memory', name, ours: medians.nacre, theirs: medians.peer });
    } finally {
      await peer.close();
    }
  }

  async #turns(plan, others) {
    const { count, rounds } = plan;
    const askers = { nacre: (starts) => this.nacre.ask('search', { starts, count, limit }), ...others };
    const found = Object.fromEntries(Object.keys(askers).map((who) => [who, []]));
    const samplers = {};
    for (const [who, ask] of Object.entries(askers)) {
      // Pages, buffers and compiled code are there after the first.
      await ask([this.startOf(rounds, count)]);
      samplers[who] = async (round) => {
        const answers = await ask(this.startsOf(round, count));
        found[who].push(...answers);
        return median(answers.map(({ ms }) => ms));
      };
    }
    const medians = await interleaved(rounds, samplers);
    plan.checksum ??= checksumOf(Float64Array.from(found.nacre.flatMap(({ ids }) => ids.flat())));
    return { medians, found };
  }

  /** A row of a plan beside the fastest of the peers of `among`; judged where `must` says by what. */
  judged(plan, { what, among, ...must }) {
    const results = plan.results
      .filter(({ peerName }) => among.includes(peerName))
      .sort((one, other) => one.theirs - other.theirs);
    const rate = (ms) => (plan.count * 1000) / ms;
    const [beside, ...others] = results.map(({ name, theirs }) => ({ name, value: rate(theirs), unit }));
    const missing = this.#missingOf(among);
    const searched = results.filter(({ all }) => all !== undefined);
    const notes = searched.map(({ name, same, all }) => `${same} of ${all} ids as ${name}`);
    if (beside !== undefined && missing !== '') notes.push(`missing: ${missing}`);
    return row({
      what,
      value: rate((results[0] ?? plan.results[0])?.ours ?? plan.alone),
      unit,
      ...must,
      beside,
      others,
      checksum: plan.checksum,
      ...(beside === undefined ? { missing } : {}),
      ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
    });
  }

  async close() {
    await this.nacre.ask('close');
    for (const folder of [this.uri, this.#folder]) rmSync(folder, { recursive: true });
  }
}

const unit = 'queries/s';

/**
 * How many of a peer's hits are Nacre's. One that is not may stand for another of the same score at the end
 * of the list, where both give the score in the same unit.
 */
function agreement({ nacre, peer }) {
  let same = 0;
  let all = 0;
  for (const [round, theirs] of peer.entries()) {
    for (const [query, ids] of theirs.ids.entries()) {
      const ours = nacre[round];
      const known = new Set(ours.ids[query]);
      const last = ours.scores[query].at(-1);
      const tied = (score) => Math.abs(score - last) <= 1e-6 * Math.abs(last);
      all += ids.length;
      same += ids.filter((id, place) => known.has(id) || tied(theirs.scores[query][place])).length;
    }
  }
  return { same, all };
}
