import { type ScrubMode, type Status, status as statusOf } from '../../index.js';
import { bytesText, countText, plural, shellWord } from '../output.js';
import { define } from '../program.js';

export const status = define<object>({
  usage: 'status <uri>',
  summary: 'show how a dataset is: its head, its hint, and what was not verified lately',
  details: `What was verified when is known of scrubs from this machine alone, which note it in the cache
folder. No object is looked at; \`nacre scrub\` does that.`,
  examples: ['nacre status ./faces', 'nacre status s3://bucket/faces --json'],
  async work(session, _, uri: string) {
    const found = await statusOf(uri, session.connection());
    return { json: found, text: textOf(found, uri), data: true };
  },
});

const modes: readonly ScrubMode[] = ['structure', 'sample', 'full'];

function textOf(found: Status, address: string): string {
  const { version, timeMs, nowMs, hint, versions, keptVersions } = found;
  const { objects, sizeBytes, notVerifiedObjects, notVerifiedBytes } = found;
  const part = sizeBytes === 0 ? 0 : Math.ceil((100 * notVerifiedBytes) / sizeBytes);
  const isBackup = found.role === 'backup';
  const only = (isMeant: boolean, row: Row): Row[] => (isMeant ? [row] : []);
  const rows: Row[] = [
    ...only(found.role === 'replica', ['role', 'replica: it takes no writes']),
    ...only(isBackup, ['role', 'backup: nacre backup list tells its points']),
    ['version', `${version}, ${timeText(timeMs)} (${ageText(nowMs - timeMs)} ago)`],
    ...only(!isBackup, ['latest', hintText[hint]]),
    ['versions', `${countText(versions)}, ${countText(keptVersions)} of them kept`],
    ['objects', `${countText(objects)}, ${bytesText(sizeBytes)}`],
    [
      'not verified',
      `${part} % of the bytes in 30 days, ${plural(notVerifiedObjects, 'object')} (from this machine)`,
    ],
    ...replicaRows(found),
    ...(isBackup ? [] : parityRows(found)),
    ...damageRows(found, address),
    ...healedRows(found),
    ...scrubRows(found),
  ];
  return rows.map(([what, text]) => `${what.padEnd(15)} ${text}`).join('\n');
}

type Row = [what: string, text: string];

const hintText: Readonly<Record<Status['hint'], string>> = {
  right: 'right',
  stale: 'stale: openings take a request more until the next commit',
  absent: 'absent: openings take a listing until the next commit writes it',
  damaged: 'damaged: openings take a listing until the next commit, or nacre repair, writes it',
  elsewhere: 'came with a copy from elsewhere: the next commit makes this a dataset of its own',
};

function replicaRows({ replicas }: Status): Row[] {
  return replicas.map(({ uri, version, lagVersions, lagMs }) => {
    const lag = `${plural(lagVersions, 'version')}, ${Math.ceil(lagMs / 1000)} s behind`;
    return ['replica', `${uri}: version ${version}, ${lagVersions === 0 ? 'up to date' : lag}`];
  });
}

function parityRows({ parity }: Status): Row[] {
  return parity.map(({ array, dataShards, parityShards, ...cover }) => {
    const open = `${plural(cover.notCoveredObjects, 'object')} of ${bytesText(cover.notCoveredBytes)}`;
    const debt = [
      ...(cover.notCoveredObjects > 0 ? [`${open} not covered`] : []),
      ...(cover.brokenGroups > 0 ? [`${plural(cover.brokenGroups, 'group')} with losses`] : []),
    ];
    const state = debt.length === 0 ? 'all covered' : `${debt.join(', ')}: run nacre parity update`;
    return ['parity', `'${array}' ${dataShards}+${parityShards}: ${state}`];
  });
}

/** What is known to be wrong, and what to do. */
function damageRows({ damagedRoots, version, scrubs }: Status, address: string): Row[] {
  const uri = shellWord(address);
  const rows: Row[] = [];
  if (damagedRoots > 0)
    rows.push(['DAMAGE', `${plural(damagedRoots, 'root')}: nacre scrub ${uri} --structure names them`]);
  const all = modes.flatMap((mode) => scrubs[mode] ?? []).toSorted((a, b) => b.timeMs - a.timeMs);
  const last = all.find(({ damaged }) => damaged > 0);
  if (last !== undefined)
    rows.push([
      'DAMAGE',
      `${plural(last.damaged, 'object')}, by the scrub of ${timeText(last.timeMs)}: run nacre repair ${uri}`,
    ]);
  const seen = Math.max(0, ...all.map((one) => one.version));
  if (seen > version)
    rows.push([
      'LOST',
      `a scrub on this machine saw version ${seen}: roots are gone, or an earlier state was put back. ` +
        `nacre repair ${uri} --source COPY, of a copy that has it`,
    ]);
  return rows;
}

function healedRows({ healedObjects, healedBytes }: Status): Row[] {
  if (healedObjects === 0) return [];
  const what = `${plural(healedObjects, 'object')} of ${bytesText(healedBytes)} under healed/`;
  return [['healed', `${what}: nacre repair with the right to overwrite puts them back`]];
}

function scrubRows({ scrubs, fullSinceMs, running }: Status): Row[] {
  const rows = modes.map((mode): Row => {
    const last = scrubs[mode];
    const what =
      last === undefined
        ? 'never from this machine'
        : `${timeText(last.timeMs)}, version ${last.version}, ${plural(last.damaged, 'damaged object')}`;
    return [`${mode} scrub`, what];
  });
  if (fullSinceMs !== undefined)
    rows.push(['full scrub', `one that began ${timeText(fullSinceMs)} is not done: the next one goes on`]);
  if (running !== undefined)
    rows.push([
      'running',
      `process ${running.pid} on ${running.host} scrubs since ${timeText(running.sinceMs)}`,
    ]);
  return rows;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function ageText(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2 * 1440 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}
