import {
  type Dataset,
  NacreError,
  parseVersion,
  type VersionReference,
  type WriteCall,
} from '../../index.js';
import { shellWord, table } from '../output.js';
import { define, destructive } from '../program.js';
import type { Answer, Session } from '../session.js';
import { writeOptions, type WritingOptions } from '../sources.js';
import { invalid, parseCount, versionHelp } from '../values.js';

interface Options extends WritingOptions {
  readonly at?: VersionReference;
  readonly list?: boolean;
  readonly move?: string;
  readonly delete?: string;
  readonly ifVersion?: number;
}

/** What a call is about; the name of what is made, moved or deleted. */
type Verb =
  | { readonly kind: 'list' }
  | { readonly kind: 'create' | 'move' | 'delete'; readonly name: string };

export const tag = define<Options>({
  usage: 'tag <uri> [name]',
  summary: 'give a version a name, or list, move and delete names',
  details: `With NAME a new tag, of the newest version or that of --at; without one, the list. A tagged
version is kept by \`nacre expire\`. A tag cannot be called as a number, an age or a time.`,
  examples: [
    'nacre tag ./faces v1',
    'nacre tag s3://bucket/faces before-cleanup --at -1',
    'nacre tag ./faces --move prod --at 12',
    'nacre tag ./faces --delete v1',
    'nacre tag ./faces --list --json',
  ],
  options: (command) =>
    destructive(command)
      .option('--at <version>', versionHelp, parseVersion)
      .option('--list', 'the tags, with their versions')
      .option('--move <name>', 'a tag that is there, to the newest version or that of --at')
      .option('--delete <name>', 'take a tag away; its version stays')
      .option('--if-version <N>', 'only if N is the newest version', parseCount)
      .option('-m, --message <text>', 'shown by `nacre log`'),
  async work(session, options, uri: string, name: string | undefined) {
    const verb = verbOf(options, name);
    const dataset = await session.open(uri);
    if (verb.kind === 'list') return list(session, dataset);
    const how: WriteCall = {
      ...writeOptions(session, options),
      ...(options.ifVersion === undefined ? {} : { ifVersion: options.ifVersion }),
    };
    if (verb.kind === 'delete') return remove(session, dataset, verb.name, options, how, uri);
    return set(session, dataset, verb, options, how, uri);
  },
});

function verbOf({ list: isList, move, delete: gone, at }: Options, name: string | undefined): Verb {
  const asked: Verb[] = [
    ...(isList === true ? [{ kind: 'list' } as const] : []),
    ...(move === undefined ? [] : [{ kind: 'move', name: move } as const]),
    ...(gone === undefined ? [] : [{ kind: 'delete', name: gone } as const]),
    ...(name === undefined ? [] : [{ kind: 'create', name } as const]),
  ];
  const [verb = { kind: 'list' }, ...more] = asked;
  if (more.length > 0)
    throw invalid(
      'a tag is made, moved, deleted or listed',
      'Give one of NAME, --list, --move and --delete.',
    );
  if (at !== undefined && (verb.kind === 'list' || verb.kind === 'delete'))
    throw invalid('--at names the version of a tag that is made or moved', 'Leave --at away, or give NAME.');
  return verb;
}

async function list({ signal }: Session, dataset: Dataset): Promise<Answer> {
  const tags = await dataset.tags({ signal });
  const rows = tags.map(({ name, version, time }) => [name, String(version), time]);
  return {
    json: { uri: dataset.uri, version: await dataset.version({ signal }), tags },
    text: tags.length === 0 ? '' : table(['TAG', 'VERSION', 'SET'], rows),
    data: true,
  };
}

async function set(
  session: Session,
  dataset: Dataset,
  { kind, name }: Exclude<Verb, { kind: 'list' }>,
  { at, dryRun }: Options,
  how: WriteCall,
  uri: string,
): Promise<Answer> {
  const { signal } = session;
  const before = (await dataset.tags({ signal })).find((one) => one.name === name)?.version;
  const answer = { uri: dataset.uri, tag: name, before: before ?? null };
  if (dryRun === true) {
    if (kind === 'move') await dataset.at({ tag: name }, { signal });
    else if (before !== undefined) throw isThere(name, before);
    const target = at === undefined ? dataset : await dataset.at(at, { signal });
    const tagged = await target.version({ signal });
    const text = `would make '${name}' stand for version ${tagged}`;
    return { json: { ...answer, tagged, dryRun: true, version: null }, text };
  }
  const where = at === undefined ? {} : { at };
  const { version, tagged } = await dataset.tag(name, { ...how, ...where, move: kind === 'move' });
  const word = `${shellWord(uri)}${before === undefined ? ' --delete' : ' --move'} ${shellWord(name)}`;
  const undo = `nacre tag ${word}${before === undefined ? '' : ` --at ${before}`}`;
  const from = before === undefined ? '' : `, before version ${before}`;
  return {
    json: { ...answer, tagged, version, undo },
    text: `'${name}' stands for version ${tagged}${from} (version ${version})\nundo: ${undo}`,
  };
}

function isThere(name: string, version: number): NacreError {
  return new NacreError('AlreadyExists', `the tag '${name}' is there already, at version ${version}`, {
    context: { tag: name, observed: version },
    hint: 'Move it with --move.',
  });
}

async function remove(
  session: Session,
  dataset: Dataset,
  name: string,
  { dryRun }: Options,
  how: WriteCall,
  uri: string,
): Promise<Answer> {
  const { signal } = session;
  // As of a read: with the nearest name, and when it was deleted.
  const tagged = await (await dataset.at({ tag: name }, { signal })).version({ signal });
  const answer = { uri: dataset.uri, tag: name, before: tagged };
  const what = `the tag '${name}' of version ${tagged}`;
  if (dryRun === true)
    return { json: { ...answer, dryRun: true, version: null }, text: `would delete ${what}` };
  await session.confirm(`Delete ${what}?`);
  const { version } = await dataset.deleteTag(name, how);
  const undo = `nacre tag ${shellWord(uri)} ${shellWord(name)} --at ${tagged}`;
  return {
    json: { ...answer, version, undo },
    text: `deleted ${what} (version ${version})\nundo: ${undo}`,
  };
}
