// What `nacre append` and `nacre upsert` share: a .npy file and its attributes, looked at before anything is
// written.
import type { ArrayHandle, AttributeFile, RowSource, TransactionHandle, WriteResult } from '../index.js';
import {
  attributeList,
  attributesOfEach,
  type AttributesOptions,
  checkAsked,
  newAttributes,
  openAttributes,
} from './attribute-files.js';
import { rehearse } from './datasets.js';
import { plural } from './output.js';
import type { Answer, Session } from './session.js';
import { checkedSource, withProgress, writeOptions, type WritingOptions } from './sources.js';

export type AddOptions = WritingOptions & AttributesOptions;

interface Adding {
  readonly array: ArrayHandle;
  readonly source: RowSource;
  readonly attributes: AttributeFile | undefined;
  readonly rows: number;
  readonly sizeBytes: number;
  readonly write: (work: (tx: TransactionHandle) => Promise<void>) => Promise<WriteResult>;
}

interface Asked {
  readonly uri: string;
  readonly name: string;
  readonly file: string;
  /** `append`, `appending`. */
  readonly verbs: readonly [verb: string, progress: string];
}

/** `work` does it, or says what it would do. */
export async function addRows(
  session: Session,
  options: AddOptions,
  { uri, name, file, verbs: [verb, doing] }: Asked,
  work: (adding: Adding) => Promise<{ readonly json: object; readonly text: string }>,
): Promise<Answer> {
  const { signal } = session;
  const [named] = attributesOfEach([file], options);
  const dataset = await session.open(uri);
  const array = dataset.array(name);
  const source = await checkedSource(session, file, array, dataset);
  const { rows, sizeBytes } = source;
  const known = await array.attributes({ signal });
  const wanted = `${source.name} has ${plural(rows, 'row')}`;
  const from = { array: name, known, rows, wanted, dataset };
  const attributes = named === undefined ? undefined : await openAttributes(session, named, options, from);
  if (attributes !== undefined) checkAsked(options, [attributes]);
  const made = attributes === undefined ? [] : newAttributes(attributes, known);
  if (made.length > 0) await rehearse(new Map(), new Map([[name, [...known, ...made]]]));
  const also = made.length === 0 ? '' : ` attributes of '${name}': ${attributeList(made)}`;
  const progress = session.progress(`${doing} ${source.name}`, 'rows');
  const done = await work({
    ...{ array, attributes, rows, sizeBytes },
    source: withProgress(source, (read) => progress.update(read, rows)),
    write: (verbs) =>
      dataset.write(verbs, { message: `${verb} ${source.name}`, ...writeOptions(session, options) }),
  });
  progress.end();
  const answer = {
    ...{ uri: dataset.uri, array: name, rows },
    ...(named === undefined ? {} : { attributes: named }),
    created: { attributes: made },
  };
  if (options.dryRun === true) {
    const text = `${done.text}${also && `\nwould create${also}`}`;
    return { json: { ...answer, dryRun: true, version: null }, text };
  }
  if (also !== '') session.note(`created${also}`);
  return { json: { ...answer, ...done.json }, text: done.text };
}
