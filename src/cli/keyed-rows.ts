// Rows by their keys: what `nacre query --key` prints.
import { type Attribute, type Key, NacreError, type VersionReference } from '../index.js';
import { attributesJson, columnsOf, printable, valueText } from './attribute-values.js';
import { type Cost, costOf, costText } from './cost.js';
import { openAt } from './datasets.js';
import { table } from './output.js';
import type { Answer, Session } from './session.js';
import { invalid } from './values.js';

export interface KeyedOptions {
  readonly key: readonly string[];
  readonly select: readonly string[];
  readonly analyze?: boolean;
  readonly at?: VersionReference;
}

export async function keyedRows(
  session: Session,
  { key: keys, select, analyze = false, at }: KeyedOptions,
  uri: string,
  name: string,
): Promise<Answer> {
  const { signal } = session;
  const dataset = await openAt(session, uri, at);
  const array = dataset.array(name);
  const [known, keyName] = [await array.attributes({ signal }), await array.key({ signal })];
  const key = known.find((one) => one.name === keyName);
  if (key === undefined)
    throw invalid(`array '${name}' has no key`, `Set one: \`nacre attributes ${uri} ${name} --key NAME\`.`);
  const asked = keys.map((text) => parseKey(key, text));
  const scope = dataset.meter.scope();
  const found = await array.rowsByKey(asked, { select, signal });
  const cost: Cost | undefined = analyze ? costOf(scope.stop()) : undefined;
  const rows = found.map((hit, i) => ({
    key: keys[i] ?? '',
    row: hit?.row ?? null,
    id: hit === undefined ? null : String(hit.id),
    ...(hit === undefined ? {} : { attributes: attributesJson(hit.attributes) }),
  }));
  const names = await columnsOf(array, select, signal);
  const lines = found.map((hit, i) => [
    ...[printable(keys[i] ?? ''), String(hit?.row ?? 'none'), String(hit?.id ?? 'none')],
    ...names.map((one) => (hit === undefined ? '' : valueText(hit.attributes?.[one]))),
  ]);
  const text = [
    table(['KEY', 'ROW', 'ID', ...names.map(printable)], lines),
    ...(cost === undefined ? [] : [costText(cost)]),
  ];
  const version = await dataset.version({ signal });
  return {
    json: { version, rows, ...(cost === undefined ? {} : { analyze: cost }) },
    text: text.join('\n\n'),
    data: true,
  };
}

const instant = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,6}))?(Z|[+-]\d\d:?\d\d)$/i;

/** A key as the command line has it, by the type of the key. */
function parseKey({ name, type }: Attribute, text: string): Key {
  if (type === 'string') return text;
  const wrong = (hint: string): NacreError =>
    invalid(`the key '${name}' is ${type}, '${text}' is none`, hint);
  if (type === 'int') {
    if (/^[+-]?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)) return BigInt(text);
    throw wrong('Write digits only, within 64 bits.');
  }
  const [, base = '', fraction = '', zone = ''] = instant.exec(text) ?? [];
  const ms = Date.parse(`${base.replace(' ', 'T')}${zone.toUpperCase()}`);
  if (!Number.isNaN(ms)) return BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, '0'));
  throw wrong('Write it with its zone: 2026-01-02T03:04:05Z.');
}
