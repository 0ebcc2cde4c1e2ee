// `nacre index --attribute`: indexes of attributes, as many as are named, in one version.
import {
  type AttributeIndexReport,
  type Dataset,
  NacreError,
  type NotIndexed,
  type TransactionHandle,
} from '../index.js';
import { rehearse } from './datasets.js';
import { countText, plural, shellWord } from './output.js';
import type { Session } from './session.js';
import { writeOptions, type WritingOptions } from './sources.js';

interface Options extends WritingOptions {
  readonly update?: boolean;
}

/** `NotFound`, with the nearest name, where one is not there. */
async function checkNames(session: Session, dataset: Dataset, name: string, attributes: readonly string[]) {
  const known = await dataset.array(name).attributes({ signal: session.signal });
  await rehearse(new Map(), new Map([[name, known]]), async (tx) => {
    for (const attribute of attributes) await tx.dropAttribute(name, attribute);
  });
}

function listOf(attributes: readonly string[], array: string): string {
  const indexes = attributes.length === 1 ? 'the index of the attribute' : 'the indexes of the attributes';
  return `${indexes} ${attributes.join(', ')} of '${array}'`;
}

function linesOf(attribute: string, { indexedRows, notIndexed }: AttributeIndexReport): string[] {
  return [
    `${attribute}: ${plural(indexedRows, 'row')}`,
    ...notIndexed.map(({ firstRowId, rows, reason }) => {
      const ids = `row ids ${countText(firstRowId)} to ${countText(firstRowId + rows - 1)}`;
      return `  not ${ids}: ${reasons[reason]}; filters read the column there`;
    }),
  ];
}

const reasons: Readonly<Record<NotIndexed['reason'], string>> = {
  values: 'lists of more than 256 items',
  text: 'a text that is too long',
};

export async function buildAttributeIndexes(
  session: Session,
  options: Options,
  uri: string,
  name: string,
  named: readonly string[],
) {
  const { signal } = session;
  const { update = false } = options;
  const attributes = [...new Set(named)];
  const dataset = await session.open(uri);
  await checkNames(session, dataset, name, attributes);
  const what = listOf(attributes, name);
  const answer = { uri: dataset.uri, array: name, update };
  if (options.dryRun === true) {
    const json = { ...answer, attributes, dryRun: true, version: null };
    return { json, text: `would ${update ? 'update' : 'build'} ${what}` };
  }
  const before = await dataset.version({ signal });
  const reports = new Map<string, AttributeIndexReport>();
  const work = async (tx: TransactionHandle): Promise<void> => {
    for (const attribute of attributes) {
      const progress = session.progress(`indexing ${attribute}`, 'rows');
      const onProgress = (done: number, total: number): void => progress.update(done, total);
      reports.set(attribute, await tx.index(name, { attribute, update, signal, onProgress }));
      progress.end();
    }
  };
  const { version } = await dataset.write(work, {
    message: `${update ? 'update' : 'build'} ${what}`,
    ...writeOptions(session, options),
  });
  const done = version === before ? `there is nothing to index in ${what}` : undefined;
  const json = {
    ...answer,
    attributes: [...reports].map(([attribute, report]) => ({ attribute, ...report })),
    version,
  };
  const lines = [...reports].flatMap(([attribute, report]) => linesOf(attribute, report));
  const head = done ?? `${update ? 'updated' : 'built'} ${what} (version ${version})`;
  return { json, text: [head, ...lines].join('\n') };
}

export async function dropAttributeIndexes(
  session: Session,
  options: Options,
  uri: string,
  name: string,
  named: readonly string[],
) {
  const { signal } = session;
  const attributes = [...new Set(named)];
  const dataset = await session.open(uri);
  await checkNames(session, dataset, name, attributes);
  const { arrays } = await dataset.info({ signal });
  const indexes = arrays[name]?.attributeIndexes ?? [];
  const missing = attributes.find((one) => !indexes.some(({ attribute }) => attribute === one));
  if (missing !== undefined) {
    throw new NacreError('NotFound', `the attribute '${missing}' of '${name}' has no index`, {
      context: { array: name, attribute: missing },
    });
  }
  const what = listOf(attributes, name);
  const answer = { uri: dataset.uri, array: name, attributes, drop: true };
  if (options.dryRun === true) {
    return { json: { ...answer, dryRun: true, version: null }, text: `would drop ${what}` };
  }
  await session.confirm(`Drop ${what}?`);
  const work = async (tx: TransactionHandle): Promise<void> => {
    for (const attribute of attributes) await tx.dropIndex(name, { attribute });
  };
  const { version } = await dataset.write(work, {
    message: `drop ${what}`,
    ...writeOptions(session, options),
  });
  const again = attributes.map((attribute) => ` --attribute ${shellWord(attribute)}`).join('');
  const undo = `nacre index ${shellWord(uri)} ${shellWord(name)}${again}`;
  return { json: { ...answer, version, undo }, text: `dropped ${what} (version ${version})\nundo: ${undo}` };
}
