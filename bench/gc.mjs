// Clean-up on MinIO: how fast objects that nobody refers to are found and deleted, and what a fence costs commits.
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { checksumOf, row, timed } from './harness.mjs';

export const title = 'clean-up of objects that nobody refers to';

export const full = (context) => measure(context, { orphans: 100_000 });
export const small = (context) => measure(context, { orphans: 300 });

/** Uploads side by side. */
const lanes = 32;

async function measure(context, { orphans }) {
  const place = await context.place();
  const uri = place.uri('gc');
  const dataset = await place.open(uri, { create: true, counted: true });
  const append = (handle) => handle.write((tx) => tx.append('rows', { data: Float32Array.of(1, 2, 3) }));
  await dataset.write((tx) => tx.create('rows', { dtype: 'float32' }));
  const before = await place.count(() => append(dataset));

  const store = await place.store(uri);
  let left = orphans;
  const upload = async () => {
    while (left-- > 0) await store.put(`segments/${randomBytes(16).toString('hex')}`, new Uint8Array(1));
  };
  await Promise.all(Array.from({ length: lanes }, upload));
  await store.close();
  // Stores tell the age of objects in whole seconds.
  await setTimeout(2_000);

  const maintainer = await place.open(uri);
  const options = { graceMs: 1_000 };
  const found = await timed(() => maintainer.gc({ ...options, dryRun: true }));
  const collected = await timed(() => maintainer.gc(options));
  if (found.value.orphans !== orphans || collected.value.deleted !== orphans)
    throw new Error(`${collected.value.deleted} of ${orphans} orphans were deleted`);
  await maintainer.close();

  // The handle's uploads begin below the fence, and are not listed; then above it.
  const below = await place.count(() => append(dataset));
  const above = await place.count(() => append(dataset));
  const { data } = await dataset.array('rows').read();
  await dataset.close();
  const perSecond = ({ ms }) => Math.round((orphans / ms) * 1000);
  return [
    row({ what: `found among ${orphans} objects`, value: perSecond(found), unit: 'objects/s' }),
    row({
      what: 'found, planned and deleted',
      value: perSecond(collected),
      unit: 'objects/s',
      least: 1_000,
      checksum: checksumOf(data),
    }),
    row({ what: 'append before: requests', value: before.requests, unit: 'requests', most: 3 }),
    row({
      what: 'append that began below the fence: requests',
      value: below.requests,
      unit: 'requests',
      note: 'it lost its slot, and read the root and the plan',
    }),
    row({ what: 'append that began above: requests', value: above.requests, unit: 'requests', most: 3 }),
  ];
}
