// One run of one command: its signal, its handles, what it says, and how it ends.
//
// A command returns an answer and prints nothing itself, so that --json, --quiet and -v mean the same
// everywhere; but for rows without number, which are written as they come. Handles are closed at the end,
// whatever happened: closing waits a moment for the hint.
import { createInterface } from 'node:readline/promises';
import {
  type Dataset,
  type Durability,
  type MeterCounts,
  NacreError,
  open,
  type OpenOptions,
} from '../index.js';
import { errorText, meterText } from './output.js';
import { Progress } from './progress.js';

/** Options that every command takes; each is undefined when it was not given. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly timeout?: number;
  readonly hedge?: boolean;
  readonly durability?: Durability;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly memory?: number;
}

const interrupted = new NacreError('Aborted', 'interrupted', { context: { interrupted: true } });

export interface Answer {
  /** The one document of --json; undefined where standard output is taken by data, or has it already. */
  readonly json: unknown;
  /** What people read; '' for nothing. */
  readonly text: string;
  /** True when the text is what was asked for, and not a report that --quiet leaves out. */
  readonly data?: boolean;
  /** Default 0. */
  readonly exitCode?: number;
}

export class Session {
  readonly options: CommonOptions;
  readonly signal: AbortSignal;
  readonly #closers = new Set<() => Promise<void>>();
  readonly #meters: (() => MeterCounts)[] = [];

  constructor(options: CommonOptions, interrupt: AbortSignal) {
    this.options = options;
    const { timeout } = options;
    this.signal = timeout === undefined ? interrupt : this.#within(timeout, interrupt);
  }

  /**
   * The interrupt, or the end of `ms` milliseconds. Not `AbortSignal.any` of `AbortSignal.timeout`: nothing
   * but its timer would hold the timeout, weakly, and once collected it never fires (nodejs/node#57736).
   */
  #within(ms: number, interrupt: AbortSignal): AbortSignal {
    const either = new AbortController();
    const timer = setTimeout(() => {
      either.abort(new DOMException(`timeout of ${ms} ms`, 'TimeoutError'));
    }, ms).unref();
    const stop = (): void => either.abort(interrupt.reason);
    interrupt.addEventListener('abort', stop, { once: true });
    this.onClose(async () => {
      clearTimeout(timer);
      interrupt.removeEventListener('abort', stop);
    });
    if (interrupt.aborted) stop();
    return either.signal;
  }

  /** Opens a dataset that is closed, and counted by -v, when the command ends. */
  async open(uri: string, options: Pick<OpenOptions, 'create'> = {}): Promise<Dataset> {
    const { durability } = this.options;
    const writing = durability === undefined ? {} : { durability };
    const dataset = await open(uri, { ...options, ...writing, ...this.#connection() });
    this.onClose(() => dataset.close());
    this.count(() => dataset.meter.snapshot());
    return dataset;
  }

  #connection(): Pick<OpenOptions, 'signal' | 'onWarning' | 'memoryBytes' | 'hedge'> {
    const { memory, hedge } = this.options;
    return {
      signal: this.signal,
      onWarning: (warning) => this.note(errorText(warning, false).replace(/^error:/, 'warning:')),
      ...(memory === undefined ? {} : { memoryBytes: memory }),
      ...(hedge === undefined ? {} : { hedge }),
    };
  }

  /** For upkeep by address, which opens and closes by itself. */
  connection() {
    return {
      ...this.#connection(),
      onConnect: (meter: Dataset['meter']): void => this.count(() => meter.snapshot()),
    };
  }

  /** Something to close at the end, the last one first; gives what forgets it. */
  onClose(close: () => Promise<void>): () => void {
    const closer = (): Promise<void> => close();
    this.#closers.add(closer);
    return () => this.#closers.delete(closer);
  }

  count(meter: () => MeterCounts): void {
    this.#meters.push(meter);
  }

  /** Data on standard output before the answer, for what is too much to be held; resolves when it is out. */
  write(text: string): Promise<void> {
    return write(text);
  }

  /** A line for people beside the answer. */
  note(text: string): void {
    if (this.options.quiet !== true) process.stderr.write(`${text}\n`);
  }

  /** A line that moves; silent where standard error is no terminal. */
  progress(label: string, unit: 'bytes' | 'rows'): Progress {
    const shown = process.stderr.isTTY && this.options.quiet !== true;
    const progress = new Progress(label, unit, shown ? process.stderr : undefined);
    this.onClose(async () => progress.end());
    return progress;
  }

  /** A line for each phase of long work in turn. */
  phases<Phase extends string>(
    labels: Readonly<Record<Phase, string>>,
  ): (done: number, total: number, phase: Phase) => void {
    let shown: { readonly phase: Phase; readonly line: Progress } | undefined;
    return (done, total, phase) => {
      if (shown?.phase !== phase) {
        shown?.line.end();
        shown = { phase, line: this.progress(labels[phase], phase === 'bytes' ? 'bytes' : 'rows') };
      }
      shown.line.update(done, total);
    };
  }

  /**
   * Asks on a terminal before something is taken away; with --yes the answer is yes, and elsewhere, unless
   * that is to be refused.
   */
  async confirm(
    question: string,
    { elsewhere = 'go on' }: { elsewhere?: 'go on' | 'refuse' } = {},
  ): Promise<void> {
    if (this.options.yes === true) return;
    if (!process.stdin.isTTY || !process.stderr.isTTY) {
      if (elsewhere === 'go on') return;
      throw new NacreError('InvalidArgument', 'nothing was changed: there is no terminal to ask on', {
        hint: 'Pass --yes, or --dry-run to see what would be done.',
      });
    }
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const answer = await new Promise<string>((resolve, reject) => {
        // While it reads, the terminal hands over Ctrl-C and Ctrl-D as keys.
        terminal.once('SIGINT', () => reject(interrupted));
        terminal.once('close', () => resolve(''));
        terminal.question(`${question} [y/N] `, { signal: this.signal }).then(resolve, reject);
      });
      if (/^y(es)?$/i.test(answer.trim())) return;
    } finally {
      terminal.close();
    }
    throw new NacreError('Aborted', 'nothing was changed', {
      context: { declined: true },
      hint: 'Answer y, or pass --yes.',
    });
  }

  async close(): Promise<void> {
    const closers = [...this.#closers].reverse();
    this.#closers.clear();
    for (const close of closers) await close();
  }

  /** What the command asked of its stores, for -v. */
  report(): void {
    if (this.options.verbose !== true) return;
    for (const meter of this.#meters) process.stderr.write(`${meterText(meter())}\n`);
  }
}

/** Runs a command and prints its answer; gives its exit code. What it throws is the caller's to print. */
export async function runSession(
  options: CommonOptions,
  interrupt: AbortSignal,
  work: (session: Session) => Promise<Answer>,
): Promise<number> {
  const session = new Session(options, interrupt);
  try {
    const answer = await work(session);
    await session.close();
    await print(answer, options);
    return answer.exitCode ?? 0;
  } finally {
    // After a failure; what goes wrong in closing then is not the news.
    await session.close().catch(() => undefined);
    session.report();
  }
}

async function print(answer: Answer, options: CommonOptions): Promise<void> {
  if (options.json === true) {
    if (answer.json !== undefined) await write(`${JSON.stringify(answer.json)}\n`);
    return;
  }
  if (answer.text === '' || (options.quiet === true && answer.data !== true)) return;
  await write(`${answer.text}\n`);
}

/** Resolves when the text is out, so that the process may end. */
function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
