// The JSON in front of a safetensors file, read in one pass from left to right: no recursion, nothing nested
// deeper than the format has it, and no key twice, which JSON.parse would hide. A key that the format does
// not have is refused, since it may be meant to say something of the numbers.
//
//   {"__metadata__": {"text": "text"}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}
import type { NacreError } from '../../errors.js';
import { malformed, quote } from '../../npy/problem.js';
import { utf8 } from '../../util/bytes.js';
import { halfPair, quoted } from '../../util/text.js';

/** What the header says of a tensor; nothing of it is compared with anything. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Bytes behind the header: of the first, and behind the last. */
  readonly start: number;
  readonly end: number;
}

export const metadataName = '__metadata__';
const keys = ['dtype', 'shape', 'data_offsets'] as const;
type Key = (typeof keys)[number];

/** The longest shape that is kept: far more dimensions than are stored. */
const maxShapeLength = 1024;

/** The tensors in the header's order. Errors: `InvalidArgument`, with `file` and, where known, `tensor`. */
export function parseTensorHeader(header: Uint8Array, source: string): TensorInfo[] {
  return new HeaderParser(textOf(header, source), source).parse();
}

function textOf(header: Uint8Array, source: string): string {
  if (header[0] !== 0x7b)
    throw malformed(source, 'the header does not begin with "{"', { context: { file: source } });
  try {
    return utf8.decode(header);
  } catch (cause) {
    throw malformed(source, 'the header is not UTF-8', { cause, context: { file: source } });
  }
}

class HeaderParser {
  readonly #text: string;
  readonly #source: string;
  #at = 0;
  #tensor: string | undefined;

  constructor(text: string, source: string) {
    this.#text = text;
    this.#source = source;
  }

  parse(): TensorInfo[] {
    const tensors: TensorInfo[] = [];
    this.#object((name) => {
      if (name === metadataName) return this.#metadata();
      this.#tensor = name;
      tensors.push(this.#info(name));
      this.#tensor = undefined;
    });
    if (this.#peek() !== '') throw this.#unexpected('nothing behind the header but white space');
    return tensors;
  }

  /** Texts by name, which say nothing of the numbers. */
  #metadata(): void {
    this.#object(() => {
      if (this.#peek() !== '"')
        throw this.#unexpected(`a text in ${metadataName}, which is no name of a tensor,`);
      this.#string();
    });
  }

  #info(name: string): TensorInfo {
    let dtype: string | undefined;
    let shape: readonly number[] | undefined;
    let offsets: readonly number[] | undefined;
    this.#object((key) => {
      if (key === 'dtype') dtype = this.#string();
      else if (key === 'shape') shape = this.#integers(maxShapeLength);
      else if (key === 'data_offsets') offsets = this.#integers(2);
      else throw this.#problem(`the key ${quote(key)} is none of ${keys.join(', ')}`);
    });
    const missing = (key: Key): NacreError => this.#problem(`the key ${key} is missing`);
    if (dtype === undefined) throw missing('dtype');
    if (shape === undefined) throw missing('shape');
    if (offsets === undefined) throw missing('data_offsets');
    const [start, end] = offsets;
    if (start === undefined || end === undefined) throw this.#problem('data_offsets are not two numbers');
    return { name, dtype, shape, start, end };
  }

  /** Calls `member` for each key when its value comes. */
  #object(member: (key: string) => void): void {
    const seen = new Set<string>();
    this.#take('{');
    if (this.#peek() === '}') {
      this.#at++;
      return;
    }
    for (;;) {
      const key = this.#string();
      if (seen.has(key)) throw this.#problem(`the key ${quoted(key, 80)} is there twice`);
      seen.add(key);
      this.#take(':');
      member(key);
      if (this.#peek() === '}') break;
      this.#take(',');
    }
    this.#at++;
  }

  #integers(most: number): number[] {
    const found: number[] = [];
    this.#take('[');
    if (this.#peek() === ']') {
      this.#at++;
      return found;
    }
    for (;;) {
      if (found.length === most) throw this.#problem(`a list has more than ${most} numbers`);
      found.push(this.#integer());
      if (this.#peek() === ']') break;
      this.#take(',');
    }
    this.#at++;
    return found;
  }

  #integer(): number {
    this.#peek();
    const digits = this.#match(/(?:0|[1-9][0-9]*)(?![0-9.eE])/y);
    if (digits === undefined) throw this.#unexpected('a whole number that is not negative');
    const value = Number(digits);
    if (Number.isSafeInteger(value)) return value;
    throw this.#problem(`the number ${quote(digits)} is above 2^53-1`);
  }

  #string(): string {
    if (this.#peek() !== '"') throw this.#unexpected('a text in quotes');
    // Escapes and control characters are for JSON.parse to judge.
    const start = this.#at;
    const end = this.#closingQuote(start + 1);
    const text = this.#parsed(this.#text.slice(start, end + 1));
    if (halfPair.test(text)) throw this.#problem(`the text ${quote(text)} has half a surrogate pair`);
    this.#at = end + 1;
    return text;
  }

  #closingQuote(from: number): number {
    for (let at = from; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === 0x22) return at;
      if (code === 0x5c) at++;
    }
    throw this.#unexpected('a text with its closing quote');
  }

  #parsed(literal: string): string {
    try {
      return JSON.parse(literal) as string;
    } catch (cause) {
      throw this.#problem(`the text ${quote(literal)} at character ${this.#at} is none of JSON`, cause);
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.#text) ?? [];
    this.#at += found?.length ?? 0;
    return found;
  }

  /** The next character that is no white space, without taking it; empty at the end. */
  #peek(): string {
    while (this.#at < this.#text.length && ' \t\r\n'.includes(this.#text.charAt(this.#at))) this.#at++;
    return this.#text.charAt(this.#at);
  }

  #take(character: string): void {
    if (this.#peek() !== character) throw this.#unexpected(`"${character}"`);
    this.#at++;
  }

  #unexpected(expected: string): NacreError {
    const found =
      this.#at < this.#text.length ? quote(this.#text.slice(this.#at, this.#at + 100)) : 'the end';
    return this.#problem(`the header has ${found} at character ${this.#at}, expected ${expected}`);
  }

  #problem(what: string, cause?: unknown): NacreError {
    return tensorProblem(this.#source, this.#tensor, what, cause);
  }
}

/** The file breaks the rules of the format, at a tensor where it is known. */
export function tensorProblem(
  source: string,
  tensor: string | undefined,
  what: string,
  cause?: unknown,
): NacreError {
  const where = tensor === undefined ? '' : `the tensor ${quoted(tensor, 80)}: `;
  return malformed(source, `${where}${what}`, {
    context: { file: source, ...(tensor === undefined ? {} : { tensor }) },
    hint: 'The file is damaged, or was not written by the library: make it again with safetensors.',
    ...(cause === undefined ? {} : { cause }),
  });
}
