// Datasets in real buckets, behind a proxy that leaves single requests without an answer: without hedges a
// read would wait for the end of its connection, and be a retry.
import { afterEach, describe, expect, test, vi } from 'vitest';
import { isNacreError, open, type OpenOptions } from '../../src/index.js';
import { openStoreDataset } from '../../src/dataset/open.js';
import { hintKeys, partitionKeys } from '../races/support.js';
import { type Proxy, type ProxyRule, startProxy } from '../support/proxy.mjs';
import { serversUnderTest } from '../support/servers/index.ts';
import { envThrough, openTestStore } from '../support/servers/open.ts';

const disposals: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function bucketOfRows(name: 'minio' | 'gcs') {
  const opened = await openTestStore(name);
  disposals.push(() => opened.dispose());
  const writer = await openStoreDataset(opened.store, { create: true, cacheDir: false });
  await writer.write(async (tx) => {
    await tx.create('e', { dtype: 'float32', rowShape: [2] });
    await tx.append('e', { data: new Float32Array([0, 0, 3, 4, 6, 8]), shape: [3, 2] });
  });
  await writer.close();
  const proxy = await startProxy(opened.endpoint ?? '');
  disposals.push(() => proxy.close());
  for (const [key, value] of Object.entries(envThrough(opened, proxy.endpoint))) vi.stubEnv(key, value);
  const dataset = async (options: OpenOptions) => {
    const handle = await open(opened.uri, { cacheDir: false, ...options });
    disposals.push(() => handle.close());
    return handle;
  };
  return { proxy, dataset };
}

function stallOnce(proxy: Proxy, path: string): void {
  const rule: ProxyRule = { method: 'GET', path, action: 'stall', times: 1 };
  proxy.setRules([rule]);
}

for (const name of ['minio', 'gcs'] as const) {
  describe.runIf(serversUnderTest().includes(name))(name, () => {
    test('a query whose rows do not come asks for them again, and says so', async () => {
      const { proxy, dataset } = await bucketOfRows(name);
      stallOnce(proxy, partitionKeys);
      const hedging = await dataset({ hedge: { afterMs: 50 } });
      const { result, analysis } = await hedging.array('e').nearest([3, 4]).limit(1).analyze();
      expect(result).toMatchObject([{ row: 1, score: 0 }]);
      expect(proxy.rules()).toMatchObject([{ fired: 1 }]);
      expect(analysis.hedged).toBeGreaterThanOrEqual(1);
      expect(analysis.retries).toBe(0);
      const plain = await (await dataset({})).array('e').nearest([3, 4]).limit(1).analyze();
      expect(plain.result).toEqual(result);
      expect(plain.analysis.hedged).toBe(0);
      expect(analysis.requests - analysis.hedged).toBe(plain.analysis.requests);
    });

    test('the hint that was asked for ahead is asked for again, and the first request ends', async () => {
      const { proxy, dataset } = await bucketOfRows(name);
      stallOnce(proxy, hintKeys);
      const hedging = await dataset({ hedge: { afterMs: 50 } });
      expect(proxy.rules()).toMatchObject([{ fired: 1 }]);
      const { hedged, retries, failures } = hedging.meter.snapshot();
      expect(hedged).toBeGreaterThanOrEqual(1);
      expect([retries, failures]).toEqual([0, 0]);
    });
  });
}

test('an option that is none is refused', async () => {
  const opened = open('memory://', { create: true, hedge: { atMost: 2 } });
  await expect(opened).rejects.toSatisfy((error) => isNacreError(error, 'InvalidArgument'));
});
