// What the credentials allow, and the plain promises of a store: what was written is there, what was removed
// is gone, ranges are ranges, wrong bodies are refused.
import { isNacreError } from '../../errors.js';
import { native } from '../../native.js';
import { equalBytes, utf8 } from '../../util/bytes.js';
import { clockSkewMs } from '../clock.js';
import { callOptions, failed, ok, type Probe, skipped, timed, type Tried, warning } from './finding.js';

/** What randomness gives in one call at most. */
const rangeBytes = 65_536;

const read: Probe = {
  check: 'read',
  async run(tried) {
    const { store } = tried;
    const body = await store.get(tried.key('missing'), callOptions(tried));
    return body === undefined
      ? ok('a key that is not there is answered as such')
      : failed('a key that nobody wrote was found');
  },
};

const list: Probe = {
  check: 'list',
  async run(tried) {
    await tried.store.list({ prefix: 'leases/', limit: 1, ...callOptions(tried) });
    return ok('keys can be listed');
  },
};

const create: Probe = {
  check: 'create',
  async run(tried) {
    const { store, latencies } = tried;
    const call = callOptions(tried);
    const key = tried.key('create');
    const body = utf8.encode('one');
    const condition = 'absent';
    const first = await timed(tried, latencies.put, () => store.put(key, body, { ...call, condition }));
    if (first.outcome !== 'written') return failed('a create of a key that is not there was refused');
    const again = await store.put(key, body, { ...call, condition });
    if (again.outcome !== 'refused') return failed('a second create of the key was accepted');
    const found = await store.get(key, call);
    return found !== undefined && equalBytes(found.bytes, body)
      ? ok('a key is created once, and a second create is refused')
      : failed('what was created was not there when it was read');
  },
};

const consistency: Probe = {
  check: 'consistency',
  needs: ['create', 'list'],
  async run(tried) {
    const { store } = tried;
    const call = callOptions(tried);
    const key = tried.key('fresh');
    await store.get(key, call);
    await store.put(key, utf8.encode('one'), call);
    if ((await store.get(key, call)) === undefined)
      return failed('a key was read as missing after it was written');
    const listed = await store.list({ prefix: key, ...call });
    if (!listed.entries.some((entry) => entry.key === key))
      return failed('a key was not listed after it was written');
    await store.put(key, utf8.encode('two'), call);
    const second = await store.get(key, call);
    return second !== undefined && utf8.decode(second.bytes) === 'two'
      ? ok('reads and listings see the last write and replacement')
      : failed('an old body was read after a new one was written');
  },
};

/** Readers and writers delete nothing, and their credentials need not allow it. */
const remove: Probe = {
  check: 'remove',
  needs: ['create'],
  async run(tried) {
    const { store } = tried;
    const call = callOptions(tried);
    const key = tried.key('remove');
    await store.put(key, utf8.encode('one'), call);
    try {
      await store.delete([key], call);
    } catch (error) {
      if (!isNacreError(error, 'PermissionDenied')) throw error;
      const scratch = key.slice(0, -'remove'.length);
      return warning(
        'these credentials may not delete: readers and writers need not, `nacre gc` and `nacre backup forget` do. ' +
          `The small keys that were tried out stay: remove ${scratch}* with others`,
      );
    }
    return (await store.get(key, call)) === undefined
      ? ok('what is removed is gone')
      : warning('a key was read after it was removed: a cache stands between');
  },
};

const compareAndSwap: Probe = {
  check: 'compare-and-swap',
  needs: ['create'],
  async run(tried) {
    const { store } = tried;
    const call = callOptions(tried);
    const key = tried.key('swap');
    const first = await store.put(key, utf8.encode('one'), { ...call, condition: 'absent' });
    if (first.outcome !== 'written') return failed('the scratch key could not be made');
    const right = { condition: { token: first.token } };
    const second = await store.put(key, utf8.encode('two'), { ...call, ...right });
    if (second.outcome !== 'written') return failed('a replacement of the known state was refused');
    const stale = await store.put(key, utf8.encode('three'), { ...call, ...right });
    if (stale.outcome !== 'refused') return failed('a replacement of a state that is gone was accepted');
    const missing = await store.put(tried.key('swap-missing'), utf8.encode('x'), { ...call, ...right });
    return missing.outcome === 'refused'
      ? ok('only the known state is replaced')
      : failed('a replacement of a key that is not there was accepted');
  },
};

const ranges: Probe = {
  check: 'ranges',
  needs: ['create'],
  async run(tried) {
    const { store, runtime } = tried;
    const call = callOptions(tried);
    const key = tried.key('ranges');
    const body = runtime.randomBytes(rangeBytes);
    const size = body.byteLength;
    await store.put(key, body, call);
    const wanted = [
      { start: 0, end: 1 },
      { start: 4_096, end: 8_192 },
      { start: size - 100, end: size },
    ];
    for (const range of wanted) {
      const found = await store.get(key, { ...call, range });
      if (found === undefined || !equalBytes(found.bytes, body.subarray(range.start, range.end)))
        return failed(`the bytes ${range.start} to ${range.end} are not those that were written`);
    }
    const past = await store.get(key, { ...call, range: { start: size + 10, end: size + 20 } });
    if (past?.bytes.byteLength !== 0) return failed('a range past the end is not answered as empty');
    return ok('ranges are answered byte for byte');
  },
};

const checksums: Probe = {
  check: 'checksums',
  needs: ['create'],
  async run(tried) {
    const { store } = tried;
    const call = callOptions(tried);
    const body = utf8.encode('checked');
    const crc32c = native().crc32c(body);
    await store.put(tried.key('sum'), body, { ...call, crc32c });
    if (!store.capabilities.checksOnPut)
      return skipped('this kind of store takes no checksum with a body; reads are checked all the same');
    try {
      await store.put(tried.key('wrong-sum'), body, { ...call, crc32c: (crc32c ^ 1) >>> 0 });
    } catch (error) {
      if (isNacreError(error, 'Corrupt')) return ok('a body that differs from its checksum is refused');
      throw error;
    }
    return warning('a body that differs from its checksum is accepted; reads are checked all the same');
  },
};

const clock: Probe = {
  check: 'clock',
  async run({ store, runtime }: Tried) {
    const time = store.timeMs();
    if (time === undefined) return skipped('the store has not told its time');
    const skew = runtime.now() - time;
    const seconds = (Math.abs(skew) / 1000).toFixed(1);
    const figures = { skewMs: skew };
    if (Math.abs(skew) <= clockSkewMs) return { ...ok(`the clocks differ by ${seconds} s`), figures };
    const which = skew > 0 ? 'ahead' : 'behind';
    return {
      ...warning(
        `the clock of this machine is ${seconds} s ${which}; the store's is used, but requests may be refused`,
      ),
      figures,
    };
  },
};

export const rightProbes: readonly Probe[] = [
  read,
  list,
  create,
  consistency,
  remove,
  compareAndSwap,
  ranges,
  checksums,
  clock,
];
