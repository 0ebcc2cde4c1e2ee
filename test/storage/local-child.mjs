// A process of its own on a folder store, for races and crashes: `node local-child.mjs ROOT JOB ID COUNT [DURABILITY]`.
// Prints one JSON line for each step that was acknowledged. Imports the built library, as users do.
import { LocalStore } from '../../dist/storage/local.js';
import { systemRuntime } from '../../dist/util/runtime.js';

const [root, job, id, countText, durability = 'fsync'] = process.argv.slice(2);
const count = Number(countText);
const store = new LocalStore(root, systemRuntime, { durability });
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const jobs = {
  /** Tries to create every slot, as all the others do. */
  async create() {
    for (let slot = 0; slot < count; slot++) {
      const { outcome } = await store.put(`slots/${slot}`, Buffer.from(`by ${id}`), { condition: 'absent' });
      say(outcome);
    }
  },

  /** Adds one to a counter `count` times. */
  async swap() {
    for (let done = 0; done < count; ) {
      const { bytes, token } = await store.get('counter');
      const next = Buffer.from(String(Number(Buffer.from(bytes).toString()) + 1));
      const { outcome } = await store.put('counter', next, { condition: { token } });
      if (outcome === 'written') say(++done);
    }
  },

  /** Writes bodies of one byte value each, in every way, until it is killed. */
  async flood() {
    for (let i = 0; ; i++) {
      const body = [Buffer.alloc(300_000, i % 251), Buffer.alloc(700_000, i % 251)];
      const key = `${id}/${i}`;
      // Of every second one the threads that digest write it.
      const digest = { blockBytes: 65_536, take: () => {} };
      await store.put(key, body, { condition: 'absent', ...(i % 2 === 0 ? {} : { digest }) });
      await store.put('hot', body);
      say(key);
    }
  },

  /** Opens one object `count` times at once; says what each of the calls came to. */
  async open() {
    const gets = Array.from({ length: count }, () => store.get('object'));
    for (const result of await Promise.allSettled(gets)) say(result.reason?.code ?? result.status);
  },
};

await jobs[job]();
