import { type Attribute, parseVersion, type TransactionHandle, type VersionReference } from '../../index.js';
import { addTypedName, attributeList } from '../attribute-files.js';
import { openAt, rehearse } from '../datasets.js';
import { plural, shellWord, table } from '../output.js';
import { define, destructive } from '../program.js';
import type { Session } from '../session.js';
import { writeOptions, type WritingOptions } from '../sources.js';
import { keyNote } from './info.js';
import { invalid, type NewName, parseNewName, versionHelp } from '../values.js';

interface Options extends WritingOptions {
  readonly add?: readonly Attribute[];
  readonly drop?: readonly string[];
  readonly rename?: readonly NewName[];
  /** False with --no-key. */
  readonly key?: string | false;
  readonly at?: VersionReference;
}

export const attributes = define<Options>({
  usage: 'attributes <uri> <array>',
  summary: 'list the attributes of an array, or change which there are',
  details: `--drop, --rename and --add may be given again and together: attributes are dropped first, then
renamed, then added, in one version. --key makes an attribute the key, once every row has a value of it and
no two the same; --no-key takes the key away, and no value. No data moves. An attribute that is added is null
in every row until \`nacre set-attributes\` gives it values; one that is dropped stays in older versions.
Types are bool, int, float, string, strings and timestamp.`,
  examples: [
    'nacre attributes ./faces embeddings',
    'nacre attributes ./faces embeddings --add lang=string --add year=int',
    'nacre attributes ./faces embeddings --rename year=published --drop draft',
    'nacre attributes ./faces embeddings --key id',
  ],
  options: (command) =>
    destructive(
      command
        .option('--add <name=type>', 'make an attribute', addTypedName)
        .option('--drop <name>', 'take an attribute away', addOne)
        .option('--rename <old=new>', 'give an attribute another name', addNewName)
        .option('--key <name>', 'make an attribute the key: int, string or timestamp')
        .option('--no-key', 'take the key away')
        .option('--at <version>', `list those of ${versionHelp}`, parseVersion)
        .option('-m, --message <text>', 'shown by `nacre log`'),
    ),
  work(session, options, uri: string, name: string) {
    const { add, drop, rename, key, at, dryRun, message } = options;
    const isChange = [add, drop, rename, key].some((asked) => asked !== undefined);
    if (isChange && at !== undefined)
      throw invalid('a past version cannot be changed', 'Leave --at away, or list its attributes only.');
    if (!isChange && (dryRun === true || message !== undefined))
      throw invalid('nothing is to be changed', 'Give --add, --drop, --rename or --key.');
    return isChange ? change(session, options, uri, name) : list(session, at, uri, name);
  },
});

function addOne(name: string, before: readonly string[] = []): readonly string[] {
  return [...before, name];
}

function addNewName(text: string, before: readonly NewName[] = []): readonly NewName[] {
  return [...before, parseNewName(text)];
}

async function list(session: Session, at: VersionReference | undefined, uri: string, name: string) {
  const { signal } = session;
  const dataset = await openAt(session, uri, at);
  const array = dataset.array(name);
  const found = await array.attributes({ signal });
  const [rows = 1] = await array.shape({ signal });
  const version = await dataset.version({ signal });
  const key = await array.key({ signal });
  const head = `${plural(found.length, 'attribute')} of ${plural(rows, 'row')} of '${name}'${keyNote(key)}`;
  const lines = found.map((one) => [one.name, one.type]);
  return {
    json: { uri: dataset.uri, version, array: name, rows, attributes: found, key },
    text: found.length === 0 ? head : `${head}\n\n${table(['NAME', 'TYPE'], lines)}`,
    data: true,
  };
}

async function change(session: Session, options: Options, uri: string, name: string) {
  const { signal } = session;
  const { add = [], drop = [], rename = [], key } = options;
  const dataset = await session.open(uri);
  const known = await dataset.array(name).attributes({ signal });
  const keyBefore = await dataset.array(name).key({ signal });
  const work = async (tx: TransactionHandle): Promise<void> => {
    if (key === false || (key !== undefined && drop.includes(keyBefore ?? ''))) await tx.setKey(name, null);
    for (const one of drop) await tx.dropAttribute(name, one);
    for (const { from, to } of rename) await tx.renameAttribute(name, from, to);
    for (const one of add) await tx.addAttribute(name, one.name, one.type);
    if (typeof key === 'string') await tx.setKey(name, key);
  };
  if (key === undefined && keyBefore !== null && drop.includes(keyBefore))
    throw invalid(`'${keyBefore}' is the key of '${name}'`, 'Take the key away with it: --no-key.');
  await rehearse(new Map(), new Map([[name, known]]), work);
  const before = await dataset.version({ signal });
  const done = (verbs: readonly [drop: string, rename: string, add: string, key: string]): string =>
    [
      ...(drop.length === 0 ? [] : [`${verbs[0]} ${drop.join(', ')}`]),
      ...rename.map(({ from, to }) => `${verbs[1]} ${from} to ${to}`),
      ...(add.length === 0 ? [] : [`${verbs[2]} ${attributeList(add)}`]),
      ...(key === undefined ? [] : [`${verbs[3]} ${key === false ? 'no key' : `the key ${key}`}`]),
    ].join(', ');
  const keyAfter = key === undefined ? {} : { key: key === false ? null : key };
  const answer = {
    ...{ uri: dataset.uri, array: name, dropped: drop, renamed: rename, added: add },
    ...keyAfter,
  };
  if (options.dryRun === true) {
    const text = `would ${done(['drop', 'rename', 'add', 'set'])}`;
    return { json: { ...answer, dryRun: true, version: null }, text };
  }
  if (drop.length > 0) await session.confirm(`Drop ${drop.join(', ')} of '${name}'?`);
  const { version } = await dataset.write(work, {
    message: `${done(['drop', 'rename', 'add', 'set'])} of '${name}'`,
    ...writeOptions(session, options),
  });
  const at = `${shellWord(uri)} ${shellWord(name)}`;
  const back = [
    ...add.map((one) => ` --drop ${shellWord(one.name)}`),
    // The last one first, since it may have taken the name of another.
    ...rename.toReversed().map(({ from, to }) => ` --rename ${shellWord(`${to}=${from}`)}`),
  ];
  if (key !== undefined && keyBefore !== (key === false ? null : key)) {
    // Behind a rename, the key goes by the name that it had.
    back.push(keyBefore === null ? ' --no-key' : ` --key ${shellWord(keyBefore)}`);
  }
  const undo = back.length === 0 ? {} : { undo: `nacre attributes ${at}${back.join('')}` };
  const valuesBefore = drop.length === 0 ? {} : { valuesBefore: valuesAt(at, before, drop) };
  const lines = [
    `${done(['dropped', 'renamed', 'added', 'set'])} of '${name}' (version ${version})`,
    ...Object.values(undo).map((line) => `${drop.length === 0 ? 'undo' : 'undo of the rest'}: ${line}`),
    ...Object.values(valuesBefore).map((line) => `values before: ${line}`),
  ];
  return { json: { ...answer, version, ...undo, ...valuesBefore }, text: lines.join('\n') };
}

/** The command that gives the values that attributes had; `at` are dataset and array. */
export function valuesAt(at: string, version: number, names: readonly string[]): string {
  const select = names.map((name) => (/^[^\s,"*]+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`));
  return `nacre query ${at} --select ${shellWord(select.join(','))} --all --at ${version} --json`;
}
