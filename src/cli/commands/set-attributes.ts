import {
  attributeList,
  attributesHelp,
  checkAsked,
  newAttributes,
  openAttributes,
  readingOptions,
  type ReadingOptions,
} from '../attribute-files.js';
import { checkVersion, rehearse } from '../datasets.js';
import { plural, shellWord } from '../output.js';
import { define, destructive } from '../program.js';
import { RowMask } from '../row-mask.js';
import { lookUp, requireRows, type RowOptions, rowOptions, rowsHelp, targetOf } from '../rows.js';
import { writeOptions, type WritingOptions } from '../sources.js';
import { parseCount } from '../values.js';
import { valuesAt } from './attributes.js';

interface Options extends RowOptions, WritingOptions, ReadingOptions {
  readonly ifVersion?: number;
}

export const setAttributes = define<Options>({
  usage: 'set-attributes <uri> <array> <file>',
  summary: 'give rows other values of attributes, from a file',
  details: `The file holds one row for each row that is named, in that order. Attributes that it does not have
stay as they are, and so do the rows themselves; what is null in the file becomes null. Older versions keep
their values. ${attributesHelp}\n\n${rowsHelp}`,
  examples: [
    'nacre set-attributes ./faces embeddings people.jsonl --all',
    "nacre set-attributes s3://bucket/faces embeddings fixed.csv --ids '3,7,9' --if-version 12 --yes",
  ],
  options: (command) =>
    destructive(
      readingOptions(rowOptions(command))
        .option('--if-version <N>', 'only if N is the newest version', parseCount)
        .option('-m, --message <text>', 'shown by `nacre log`'),
    ),
  async work(session, options, uri: string, name: string, file: string) {
    const { signal } = session;
    const choice = await requireRows(session, options, 'give values to');
    const dataset = await session.open(uri);
    const array = dataset.array(name);
    const chosen = await targetOf(array, choice, signal);
    const { count } = chosen;
    const target = chosen.target instanceof RowMask ? chosen.target.places(0, count) : chosen.target;
    const known = await array.attributes({ signal });
    const wanted = `${plural(count, 'row')} of '${name}' ${count === 1 ? 'is' : 'are'} named`;
    const from = { array: name, known, rows: count, wanted, dataset };
    const source = await openAttributes(session, file, options, from);
    checkAsked(options, [source]);
    const made = newAttributes(source, known);
    if (made.length > 0) await rehearse(new Map(), new Map([[name, [...known, ...made]]]));
    await checkVersion(session, dataset, options.ifVersion);
    const before = await dataset.version({ signal });
    const what = `${plural(source.attributes.length, 'attribute')} of ${plural(count, 'row')} of '${name}'`;
    const answer = {
      uri: dataset.uri,
      array: name,
      rows: count,
      attributes: source.attributes,
      created: { attributes: made },
    };
    const also = made.length === 0 ? '' : ` attributes of '${name}': ${attributeList(made)}`;
    if (options.dryRun === true) {
      // Names every row once, as the change does: one that is out of range is found.
      await lookUp(array, target, signal);
      const text = `would set ${what}${also && `\nwould create${also}`}`;
      return { json: { ...answer, dryRun: true, version: null }, text };
    }
    await session.confirm(`Set ${what}?`);
    const { version } = await dataset.write((tx) => tx.setAttributesFrom(name, target, source), {
      message: `set ${what} from ${source.name}`,
      ...writeOptions(session, options),
      ...(options.ifVersion === undefined ? {} : { ifVersion: options.ifVersion }),
    });
    if (also !== '') session.note(`created${also}`);
    const there = source.attributes.filter((one) => !made.includes(one)).map((one) => one.name);
    const at = `${shellWord(uri)} ${shellWord(name)}`;
    const values = there.length === 0 ? {} : { valuesBefore: valuesAt(at, before, there) };
    const lines = [
      `set ${what} (version ${version})`,
      ...Object.values(values).map((line) => `values before: ${line}`),
    ];
    return { json: { ...answer, version, ...values }, text: lines.join('\n') };
  },
});
