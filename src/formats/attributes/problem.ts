// How a file of attributes is refused: the file, the place in it, what is there, what to do.
import type { Attribute } from '../../attributes/column.js';
import { isNacreError, NacreError } from '../../errors.js';
import { attributeLimit } from '../../manifest/attributes.js';
import { quoted } from '../../util/text.js';
import { halfPair } from '../../util/text.js';

export interface Place {
  /** From 1 on. */
  readonly line?: number;
  /** Of the line, in characters, from 1 on. */
  readonly column?: number;
  /** From 0 on. */
  readonly row?: number;
  readonly attribute?: string;
}

/** `InvalidArgument` for what a file says. */
export function malformed(
  file: string,
  place: Place,
  what: string,
  hint: string,
  cause?: unknown,
): NacreError {
  return refuse('InvalidArgument', file, place, what, hint, cause);
}

/** `UnsupportedFormat` for what a file may say, and is not read. */
export function unsupported(file: string, place: Place, what: string, hint: string): NacreError {
  return refuse('UnsupportedFormat', file, place, what, hint);
}

function refuse(
  code: 'InvalidArgument' | 'UnsupportedFormat',
  file: string,
  place: Place,
  what: string,
  hint: string,
  cause?: unknown,
): NacreError {
  const { line, column, row, attribute } = place;
  const where = [
    file,
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(column === undefined ? [] : [`column ${column}`]),
    ...(row === undefined ? [] : [`row ${row}`]),
    ...(attribute === undefined ? [] : [`attribute ${quoted(attribute)}`]),
  ];
  const context = { file, ...place };
  return new NacreError(code, `${where.join(', ')}: ${what}`, {
    hint,
    context,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Does the work; what a library throws, or what bytes that are no such file made fail, names the file. */
export async function reading<T>(file: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isNacreError(error) && error.code !== 'Corrupt') {
      if (error.code !== 'InvalidArgument' || error.context['file'] !== undefined) throw error;
      // A value that is not of its column's type: values know no file.
      throw malformed(file, {}, error.message, error.hint ?? 'Write the file again.', error);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw malformed(file, {}, `is no ${what} that can be read: ${reason}`, 'Write the file again.', error);
  }
}

/** What names there may be, and how many. */
export function checkNames(file: string, names: readonly string[]): void {
  if (names.length > attributeLimit) {
    const what = `has ${names.length} attributes, more than ${attributeLimit}`;
    throw malformed(file, {}, what, 'Leave away those that no query needs.');
  }
  const seen = new Set<string>();
  for (const [i, name] of names.entries()) {
    if (name === '')
      throw malformed(file, {}, `attribute ${i + 1} has no name`, 'Give a name to every attribute.');
    if (halfPair.test(name)) {
      throw malformed(file, {}, `the name of attribute ${i + 1} has half of a surrogate pair`, 'Rename it.');
    }
    if (seen.has(name)) {
      throw malformed(file, { attribute: name }, 'there are two of that name', 'Rename one of them.');
    }
    seen.add(name);
  }
}

/** What was asked for has to be there. */
export function checkTypes(file: string, { asked }: Types, attributes: readonly string[]): void {
  const there = new Set(attributes);
  const missing = Object.keys(asked).find((name) => !there.has(name));
  if (missing === undefined) return;
  const names = attributes.slice(0, 10).map((name) => quoted(name));
  throw malformed(
    file,
    { attribute: missing },
    'a type was given for an attribute that the file does not have',
    names.length === 0 ? 'It has none.' : `It has ${names.join(', ')}${attributes.length > 10 ? ', …' : ''}.`,
  );
}

/** Types by the name of the attribute. */
export interface Types {
  /** Those that were asked for; the file has such attributes. */
  readonly asked: Readonly<Record<string, Attribute['type']>>;
  /** Of attributes that are there already, and that the file may have. */
  readonly known: ReadonlyMap<string, Attribute['type']>;
}

export function typeAsked({ asked, known }: Types, name: string): Attribute['type'] | undefined {
  return Object.hasOwn(asked, name) ? asked[name] : known.get(name);
}
