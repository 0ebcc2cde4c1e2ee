// Who looks after the dataset: names versions, puts one back, says which are kept, cleans up, and holds
// versions that are to be read for long.
import { environmentOf } from '../../src/dataset/environment.js';
import { updateParity } from '../../src/ops/parity.js';
import type { Client, Session } from './client.js';
import { isVersion, oldestKept } from './checker/oracle.js';
import type { Process } from './world.js';

/** Names that tags have. */
export const tagNames = ['gold', 'trial', 'v1/train'];

/** One more often than others: two who want the same one are to meet. */
function someTag({ draw }: Process): string {
  return draw.chance(0.5) ? 'gold' : draw.of(tagNames);
}

/** What the simulated maintainers ask for, virtual milliseconds. */
export const ages = { minAgeMs: 20_000, graceMs: 60_000 };

/** Lets versions go and cleans up. */
export async function maintain(client: Client, session: Session, what: number): Promise<void> {
  if (what < 0.15) return compact(client, session);
  if (what < 0.23) {
    await client.tolerant('cover', session.process, () => cover(session.process));
    return;
  }
  if (what < 0.5) return expire(client, session);
  if (what < 0.75) return clean(client, session);
  if (what < 0.9) return tag(client, session);
  return readTag(client, session);
}

/** Encodes what parity does not cover. */
export async function cover({ wire, runtime, call }: Process): Promise<void> {
  await updateParity(environmentOf(wire, { runtime, cacheDir: false }), call);
}

/** Wants versions to stay, or to come back. */
export function curate(client: Client, session: Session, what: number): Promise<void> {
  if (what < 0.3) return tag(client, session);
  if (what < 0.38) return deleteTag(client, session);
  if (what < 0.5) return readTag(client, session);
  if (what < 0.7) return restore(client, session);
  return hold(client, session);
}

/** A version that is no void, the newest ones more often than others. */
export async function someVersion(client: Client, { dataset, process }: Session): Promise<number> {
  const newest = await dataset.version(process.call);
  const back = process.draw.chance(0.3) ? newest : Math.min(newest, 12);
  const version = Math.max(1, newest - process.draw.below(back));
  return isVersion(client.world.bucket, version) ? version : newest;
}

async function tag(client: Client, session: Session): Promise<void> {
  const { dataset, process } = session;
  const name = someTag(process);
  const moves = process.draw.chance(0.6);
  const to = await client.tolerant('choose', process, () => someVersion(client, session));
  if (to === undefined) return;
  await client.change(session, { kind: 'tag', name, to, moves }, async (message) => {
    const before = await dataset.version();
    const there = (await dataset.tags(process.call)).find((one) => one.name === name);
    if (moves !== (there !== undefined) || there?.version === to) return undefined;
    const { version } = await dataset.tag(name, {
      ...{ at: { version: to }, move: moves, message },
      ...process.call,
    });
    return version === before ? undefined : version;
  });
}

async function deleteTag(client: Client, session: Session): Promise<void> {
  const { dataset, process } = session;
  const name = someTag(process);
  await client.change(session, { kind: 'deleteTag', name }, async (message) => {
    if (!(await dataset.tags()).some((one) => one.name === name)) return undefined;
    return (await dataset.deleteTag(name, { message, ...process.call })).version;
  });
}

async function readTag(client: Client, session: Session): Promise<void> {
  const { dataset, process } = session;
  const name = someTag(process);
  await client.tolerant('read a tag', process, async () => {
    const sinceMs = session.sinceMs;
    if (!(await dataset.tags()).some((one) => one.name === name)) return;
    const at = await dataset.at({ tag: name }, process.call);
    const version = await at.version();
    client.record.tags.push({
      ...{ client: client.name, name, version, sinceMs },
      atMs: client.world.time.now,
    });
  });
}

async function restore(client: Client, session: Session): Promise<void> {
  const { dataset, process } = session;
  const to = await client.tolerant('choose', process, () => someVersion(client, session));
  // Before the second version there is no bank.
  if (to === undefined || to < 2) return;
  await client.change(session, { kind: 'restore', to }, async (message) => {
    const before = await dataset.version();
    const { version } = await dataset.restore({ version: to }, { message, ...process.call });
    return version === before ? undefined : version;
  });
}

async function expire(client: Client, session: Session): Promise<void> {
  const { dataset, process } = session;
  const { minAgeMs } = ages;
  const keepLast = 1 + process.draw.below(20);
  await client.change(session, { kind: 'expire', minAgeMs }, async (message) => {
    const { version, expired } = await dataset.expire({ keepLast, minAgeMs, message, ...process.call });
    return expired.length === 0 ? undefined : version;
  });
}

async function clean(client: Client, session: Session): Promise<void> {
  const { graceMs } = ages;
  await client.change(session, { kind: 'gc', graceMs }, async (message) => {
    const { plans, version } = await session.dataset.gc({ graceMs, message, ...session.process.call });
    // Its fence is one of the versions up to that.
    return plans === 0 ? undefined : version;
  });
}

/** Few files in the place of many: what is read stays as it is, which all reads tell. */
async function compact(client: Client, session: Session): Promise<void> {
  const { dataset, process } = session;
  const targetBytes = 256 + process.draw.below(4_096);
  await client.change(session, { kind: 'compact' }, async (message) => {
    const { version, arrays } = await dataset.compact({ targetBytes, message, ...process.call });
    return arrays.some(({ commits }) => commits > 0) ? version : undefined;
  });
}

/** Reads a version for as long as its lease holds, whatever expires meanwhile. */
async function hold(client: Client, session: Session): Promise<void> {
  const { dataset, process } = session;
  const chosen = await client.tolerant('choose', process, () => someVersion(client, session));
  if (chosen === undefined) return;
  // The oldest one that is kept goes next.
  const oldest = oldestKept(client.world.bucket, chosen);
  const version = process.draw.chance(0.5) ? oldest : chosen;
  const lease = await client.tolerant('lease', process, () =>
    dataset.lease({ version }, { forMs: 300_000, label: client.name, ...process.call }),
  );
  if (lease === undefined) return;
  const held = { version, fromMs: client.world.time.now, untilMs: lease.untilMs - client.world.startMs };
  client.record.held.push(held);
  for (let reads = 2 + process.draw.below(4); reads > 0; reads--) {
    await process.runtime.sleep(process.draw.next() * 80_000);
    await client.tolerant('read held', process, () => client.readHeld(session, lease.dataset, held));
  }
  held.untilMs = Math.min(held.untilMs, client.world.time.now);
  await client.tolerant('release', process, () => lease.release(process.call));
}
