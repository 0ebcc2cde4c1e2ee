// How a text of numbers is refused: the file, the line, the field in it, what is there, what to do.
import { NacreError } from '../../../errors.js';
import { quoted } from '../../../util/text.js';

export interface TextPlace {
  readonly file: string;
  /** From 1 on. */
  readonly line?: number;
  /** Of the line, from 1 on. */
  readonly field?: number;
  /** What the line of names calls the field. */
  readonly column?: string;
}

/** `InvalidArgument` for what a text says. */
export function badText(place: TextPlace, what: string, hint: string): NacreError {
  const { file, line, field, column } = place;
  const name = column === undefined || column === '' ? '' : ` (${quoted(column)})`;
  const where = [
    file,
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(field === undefined ? [] : [`field ${field}${name}`]),
  ];
  return new NacreError('InvalidArgument', `${where.join(', ')}: ${what}`, { hint, context: { ...place } });
}
