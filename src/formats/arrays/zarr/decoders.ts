// Decompressors of numcodecs, which are WebAssembly and hold up the thread that they run on: long chunks go
// to threads of their own, one for each processor, short ones are done here. A long chunk that brings its
// decompressor down takes no more with it than its thread.
//
// Threads are started by the first long chunk and end when the folder is closed; idle they keep no process
// from ending. Who waits for them is bounded: each array decodes a few chunks at once.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { giveBack } from '../give-back.js';

export type Decompressor = 'blosc' | 'zstd';

/** Less is done before a thread has heard of it. */
const leastBytes = 256 * 2 ** 10;
const mostThreads = 4;

/** They decode whatever their settings say. */
const settings = { clevel: 5, cname: 'lz4', shuffle: 1, blocksize: 0, level: 1 };

interface Task {
  readonly codec: Decompressor;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly done: (content: Uint8Array) => void;
  readonly failed: (error: Error) => void;
}

interface Answer {
  readonly content?: Uint8Array;
  /** What it was decoded from: the thread itself would keep it until its collector comes by. */
  readonly bytes?: Uint8Array;
  readonly message?: string;
}

const script = `
const { parentPort, workerData } = require('node:worker_threads');
parentPort.on('message', async ({ codec, bytes }) => {
  try {
    const { default: made } = await import(workerData.addresses[codec]);
    const content = await made.fromConfig({ ...workerData.settings, id: codec }).decode(bytes);
    parentPort.postMessage({ content, bytes }, [content.buffer, bytes.buffer]);
  } catch (error) {
    parentPort.postMessage({ message: String(error?.message ?? error) });
  }
});
`;

class Thread {
  readonly #worker: Worker;
  #task: Task | undefined;

  constructor(idle: () => void, ended: () => void) {
    const addresses = {
      blosc: import.meta.resolve('numcodecs/blosc'),
      zstd: import.meta.resolve('numcodecs/zstd'),
    };
    this.#worker = new Worker(script, { eval: true, workerData: { addresses, settings } });
    this.#worker.unref();
    this.#worker.on('message', ({ content, bytes, message }: Answer) => {
      const task = this.#over();
      if (bytes !== undefined) giveBack(bytes);
      if (content !== undefined) task?.done(content);
      else task?.failed(new Error(message));
      idle();
    });
    this.#worker.on('error', (error) => this.#over()?.failed(error));
    this.#worker.on('exit', () => {
      this.#over()?.failed(new Error('its thread ended'));
      ended();
    });
  }

  get isIdle(): boolean {
    return this.#task === undefined;
  }

  start(task: Task): void {
    this.#task = task;
    // Nothing else may keep the process while it waits for this.
    this.#worker.ref();
    this.#worker.postMessage({ codec: task.codec, bytes: task.bytes }, [task.bytes.buffer]);
  }

  end(): void {
    this.#worker.terminate().catch(() => undefined);
  }

  #over(): Task | undefined {
    const task = this.#task;
    this.#task = undefined;
    this.#worker.unref();
    return task;
  }
}

/** What is handed over is gone here, with all of the memory that it is a part of. */
function ownMemory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const isAll = buffer instanceof ArrayBuffer && bytes.byteLength === buffer.byteLength;
  return isAll ? new Uint8Array(buffer) : new Uint8Array(bytes);
}

/** Those of one folder. */
export class Decoders {
  readonly #threads = new Set<Thread>();
  readonly #waiting: Task[] = [];
  #isClosed = false;

  /**
   * `most` bytes at most come of `bytes`, which nobody looks at any more. Errors: whatever the decompressor
   * says.
   */
  async decompress(codec: Decompressor, bytes: Uint8Array, most: number): Promise<Uint8Array> {
    if (most < leastBytes) {
      const { default: made } = await (codec === 'zstd'
        ? import('numcodecs/zstd')
        : import('numcodecs/blosc'));
      return made.fromConfig({ ...settings, id: codec }).decode(bytes);
    }
    return new Promise((done, failed) => {
      this.#waiting.push({ codec, bytes: ownMemory(bytes), done, failed });
      this.#next();
    });
  }

  /** Ends the threads, once what they do is done. */
  close(): void {
    this.#isClosed = true;
    this.#next();
  }

  #next(): void {
    const idle = [...this.#threads].filter(({ isIdle }) => isIdle);
    while (this.#waiting.length > 0) {
      const thread = idle.pop() ?? this.#newThread();
      if (thread === undefined) return;
      thread.start(this.#waiting.shift() as Task);
    }
    if (!this.#isClosed) return;
    for (const thread of idle) {
      this.#threads.delete(thread);
      thread.end();
    }
  }

  #newThread(): Thread | undefined {
    if (this.#threads.size >= Math.min(mostThreads, availableParallelism())) return undefined;
    const thread = new Thread(
      () => this.#next(),
      () => {
        this.#threads.delete(thread);
        this.#next();
      },
    );
    this.#threads.add(thread);
    return thread;
  }
}
