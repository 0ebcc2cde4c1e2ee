// Writes down what is asked of a store as text that a test compares with what it should be: one line a
// request, with the wave it belongs to, its bytes and its outcome.
import type { ByteRange, CallOptions, ObjectStore, PutCondition } from '../../src/storage/object-store.js';
import { forwarding } from '../../src/storage/wrap/forwarding.js';
import { WaveCounter } from '../../src/storage/wrap/waves.js';
import { byteLength } from '../../src/util/bytes.js';

export interface TraceEntry {
  /** The request began after that many waves less one had ended; 0 for a background request. */
  readonly wave: number;
  readonly method: string;
  readonly key: string;
  readonly ranges: readonly ByteRange[];
  readonly condition: PutCondition | undefined;
  /** Bytes sent or received. */
  bytes: number;
  outcome: string;
}

/** Random ids, 128 bits in lower case. Twenty digits alone are the number of a root and stay. */
const id = /(?<![0-9a-z])(?=[0-9]*[a-z])[0-9a-z]{22,}(?![0-9a-z])/g;

export class Trace {
  #entries: TraceEntry[] = [];
  #waves = new WaveCounter();

  get entries(): readonly TraceEntry[] {
    return this.#entries;
  }

  /** Forgets what was written down and counts waves from 1 again; call it when nothing is under way. */
  clear(): void {
    this.#entries = [];
    this.#waves = new WaveCounter();
  }

  /**
   * One line a request, by wave and then by text, since the order within a wave is chance. Random ids are
   * shown as `<id>`: `2 put versions/….root absent 512 bytes: written`.
   */
  lines(): string[] {
    return this.#entries
      .map((entry) => ({ wave: entry.wave, line: lineOf(entry).replaceAll(id, '<id>') }))
      .sort((a, b) => a.wave - b.wave || (a.line < b.line ? -1 : 1))
      .map(({ line }) => line);
  }

  async record<T>(
    request: Pick<TraceEntry, 'method' | 'key'> & Partial<Pick<TraceEntry, 'ranges' | 'condition'>>,
    options: CallOptions | undefined,
    call: () => Promise<T>,
    measure: (result: T) => Pick<TraceEntry, 'bytes' | 'outcome'>,
  ): Promise<T> {
    const background = options?.background === true;
    const waves = this.#waves;
    const begun = waves.begin();
    const entry: TraceEntry = {
      ranges: [],
      condition: undefined,
      ...request,
      wave: background ? 0 : waves.waves + 1,
      bytes: 0,
      outcome: 'under way',
    };
    this.#entries.push(entry);
    try {
      const result = await call();
      Object.assign(entry, measure(result));
      return result;
    } catch (error) {
      entry.outcome = error instanceof Error && 'code' in error ? String(error.code) : 'failed';
      throw error;
    } finally {
      if (!background) waves.end(begun);
    }
  }
}

function lineOf({ wave, method, key, ranges, condition, bytes, outcome }: TraceEntry): string {
  const parts = [wave === 0 ? 'background' : String(wave), method];
  if (key !== '') parts.push(key);
  parts.push(...ranges.map(({ start, end }) => `[${start},${end})`));
  if (condition !== undefined) parts.push(condition === 'absent' ? 'absent' : 'if-match');
  return `${parts.join(' ')} ${bytes} bytes: ${outcome}`;
}

/** `inner`, with every call written down in `trace`. */
export function recording(inner: ObjectStore, trace: Trace): ObjectStore {
  return forwarding(inner, {
    get: (key, options) =>
      trace.record(
        { method: 'get', key, ranges: options?.range === undefined ? [] : [options.range] },
        options,
        () => inner.get(key, options),
        (body) => ({
          bytes: body?.bytes.byteLength ?? 0,
          outcome: body === undefined ? 'missing' : 'found',
        }),
      ),
    getRanges: (key, ranges, options) =>
      trace.record(
        { method: 'getRanges', key, ranges },
        options,
        () => inner.getRanges(key, ranges, options),
        (pieces) => ({
          bytes: byteLength(pieces ?? []),
          outcome: pieces === undefined ? 'missing' : 'found',
        }),
      ),
    put: (key, body, options) =>
      trace.record(
        { method: 'put', key, condition: options?.condition },
        options,
        () => inner.put(key, body, options),
        ({ outcome }) => ({ bytes: byteLength(body), outcome }),
      ),
    head: (key, options) =>
      trace.record(
        { method: 'head', key },
        options,
        () => inner.head(key, options),
        (head) => ({ bytes: 0, outcome: head === undefined ? 'missing' : 'found' }),
      ),
    list: (options) =>
      trace.record(
        { method: 'list', key: options?.prefix ?? '' },
        options,
        () => inner.list(options),
        ({ entries }) => ({ bytes: 0, outcome: `${entries.length} keys` }),
      ),
    delete: (keys, options) =>
      trace.record(
        { method: 'delete', key: [...keys].sort().join(' ') },
        options,
        () => inner.delete(keys, options),
        () => ({ bytes: 0, outcome: 'done' }),
      ),
  });
}
