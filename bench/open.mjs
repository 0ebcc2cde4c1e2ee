// What does it take to learn the newest version: with the hint up to date, with a hint frozen far behind, and
// after many processes of `nacre append`.
import { checksumOf, row } from './harness.mjs';
import { writeNpy } from './support/data.mjs';
import { runChild, runCommand } from './support/places.mjs';

export const title = 'open';

export const full = (context) => measure(context, { behind: 1000, little: 4, processes: 50 });
export const small = (context) => measure(context, { behind: 12, little: 4, processes: 2 });

async function measure(context, { behind, little, processes }) {
  const place = await context.place();
  const uri = await makeDataset(place);
  const current = await place.count(() => openedVersion(place, uri));

  context.say(`open: ${behind} versions beyond a frozen hint`);
  const far = await openBehind(place, behind);
  const near = await openBehind(place, little);

  context.say(`open: ${processes} times nacre append`);
  const file = writeNpy(`${context.folder('open')}/row.npy`, new Float32Array(4), [1, 4]);
  for (let i = 0; i < processes; i++) await runCommand(place, ['append', uri, 'rows', file, '--quiet']);
  const after = await place.count(() => runChild(place, 'open-once.mjs', [uri], { counted: true }));
  const expected = current.value + processes;
  if (after.value.version !== expected) throw new Error(`version ${after.value.version}, not ${expected}`);

  const rows = (what, counts, version, most, mostLists) => [
    row({
      what: `${what}: requests`,
      value: counts.requests,
      unit: 'requests',
      ...most,
      checksum: sum(version),
    }),
    row({ what: `${what}: of these LIST`, value: counts.lists, unit: 'requests', ...mostLists }),
    row({ what: `${what}: waves`, value: counts.waves, unit: 'waves' }),
  ];
  return [
    ...rows('open', current, current.value, { most: 2 }, { most: 0 }),
    ...rows(`hint ${behind} versions behind`, far, far.value, { most: 5 }, { most: 1 }),
    ...rows(`hint ${little} versions behind`, near, near.value),
    ...rows(
      `new process after ${processes} × nacre append`,
      after,
      after.value.version,
      { most: 2 },
      { most: 0 },
    ),
  ];
}

const sum = (version) => checksumOf(Float64Array.of(version));

async function makeDataset(place) {
  const uri = place.uri('open');
  const dataset = await place.open(uri, { create: true });
  await dataset.write(async (tx) => {
    await tx.create('rows', { dtype: 'float32', rowShape: [4] });
    await tx.append('rows', { data: new Float32Array(40), shape: [10, 4] });
  });
  await dataset.close();
  return uri;
}

/** Opens a dataset whose hint names a version so far behind the newest. */
async function openBehind(place, versions) {
  const uri = await makeDataset(place);
  const newest = await freezeHint(place, uri, versions);
  const counts = await place.count(() => openedVersion(place, uri));
  if (counts.value !== newest) throw new Error(`opened version ${counts.value} instead of ${newest}`);
  return counts;
}

async function openedVersion(place, uri) {
  const dataset = await place.open(uri, { counted: true });
  return dataset.version();
}

/** Commits so many versions and then puts back the hint as it was before them. The newest version. */
async function freezeHint(place, uri, versions) {
  const store = await place.store(uri);
  const hint = (await store.get('latest')).bytes;
  const dataset = await place.open(uri);
  let newest;
  for (let i = 0; i < versions; i++) {
    const [from, to] = i % 2 === 0 ? ['rows', 'lines'] : ['lines', 'rows'];
    newest = (await dataset.write((tx) => tx.rename(from, to))).version;
  }
  await dataset.close();
  await store.put('latest', hint);
  await store.close();
  return newest;
}
