// A small commit on MinIO with 30 ms a request, beside LanceDB and Icechunk through the same proxy in the same
// rounds. The hint is written after the acknowledgement and not counted.
import { checksumOf, interleaved, median, row, timed } from './harness.mjs';
import { randomFloats, writeNpy } from './support/data.mjs';

export const title = 'append 100 × 384 float32';

export const full = (context) => measure(context, { rows: 200_000, rounds: 4, appends: 6, delayMs: 30 });
export const small = (context) => measure(context, { rows: 1000, rounds: 1, appends: 2, delayMs: 0 });

const width = 384;
const few = 100;

async function measure(context, { rows, rounds, appends, delayMs }) {
  const place = await context.place();
  const content = randomFloats(rows * width);
  const file = writeNpy(`${context.folder('append')}/rows.npy`, content, [rows, width]);
  const data = content.slice(0, few * width);
  const uri = place.uri('append');
  const dataset = await place.open(uri, { create: true, counted: true });
  await dataset.write(async (tx) => {
    await tx.create('rows', { dtype: 'float32', rowShape: [width] });
    await tx.append('rows', { data: content, shape: [rows, width] });
  });
  const append = (handle) => handle.write((tx) => tx.append('rows', { data, shape: [few, width] }));
  const writer = await place.open(uri, { counted: true });
  await writer.version();
  const first = await place.count(() => append(writer));
  const later = await place.count(() => append(writer));

  const peers = await startPeers(context, place, file);
  for (const peer of peers) peer.counts = await place.count(() => peer.append());
  await place.latency(delayMs);
  const several = async (once) => {
    const samples = [];
    for (let i = 0; i < appends; i++) samples.push(await once());
    return median(samples);
  };
  const samplers = { nacre: () => several(async () => (await timed(() => append(writer))).ms) };
  for (const peer of peers) samplers[peer.name] = () => several(() => peer.append());
  const medians = await interleaved(rounds, samplers);
  await place.latency(0);
  const live = await writer.array('rows').shape();
  await writer.close();
  await dataset.close();

  const besides = (of, unit) => peers.map((peer) => ({ name: peer.name, value: of(peer), unit }));
  const lance = peers.find(({ name }) => name.startsWith('LanceDB'));
  const missing = lance === undefined ? (peers.missing ?? 'LanceDB did not run') : undefined;
  const time = { value: medians.nacre, unit: 'ms', mostRatio: 0.6, missing };
  const [, ...others] = besides(({ name }) => medians[name], 'ms');
  return [
    row({
      what: 'first of a handle: requests',
      value: first.requests,
      unit: 'requests',
      most: 3,
      others: besides(({ counts }) => counts.requests),
      checksum: checksumOf(Float64Array.from(live)),
    }),
    row({
      what: 'first of a handle: waves',
      value: first.waves,
      unit: 'waves',
      most: 2,
      others: besides(({ counts }) => counts.waves),
    }),
    row({ what: 'later: requests', value: later.requests, unit: 'requests', most: 3 }),
    row({ what: 'later: waves', value: later.waves, unit: 'waves', most: 2 }),
    row({
      what: `time with ${delayMs} ms a request`,
      ...time,
      ...(lance === undefined
        ? {}
        : { beside: { name: lance.name, value: medians[lance.name], unit: 'ms' } }),
      others,
    }),
    row({
      what: 'bytes up',
      value: later.bytesUp,
      unit: 'bytes',
      others: besides(({ counts }) => counts.bytesUp),
    }),
  ];
}

/** LanceDB and Icechunk with the same rows behind the same proxy; none where they cannot be had. */
async function startPeers(context, place, file) {
  const found = [];
  const { peer, missing } = context.peer(place.env({ counted: true }));
  if (peer === undefined) return Object.assign(found, { missing });
  for (const [label, name] of [
    ['LanceDB', 'lancedb'],
    ['Icechunk', 'icechunk'],
  ]) {
    try {
      const { version } = await peer.ask(`${name}_create`, { bucket: place.bucket, file });
      const append = async () => (await peer.ask(`${name}_append`)).ms;
      await append();
      found.push({ name: `${label} ${version}`, append });
    } catch (error) {
      context.say(`no ${label}: ${error.message}`);
      found.missing = error.message;
    }
  }
  return found;
}
