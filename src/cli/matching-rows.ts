// Rows by their attributes, without a vector: what `nacre query` prints then.
//
// They are printed as they are found, since they may be as many as the array has.
import type { ArrayHandle, Dataset, RowHit, RowQuery, VersionReference } from '../index.js';
import { attributesJson, columnsOf, printable, valueText } from './attribute-values.js';
import { type Cost, costOf, costText } from './cost.js';
import { openAt } from './datasets.js';
import { lineOf, plural } from './output.js';
import type { Answer, Session } from './session.js';
import { invalid } from './values.js';

export interface MatchingOptions {
  readonly where: readonly string[];
  readonly select: readonly string[];
  readonly count?: boolean;
  readonly all?: boolean;
  /** -k and --limit. */
  readonly limit?: number;
  readonly analyze?: boolean;
  readonly at?: VersionReference;
}

/** Rows that are given where nothing else is said. */
const defaultRows = 10;

/** Limits of the library end here; more rows are counted as they come. */
const largestLimit = 1_000_000;

export async function matchingRows(
  session: Session,
  options: MatchingOptions,
  uri: string,
  name: string,
): Promise<Answer> {
  const { limit = defaultRows, all = false, count = false, select } = options;
  if (count && (all || options.limit !== undefined || select.length > 0))
    throw invalid('--count gives a number, and no rows', 'Leave --select, --all and --limit away.');
  if (all && options.limit !== undefined) throw invalid('--all excludes --limit', 'Leave one of both away.');
  if (limit < 1) throw invalid('no row is asked for', 'Give --limit 1 or more; --count counts rows.');
  const dataset = await openAt(session, uri, options.at);
  const array = dataset.array(name);
  const rows = options.where.reduce((query, filter) => query.where(filter), array.select(...select));
  const scope = dataset.meter.scope();
  const cost = (): Cost | undefined => (options.analyze === true ? costOf(scope.stop()) : undefined);
  if (count) return countOf(session, dataset, rows, cost);
  const printer =
    session.options.json === true ? new JsonRows(session, dataset) : new TextRows(session, array, select);
  const more = await print(session, rows, all ? Number.POSITIVE_INFINITY : limit, printer);
  const spent = cost();
  if (more && options.limit === undefined) printer.note('there are more: --limit N, or --all');
  return printer.end(more, spent);
}

async function countOf(
  { signal }: Session,
  dataset: Dataset,
  rows: RowQuery,
  cost: () => Cost | undefined,
): Promise<Answer> {
  const count = await rows.count({ signal });
  const spent = cost();
  const text = `${plural(count, 'row')} ${count === 1 ? 'matches' : 'match'}`;
  const json = { version: await dataset.version({ signal }), count };
  if (spent === undefined) return { json, text, data: true };
  return { json: { ...json, analyze: spent }, text: `${text}\n\n${costText(spent)}`, data: true };
}

/** Prints so many rows at most; whether there are more. */
async function print(
  { signal }: Session,
  rows: RowQuery,
  limit: number,
  printer: JsonRows | TextRows,
): Promise<boolean> {
  const asked = limit < largestLimit ? rows.limit(limit + 1) : rows;
  let left = limit;
  for await (const piece of asked.stream({ signal })) {
    await printer.print(piece.length > left ? piece.slice(0, left) : piece);
    if (piece.length > left) return true;
    left -= piece.length;
  }
  return false;
}

/** One document, written piece by piece. */
class JsonRows {
  readonly #session: Session;
  readonly #dataset: Dataset;
  #begun = false;

  constructor(session: Session, dataset: Dataset) {
    this.#session = session;
    this.#dataset = dataset;
  }

  async print(hits: readonly RowHit[]): Promise<void> {
    const between = await this.#begin();
    const texts = hits.map(({ row, id, attributes }) =>
      JSON.stringify({ row, id: String(id), attributes: attributesJson(attributes) }),
    );
    if (texts.length > 0) await this.#session.write(`${between}${texts.join(',')}`);
  }

  /** What goes before the next row. Nothing is written before rows are there: an error has no document. */
  async #begin(): Promise<string> {
    if (this.#begun) return ',';
    this.#begun = true;
    const version = await this.#dataset.version({ signal: this.#session.signal });
    await this.#session.write(`{"version":${version},"rows":[`);
    return '';
  }

  note(): void {
    // The document says it.
  }

  async end(more: boolean, cost: Cost | undefined): Promise<Answer> {
    await this.#begin();
    const rest = JSON.stringify({ more, ...(cost && { analyze: cost }) });
    await this.#session.write(`],${rest.slice(1)}\n`);
    return { json: undefined, text: '' };
  }
}

/** A table whose columns are as wide as the first rows have them. */
class TextRows {
  readonly #session: Session;
  readonly #array: ArrayHandle;
  readonly #select: readonly string[];
  #names: readonly string[] = [];
  #line: ReturnType<typeof lineOf> | undefined;

  constructor(session: Session, array: ArrayHandle, select: readonly string[]) {
    this.#session = session;
    this.#array = array;
    this.#select = select;
  }

  async print(hits: readonly RowHit[]): Promise<void> {
    const isFirst = this.#line === undefined;
    if (isFirst) this.#names = await columnsOf(this.#array, this.#select, this.#session.signal);
    const rows = hits.map(({ row, id, attributes }) => [
      ...[String(row), String(id)],
      ...this.#names.map((name) => valueText(attributes?.[name])),
    ]);
    const head = ['ROW', 'ID', ...this.#names.map(printable)];
    this.#line ??= lineOf(head, rows);
    const lines = (isFirst ? [head, ...rows] : rows).map(this.#line);
    if (lines.length > 0) await this.#session.write(`${lines.join('\n')}\n`);
  }

  note(text: string): void {
    this.#session.note(text);
  }

  end(_more: boolean, cost: Cost | undefined): Promise<Answer> {
    const parts = [
      ...(this.#line === undefined ? ['no row matches'] : []),
      ...(cost === undefined ? [] : [`\n${costText(cost)}`]),
    ];
    return Promise.resolve({ json: undefined, text: parts.join('\n'), data: true });
  }
}
