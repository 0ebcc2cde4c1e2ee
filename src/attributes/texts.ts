// Texts of JavaScript as a column has them.
import { largestOffset } from './offsets.js';
import { NacreError } from '../errors.js';
import { concat, utf8 } from '../util/bytes.js';
import { halfPair } from '../util/text.js';
import type { StringColumn } from './column.js';

/**
 * Characters, and texts, that are encoded together: a call for each text takes several times as long, and one
 * for all of them needs all once more.
 */
const pieceCharacters = 1 << 18;
const pieceTexts = 1 << 14;

/** Takes a known number of texts, one by one. */
export class TextWriter {
  readonly #name: string;
  readonly #offsets: Int32Array;
  readonly #pieces: Uint8Array[] = [];
  #texts: string[] = [];
  #characters = 0;
  /** Texts that are encoded, and their bytes. */
  #done = 0;
  #bytes = 0;

  /** `name` is that of the attribute, for messages. */
  constructor(name: string, texts: number) {
    this.#name = name;
    this.#offsets = new Int32Array(texts + 1);
  }

  /** `InvalidArgument`, here or later, for half of a surrogate pair. */
  add(text: string): void {
    this.#texts.push(text);
    this.#characters += text.length;
    if (this.#characters >= pieceCharacters || this.#texts.length === pieceTexts) this.#encode();
  }

  /** `ResourceExhausted`, here or before, for more bytes than a column holds. */
  column(): StringColumn {
    this.#encode();
    return { type: 'string', rows: this.#done, offsets: this.#offsets, bytes: concat(this.#pieces) };
  }

  #encode(): void {
    const texts = this.#texts;
    const piece = utf8.encode(texts.join(''));
    // A character of ASCII is a byte, and no other one is; half of a pair would be three.
    const isAscii = piece.byteLength === this.#characters;
    for (let i = 0; i < texts.length; i++) {
      const text = texts[i] as string;
      if (!isAscii && halfPair.test(text)) throw this.#refused();
      this.#bytes += isAscii ? text.length : Buffer.byteLength(text);
      if (this.#bytes > largestOffset) throw this.#exhausted();
      this.#offsets[++this.#done] = this.#bytes;
    }
    this.#pieces.push(piece);
    this.#texts = [];
    this.#characters = 0;
  }

  #refused(): NacreError {
    const what = `attribute '${this.#name}': text ${this.#done} has half of a surrogate pair`;
    return new NacreError('InvalidArgument', what, {
      context: { attribute: this.#name },
      hint: 'UTF-8 has no such character.',
    });
  }

  #exhausted(): NacreError {
    const what = `attribute '${this.#name}' has more than 2 GiB of text at once`;
    return new NacreError('ResourceExhausted', what, {
      context: { attribute: this.#name },
      hint: 'Append fewer rows at once.',
    });
  }
}
