import { type ScrubMode, type Status, status as statusOf } from '../../index.js';
import { bytesText, countText, plural } from '../output.js';
import { define } from '../program.js';

export const status = define<object>({
  usage: 'status <uri>',
  summary: 'show how a dataset is: its head, its hint, and what was not verified lately',
  details: `What was verified when is known of scrubs from this machine alone, which note it in the cache
folder. No object is looked at; \`nacre scrub\` does that.`,
  examples: ['nacre status ./faces', 'nacre status s3://bucket/faces --json'],
  async work(session, _, uri: string) {
    const found = await statusOf(uri, session.connection());
    return { json: found, text: textOf(found), data: true };
  },
});

const modes: readonly ScrubMode[] = ['structure', 'sample', 'full'];

function textOf(found: Status): string {
  const { version, timeMs, nowMs, hint, versions, keptVersions, damagedRoots, running, fullSinceMs } = found;
  const { objects, sizeBytes, notVerifiedObjects, notVerifiedBytes, scrubs } = found;
  const part = sizeBytes === 0 ? 0 : Math.ceil((100 * notVerifiedBytes) / sizeBytes);
  const lines = [
    ...(found.role === 'replica' ? ['role          replica: it takes no writes'] : []),
    `version       ${version}, ${timeText(timeMs)} (${ageText(nowMs - timeMs)} ago)`,
    `latest        ${hint}`,
    `versions      ${countText(versions)}, ${countText(keptVersions)} of them kept`,
    `objects       ${countText(objects)}, ${bytesText(sizeBytes)}`,
    `not verified  ${part} % of the bytes in 30 days, ${plural(notVerifiedObjects, 'object')} (from this machine)`,
  ];
  for (const { uri, version: at, lagVersions, lagMs } of found.replicas) {
    const lag = `${plural(lagVersions, 'version')}, ${Math.ceil(lagMs / 1000)} s behind`;
    lines.push(`replica       ${uri}: version ${at}, ${lagVersions === 0 ? 'up to date' : lag}`);
  }
  for (const { array, dataShards, parityShards, ...cover } of found.parity) {
    const open = `${plural(cover.notCoveredObjects, 'object')} of ${bytesText(cover.notCoveredBytes)}`;
    const debt = [
      ...(cover.notCoveredObjects > 0 ? [`${open} not covered`] : []),
      ...(cover.brokenGroups > 0 ? [`${plural(cover.brokenGroups, 'group')} with losses`] : []),
    ];
    const state = debt.length === 0 ? 'all covered' : `${debt.join(', ')}: run nacre parity update`;
    lines.push(`parity        '${array}' ${dataShards}+${parityShards}: ${state}`);
  }
  if (damagedRoots > 0) lines.push(`damage        ${plural(damagedRoots, 'root')}: run nacre scrub`);
  if (found.healedObjects > 0) {
    const what = `${plural(found.healedObjects, 'object')} of ${bytesText(found.healedBytes)}`;
    lines.push(
      `healed        ${what} under healed/: nacre repair with the right to overwrite puts them back`,
    );
  }
  for (const mode of modes) {
    const last = scrubs[mode];
    const what =
      last === undefined
        ? 'never from this machine'
        : `${timeText(last.timeMs)}, version ${last.version}, ${plural(last.damaged, 'damaged object')}`;
    lines.push(`${`${mode} scrub`.padEnd(15)} ${what}`);
  }
  if (fullSinceMs !== undefined)
    lines.push(`a full scrub that began ${timeText(fullSinceMs)} is not done: the next one goes on`);
  if (running !== undefined)
    lines.push(`process ${running.pid} on ${running.host} scrubs since ${timeText(running.sinceMs)}`);
  return lines.join('\n');
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function ageText(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2 * 1440 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}
