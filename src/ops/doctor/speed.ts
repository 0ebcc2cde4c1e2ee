// How fast: single small requests, one large body each way, and, when asked for, a body that goes in parts.
import { equalBytes } from '../../util/bytes.js';
import { callOptions, failed, ok, type Probe, skipped, timed, type Tried } from './finding.js';

const smallReads = 50;
const bodyBytes = 8 * 2 ** 20;

const smallRequests: Probe = {
  check: 'small reads',
  needs: ['create'],
  async run(tried) {
    const { store, latencies } = tried;
    const call = callOptions(tried);
    const key = tried.key('small');
    await store.put(key, tried.runtime.randomBytes(1024), call);
    for (let i = 0; i < smallReads; i++) {
      const body = await timed(tried, latencies.get, () => store.get(key, call));
      if (body === undefined) return failed('a key that was written was not found');
    }
    return ok(`${smallReads} reads, one after the other`);
  },
};

const throughput: Probe = {
  check: 'throughput',
  // Nothing large stays behind.
  needs: ['create', 'remove'],
  run: (tried) => moveBody(tried, 'body', bodyBytes),
};

const parts: Probe = {
  check: 'body in parts',
  needs: ['create', 'remove'],
  async run(tried) {
    if (!tried.full) return skipped('tried with --full');
    const { singlePutBytes } = tried.store.capabilities;
    if (singlePutBytes > 2 ** 30) return skipped('this store takes every body in one piece');
    return moveBody(tried, 'parts', singlePutBytes + 1);
  },
};

async function moveBody(tried: Tried, name: string, length: number) {
  const { store } = tried;
  const call = callOptions(tried);
  const key = tried.key(name);
  const body = randomBody(tried, length);
  const times: number[] = [];
  const put = await timed(tried, times, () => store.put(key, body, { ...call, condition: 'absent' }));
  if (put.outcome !== 'written') return failed('a create of a key that is not there was refused');
  const found = await timed(tried, times, () => store.get(key, call));
  if (found === undefined || !equalBytes(found.bytes, body))
    return failed('what was read is not what was written');
  const rate = (ms = 0): number => length / 1e6 / (Math.max(ms, 0.001) / 1000);
  const figures = { sizeBytes: length, upMBps: rate(times[0]), downMBps: rate(times[1]) };
  const moved = `${(length / 2 ** 20).toFixed(0)} MiB in one request each way`;
  await store.delete([key], call);
  return {
    ...ok(`${figures.upMBps.toFixed(0)} MB/s up, ${figures.downMBps.toFixed(0)} MB/s down (${moved})`),
    figures,
  };
}

/** Nothing between here and the store can compress it. */
function randomBody({ runtime }: Tried, length: number): Uint8Array {
  const body = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536)
    body.set(runtime.randomBytes(Math.min(65_536, length - at)), at);
  return body;
}

export const speedProbes: readonly Probe[] = [smallRequests, throughput, parts];
