// One place in memory that any number of handles share, each as a process of its own would: with a store
// object, a clock, randomness and faults of its own. Virtual time, seeded ids: a run repeats to the bit.
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Dataset } from '../../src/dataset/dataset.js';
import { manifestFunctions } from '../../src/dataset/environment.js';
import { openStoreDataset, type OpenOptions } from '../../src/dataset/open.js';
import { newestRoot } from '../../src/manifest/head.js';
import { writeHint } from '../../src/manifest/hint.js';
import { hintKey, rootKey, versionOfRootKey } from '../../src/manifest/keys.js';
import { evolve, make, type Root, v1 } from '../../src/manifest/message.js';
import { encodeRoot, type LoadedRoot } from '../../src/manifest/root.js';
import { native } from '../../src/native.js';
import { MemoryStore } from '../../src/storage/memory.js';
import type { ObjectStore } from '../../src/storage/object-store.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import type { Runtime } from '../../src/util/runtime.js';
import { FakeRuntime } from '../support/fake-runtime.js';
import { type FaultPlan, faulty, type FaultyStore } from '../support/faulty-store.js';
import { recording, Trace } from '../support/recording-store.js';

export const functions = manifestFunctions(native());

/** Rows as the tests write them: int32, one number a row. */
export function int32(...values: number[]): { data: Int32Array } {
  return { data: Int32Array.from(values) };
}

export interface Member {
  readonly dataset: Dataset;
  readonly store: FaultyStore;
  readonly trace: Trace;
  readonly runtime: Runtime;
}

export interface MemberOptions extends Omit<OpenOptions, 'runtime'> {
  readonly plan?: FaultPlan;
  readonly gate?: Gate;
  /** Every request takes so long, in real time: what goes out together is seen to. */
  readonly latencyMs?: number;
  /** The process's wall clock is off by so much. */
  readonly skewMs?: number;
}

/** Holds back the puts of some keys while it is shut: the requests, or only their replies. */
export class Gate {
  #opened: Promise<void> | undefined;
  #open: () => void = () => undefined;
  #arrivals = 0;
  readonly #match: RegExp;
  readonly #what: 'request' | 'reply';

  constructor(match: RegExp, what: 'request' | 'reply' = 'request') {
    this.#match = match;
    this.#what = what;
  }

  shut(): void {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#opened = undefined;
    this.#open();
  }

  /** Resolves when so many puts stand before the gate, or stood there. */
  async arrived(count = 1): Promise<void> {
    while (this.#arrivals < count) await setImmediate();
  }

  /** Lets all that does not stand before the gate go on until it rests. */
  async idle(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await setTimeout(1);
  }

  guard(inner: ObjectStore): ObjectStore {
    const held = async (key: string): Promise<void> => {
      if (this.#opened === undefined || !this.#match.test(key)) return;
      this.#arrivals += 1;
      await this.#opened;
    };
    return forwarding(inner, {
      put: async (key, body, options) => {
        if (this.#what === 'request') await held(key);
        const result = await inner.put(key, body, options);
        if (this.#what === 'reply') await held(key);
        return result;
      },
    });
  }
}

let worlds = 0;

export class World {
  readonly runtime: FakeRuntime;
  readonly name: string;
  /** The bare place: looks and changes that are nobody's request. */
  readonly bare: MemoryStore;
  #members = 0;
  readonly #seed: number;
  readonly #open: Dataset[] = [];

  constructor(seed = 1, name = `world-${++worlds}`) {
    this.#seed = seed;
    this.runtime = new FakeRuntime({ seed });
    this.name = name;
    this.bare = new MemoryStore(name, this.runtime);
  }

  /** Opens a handle as another process. Creates the dataset when there is none, unless told not to. */
  async open(options: MemberOptions = {}): Promise<Member> {
    const { plan = () => undefined, gate, latencyMs = 0, skewMs = 0, ...rest } = options;
    this.#members += 1;
    const runtime = this.runtime.process(this.#seed * 1_000 + this.#members, { skewMs });
    const trace = new Trace();
    const store = faulty(new MemoryStore(this.name, this.runtime), plan, this.runtime);
    const guarded = gate?.guard(store) ?? store;
    const backend = latencyMs === 0 ? guarded : distant(guarded, latencyMs);
    const dataset = await openStoreDataset(recording(backend, trace), {
      create: true,
      cacheDir: false,
      ...rest,
      runtime,
    });
    this.#open.push(dataset);
    return { dataset, store, trace, runtime };
  }

  /** Closes every handle that is still open. */
  async close(): Promise<void> {
    for (const dataset of this.#open.splice(0)) await dataset.close();
  }

  /** The newest root, read without any hint. */
  async head(): Promise<LoadedRoot> {
    const found = await newestRoot(this.bare, functions);
    if (found === undefined) throw new Error('the world holds no dataset');
    return found.head;
  }

  /** Roots in their slots, lowest first. */
  async slots(): Promise<number[]> {
    const { entries } = await this.bare.list({ prefix: 'versions/' });
    return entries.map(({ key }) => versionOfRootKey(key) ?? Number.NaN).reverse();
  }

  /** Puts a root that another release, another dataset or a later verb made. */
  async plant(root: Root, slot = root.version): Promise<LoadedRoot> {
    const loaded = encodeRoot(root, functions);
    await this.bare.put(rootKey(slot), loaded.bytes);
    return loaded;
  }

  /** A next version with changed content, as a verb that is not here yet would publish it. */
  async plantNext(fields: Partial<Root> | ((head: Root) => Partial<Root>)): Promise<LoadedRoot> {
    const { root, hash } = await this.head();
    return this.plant(
      evolve(root, {
        version: root.version + 1,
        parent: make(v1.Parent, { version: root.version, hash }),
        commitId: this.runtime.randomBytes(16),
        operations: [],
        changes: null,
        ...(typeof fields === 'function' ? fields(root) : fields),
      }),
    );
  }

  /** Makes the hint name this root, as of this home. */
  async hint(root: LoadedRoot, store: ObjectStore = this.bare): Promise<void> {
    const found = await store.head(hintKey);
    await writeHint(store, root, found?.token, functions);
  }

  /** The hint's bytes, to be put back later: a hint held back. */
  async holdHint(): Promise<() => Promise<void>> {
    const held = await this.bare.get(hintKey);
    return async () => {
      if (held === undefined) await this.bare.delete([hintKey]);
      else await this.bare.put(hintKey, held.bytes);
    };
  }

  async flip(key: string, bit = 777): Promise<void> {
    const body = await this.bare.get(key);
    if (body === undefined) throw new Error(`there is no ${key}`);
    const at = bit % (8 * body.bytes.byteLength);
    body.bytes[at >> 3] = (body.bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
    await this.bare.put(key, body.bytes);
  }

  async keys(prefix = ''): Promise<string[]> {
    return (await this.bare.list({ prefix })).entries.map(({ key }) => key);
  }

  /** What a new process reads: all rows of an int32 array. */
  async read(array = 'a'): Promise<number[]> {
    const { dataset } = await this.open({ create: false });
    return values(dataset, array);
  }
}

/** A store that is so far away. */
function distant(inner: ObjectStore, latencyMs: number): ObjectStore {
  const after = async <T>(call: () => Promise<T>): Promise<T> => {
    await setTimeout(latencyMs);
    return call();
  };
  return forwarding(inner, {
    get: (key, options) => after(() => inner.get(key, options)),
    getRanges: (key, ranges, options) => after(() => inner.getRanges(key, ranges, options)),
    put: (key, body, options) => after(() => inner.put(key, body, options)),
    head: (key, options) => after(() => inner.head(key, options)),
    list: (options) => after(() => inner.list(options)),
  });
}

export async function values(dataset: Dataset, array = 'a'): Promise<number[]> {
  return Array.from((await dataset.array(array).read()).data as Int32Array);
}

/** A world with an int32 array `a` that holds `rows`. */
export async function worldWith(...rows: number[]): Promise<World> {
  return filled(new World(), rows);
}

/** The same in a given world. */
export async function filled(world: World, rows: readonly number[]): Promise<World> {
  const { dataset } = await world.open();
  await dataset.write(async (tx) => {
    await tx.create('a', { dtype: 'int32' });
    if (rows.length > 0) await tx.append('a', int32(...rows));
  });
  await dataset.close();
  return world;
}
