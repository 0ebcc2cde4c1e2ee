// What the fields of a column of CSV are: the narrowest type that has them all.
import type { AttributeType } from '../../attributes/column.js';
import type { Value } from '../../attributes/values.js';
import { assert } from '../../util/assert.js';
import { instantOf } from './cells.js';
import { malformed, type Place } from './problem.js';

/** No zeros in front and no plus: what has those is a code of some sort, and they would be lost. */
const whole = /^(?:0|-?[1-9]\d*)$/;
const decimal = /^-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
/** To whoever asks for one. */
const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const word = /^(?:nan|-?inf)$/i;

/** Narrows with every field that is not null. */
export class TypeGuess {
  #isEmpty = true;
  #isBool = true;
  #isInt = true;
  #isFloat = true;

  add(text: string): void {
    this.#isEmpty = false;
    this.#isBool &&= text === 'true' || text === 'false';
    if (this.#isInt && !isInt64(text)) this.#isInt = false;
    if (this.#isFloat && !isFloat64(text)) this.#isFloat = false;
  }

  get type(): AttributeType {
    if (this.#isEmpty) return 'string';
    if (this.#isBool) return 'bool';
    if (this.#isInt) return 'int';
    return this.#isFloat ? 'float' : 'string';
  }
}

function isInt64(text: string): boolean {
  if (text.length > 20 || !whole.test(text)) return false;
  return text.length < 16 || fits(BigInt(text));
}

function fits(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** Digits that a float64 does not hold are no number to be rounded, but text to be kept. */
function isFloat64(text: string): boolean {
  if (word.test(text)) return true;
  if (!decimal.test(text)) return false;
  const value = Number(text);
  if (!Number.isFinite(value)) return false;
  return !Number.isInteger(value) || Number.isSafeInteger(value) || !whole.test(text) || isExact(text);
}

function isExact(text: string): boolean {
  const value = BigInt(text);
  return BigInt(Number(value)) === value;
}

/** A field as a type that it was found to have, or that was asked for. */
export function parseField(file: string, place: Place, text: string, type: AttributeType): Value {
  switch (type) {
    case 'bool':
      if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true';
      break;
    case 'int':
      if (/^[+-]?\d{1,40}$/.test(text)) {
        if (text.length < 16) return Number(text);
        const value = BigInt(text.replace('+', ''));
        if (fits(value)) return value;
      }
      break;
    case 'float': {
      if (word.test(text)) return wordOf(text.toLowerCase());
      const value = number.test(text) ? Number(text) : NaN;
      if (Number.isFinite(value)) return value;
      break;
    }
    case 'string':
      return text;
    case 'timestamp':
      return instantOf(file, place, text);
    case 'strings':
      assert(false, 'CSV has no lists');
  }
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  throw malformed(file, place, `'${shown}' is no ${type}`, 'Correct it, or ask for another type.');
}

function wordOf(text: string): number {
  if (text === 'nan') return Number.NaN;
  return text.startsWith('-') ? -Infinity : Infinity;
}
