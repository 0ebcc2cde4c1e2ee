// Who restores a version into another place beside those who write, expire and clean up: by processes of
// their own, which often die half way, until one comes to the end; and who looks meanwhile whether it opens.
import type { Dataset } from '../../src/dataset/dataset.js';
import { environmentOf } from '../../src/dataset/environment.js';
import { restoreTo } from '../../src/dataset/restore-to.js';
import { isNacreError } from '../../src/errors.js';
import { hintKey } from '../../src/manifest/keys.js';
import { isKept, logOf } from './checker/oracle.js';
import { openingOf, restoringIn } from './checker/restore-checks.js';
import type { Client, Session } from './client.js';
import { someVersion, tagNames } from './maintainer.js';
import type { Record, Restore } from './record.js';
import { bank, unlessMissing, valuesOf } from './rows.js';
import type { Process, World } from './world.js';

/** After so long at most whoever is killed is: about as long as a restore takes, virtual milliseconds. */
const shortMs = 8_000;

export async function restoreElsewhere(client: Client, session: Session): Promise<void> {
  const { world, record } = client;
  const { process } = session;
  if (record.restore?.ended !== undefined) return readRestored(client, process);
  if (record.restore === undefined) {
    const at = await chosen(client, session);
    if (at === null) return;
    record.restore = {
      at,
      only: process.draw.chance(0.25),
      ended: undefined,
      begun: 0,
      lookers: 0,
      opened: [],
    };
  }
  const { restore } = record;
  const own = world.process(`${process.name}.${++restore.begun}`);
  own.weather = process.weather;
  const ended = client
    .tolerant('restore', own, () => restoreBy(world, restore, own))
    .then(() => client.restLater(own));
  const dies = process.draw.chance(0.6);
  const ms = process.draw.next() * shortMs;
  for (let looks = 4; looks > 0; looks--)
    world.time.schedule(process.draw.next() * shortMs, () => void look(client, restore));
  if (!dies) return ended;
  await process.runtime.sleep(ms);
  own.kill();
}

/** A version, a tag, or the newest version; null where that is not to be known. */
async function chosen(client: Client, session: Session): Promise<Restore['at'] | null> {
  const { dataset, process } = session;
  const tag = process.draw.of(tagNames);
  const what = process.draw.next();
  if (what < 0.2) return undefined;
  const at = await client.tolerant('choose', process, async () => {
    const isTag = what < 0.4 && (await dataset.tags(process.call)).some(({ name }) => name === tag);
    return isTag ? { tag } : { version: await someVersion(client, session) };
  });
  return at ?? null;
}

/** From the beginning, or on from where another one ended. */
async function restoreBy(world: World, restore: Restore, process: Process): Promise<void> {
  const { runtime, wire, restored, call } = process;
  const restoredBucket = world.buckets.restored;
  const [source, destination] = [wire, restored].map((place) =>
    environmentOf(place, { runtime, cacheDir: false }),
  );
  if (source === undefined || destination === undefined) return;
  const { at, only } = restore;
  const options = { only, ...(at === undefined ? {} : { at }), ...call };
  try {
    const report = await restoreTo(source, destination, async () => [], options);
    const { restored: of, version } = report;
    restore.ended ??= { restored: of, version: version ?? 0, returnedMs: world.time.now };
    world.note(`${process.name} restored ${of}`);
  } catch (error) {
    // It is looked at again by the next one.
    if (isNacreError(error, 'CommitUnknown')) return;
    const { version } = isNacreError(error, 'InvalidArgument') ? error.context : {};
    // Whoever ended it did not live to say so.
    const isOpen = openingOf(restoredBucket) !== undefined;
    if (isOpen && isNacreError(error, 'InvalidArgument')) {
      const [of, own] = logOf(restoredBucket)
        .slice(-2)
        .map(({ root }) => root.version);
      restore.ended ??= { restored: of ?? 0, version: own ?? 0, returnedMs: world.time.now };
      return;
    }
    // The tag was deleted since: it goes on with what was begun.
    if (isNacreError(error, 'NotFound') && at !== undefined && 'tag' in at) {
      const begun = restoringIn(restoredBucket);
      restore.at = begun === undefined ? undefined : { version: begun };
      return;
    }
    // The tag was moved since.
    if (typeof version !== 'number' || at === undefined || !('tag' in at)) throw error;
    restore.at = { version };
  }
}

/** Whether the place opens: before it is whole it must not, whoever asks. */
async function look(client: Client, restore: Restore): Promise<void> {
  const { world, name } = client;
  const process = world.process(`${name}-look${++restore.lookers}`);
  process.weather = process.draw.chance(0.85) ? 'rough' : 'calm';
  const invokedMs = world.time.now;
  const opened = await client.tolerant('look', process, async () => {
    const dataset = await process.open({}, process.restored).catch((error: unknown) => {
      if (isNacreError(error, 'Unavailable') || isNacreError(error, 'NotFound')) return undefined;
      throw error;
    });
    await dataset?.close();
    return dataset?.uri;
  });
  client.restLater(process);
  if (opened === undefined) return;
  // That it says no is not to be seen then.
  const isBlind = process.spoiled.filter((key) => key === hintKey).length > 1;
  if (!isBlind) restore.opened.push({ client: process.name, invokedMs, returnedMs: world.time.now });
}

async function readRestored(client: Client, process: Process): Promise<void> {
  const { world, record } = client;
  await client.tolerant('read what was restored', process, async () => {
    const dataset = await process.open({}, process.restored);
    try {
      await readAll(world, record, process, dataset);
    } finally {
      await dataset.close();
    }
  });
}

/** What the place has at its newest version, which is the one that was restored, and at another one. */
async function readAll(world: World, record: Record, process: Process, dataset: Dataset): Promise<void> {
  const { restored: newest = 0 } = record.restore?.ended ?? {};
  const log = logOf(world.buckets.restored);
  const kept = log.at(-1)?.root.kept ?? null;
  const versions = log.map(({ root }) => root.version).filter((one) => one < newest && isKept(kept, one));
  const older = versions.length === 0 ? newest : process.draw.of(versions);
  for (const version of new Set([newest, older])) {
    const at = version === newest ? dataset : await dataset.at({ version }, process.call);
    for (const array of [bank.name, 'a', 'b']) {
      const values = valuesOf(await unlessMissing(at.array(array).read(process.call))).rows;
      const ids = values && Array.from(await at.array(array).ids(process.call));
      const row = { client: process.name, array, version, values, ids, since: 0 };
      record.reads.push({ ...row, returnedMs: world.time.now });
    }
  }
}

/** When all is quiet: it comes to its end where its version is still kept, and is what that was. */
export async function concludeRestore(world: World, record: Record, process: Process): Promise<void> {
  const { restore } = record;
  if (restore === undefined) return;
  try {
    await restoreBy(world, restore, process);
    // A tag that was moved since.
    if (restore.ended === undefined) await restoreBy(world, restore, process);
  } catch (error) {
    // Its version is gone, and it stays half.
    if (!isNacreError(error, 'Expired')) throw error;
  }
  if (restore.ended === undefined) return;
  const dataset = await process.open({}, process.restored);
  await readAll(world, record, process, dataset);
  await dataset.close();
}
