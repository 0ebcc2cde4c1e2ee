// What `nacre append` and `nacre upsert` share: an array of a file and its attributes, looked at before
// anything is written.
import type { ArrayHandle, AttributeSource, RowSource, TransactionHandle, WriteResult } from '../index.js';
import { checkedArray, type FileOptions, sizeOf } from './array-files.js';
import {
  attributeList,
  attributesBeside,
  attributesOfEach,
  type AttributesOptions,
  checkAsked,
  newAttributes,
  openAttributes,
} from './attribute-files.js';
import { rehearse } from './datasets.js';
import { plural } from './output.js';
import type { Answer, Session } from './session.js';
import { withProgress, writeOptions, type WritingOptions } from './sources.js';

export type AddOptions = WritingOptions & AttributesOptions & FileOptions;

interface Adding {
  readonly array: ArrayHandle;
  readonly source: RowSource;
  readonly attributes: AttributeSource | undefined;
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
  const { file: opened, source } = await checkedArray(session, file, options, array, dataset);
  const [{ rows }, sizeBytes] = [source, sizeOf(opened, source)];
  const known = await array.attributes({ signal });
  const wanted = `${source.name} has ${plural(rows, 'row')}`;
  const from = { array: name, known, rows, wanted, dataset };
  const attributes =
    named === undefined
      ? attributesBeside(opened, options, from)
      : await openAttributes(session, named, options, from);
  checkAsked(options, attributes === undefined ? [] : [attributes]);
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
    ...{ uri: dataset.uri, array: name, rows, format: opened.format },
    ...(source.array === undefined ? {} : { from: source.array }),
    ...(attributes === undefined ? {} : { attributes: named ?? file }),
    created: { attributes: made },
  };
  if (options.dryRun === true) {
    const text = `${done.text}${also && `\nwould create${also}`}`;
    return { json: { ...answer, dryRun: true, version: null }, text };
  }
  if (also !== '') session.note(`created${also}`);
  return { json: { ...answer, ...done.json }, text: done.text };
}
