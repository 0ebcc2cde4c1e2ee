// A line on standard error that is written over as work goes on.
import { bytesText, countText, durationText } from './output.js';

/** Faster than this nobody reads. */
const refreshMs = 100;

export class Progress {
  readonly #label: string;
  readonly #unit: 'bytes' | 'rows';
  readonly #stream: { write(text: string): unknown } | undefined;
  readonly #startedMs = performance.now();
  #shownMs = Number.NEGATIVE_INFINITY;
  #shown = false;

  /** Without a stream nothing is shown. */
  constructor(label: string, unit: 'bytes' | 'rows', stream?: { write(text: string): unknown }) {
    this.#label = label;
    this.#unit = unit;
    this.#stream = stream;
  }

  update(done: number, total: number): void {
    const now = performance.now();
    if (this.#stream === undefined || now - this.#shownMs < refreshMs) return;
    this.#shownMs = now;
    this.#shown = true;
    const show = this.#unit === 'bytes' ? bytesText : countText;
    const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
    const seconds = (now - this.#startedMs) / 1000;
    const left = done === 0 ? '' : `, ${durationText((seconds * 1000 * (total - done)) / done)} left`;
    const rate = this.#unit === 'bytes' ? `, ${bytesText(done / seconds)}/s` : '';
    this.#stream.write(`\r\u001b[K${this.#label} ${percent}% of ${show(total)}${rate}${left}`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown) this.#stream?.write('\r\u001b[K');
    this.#shown = false;
  }
}
