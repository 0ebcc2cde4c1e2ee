// A program that goes on writing while its dataset is hurt and mended.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dataset, isNacreError, open } from '../../src/index.js';

const array = 'live';

export class LiveWriter {
  readonly #uri: string;
  #dataset: Dataset | undefined;
  #loop: Promise<void> = Promise.resolve();
  #isRunning = false;
  /** Rows that were acknowledged, by their number. */
  readonly acknowledged: number[] = [];
  /** Writes that were told of damage, or that the store did not answer. */
  refused = 0;
  #next = 0;

  private constructor(uri: string) {
    this.#uri = uri;
  }

  static async start(uri: string): Promise<LiveWriter> {
    const writer = new LiveWriter(uri);
    const dataset = await open(uri, { cacheDir: false });
    await dataset.write((tx) => tx.create(array, { dtype: 'int32' }));
    writer.#dataset = dataset;
    writer.resume();
    return writer;
  }

  resume(): void {
    this.#isRunning = true;
    this.#loop = this.#run();
  }

  /** When it has ended nothing is under way. */
  async pause(): Promise<void> {
    this.#isRunning = false;
    await this.#loop;
  }

  async end(): Promise<void> {
    await this.pause();
    await this.#dataset?.close();
  }

  async #run(): Promise<void> {
    while (this.#isRunning) {
      await this.#write();
      await sleep(400);
    }
  }

  async #write(): Promise<void> {
    const row = this.#next++;
    try {
      this.#dataset ??= await open(this.#uri, { cacheDir: false });
      await this.#dataset.write((tx) => tx.append(array, { data: Int32Array.of(row) }));
      this.acknowledged.push(row);
    } catch (error) {
      if (!isNacreError(error)) throw error;
      this.refused += 1;
      // Begins anew, as a program that is started again.
      await this.#dataset?.close().catch(() => undefined);
      this.#dataset = undefined;
    }
  }
}
