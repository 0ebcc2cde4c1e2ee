// A bucket as one process sees it: each request arrives after a while, takes effect at once and whole, and is
// answered after another while, unless the weather is against it. A request outlives the process that sent
// it.
import { NacreError } from '../../src/errors.js';
import type {
  ByteRange,
  CallOptions,
  GetOptions,
  ListEntry,
  ListOptions,
  ListPage,
  ObjectBody,
  ObjectHead,
  ObjectStore,
  PutOptions,
  PutResult,
  StoreCapabilities,
} from '../../src/storage/object-store.js';
import { type ByteSource, concat } from '../../src/util/bytes.js';
import { abortedError, onAbort } from '../../src/util/runtime.js';
import { withFlippedBit } from '../support/faulty-store.js';
import type { Draw } from '../support/row-model.js';
import type { Body, Bucket } from './bucket.js';
import { drawFault, type Fault, type Method, spoiling, type Weather } from './faults.js';
import type { Holdings } from './holdings.js';
import type { World } from './world.js';

/** The sender of requests: while it lives, replies reach it. */
export interface Sender {
  readonly name: string;
  readonly alive: boolean;
  readonly weather: Weather;
  /** When a fault last met it, and when a body last came to it spoiled. */
  faultedMs: number;
  spoiledMs: number;
  /** Keys of bodies that came spoiled, each as often as it did. */
  readonly spoiled: string[];
  readonly holdings: Holdings;
  /** Until when it stands still: nothing reaches it before. */
  readonly frozenMs: number;
}

/** Milliseconds: of most requests, until a client gives up, and how late a lost one may arrive. */
const times = { usual: 30, slow: 4_000, patience: 5_000, late: 600_000, oldList: 30_000 };

/** Server clocks of one bucket differ by so much. */
const serverSkewMs = 1_500;

/** Where a bucket is. */
export type Place = 'dataset' | 'mirror' | 'replica' | 'backup' | 'restored';

export class Wire implements ObjectStore {
  readonly uri: string;
  readonly capabilities: StoreCapabilities;
  readonly #world: World;
  readonly #bucket: Bucket;
  /** In what is noted. */
  readonly #folder: string;
  readonly #sender: Sender;
  readonly #draw: Draw;
  #timeMs: number | undefined;

  constructor(world: World, sender: Sender, draw: Draw, place: Place = 'dataset') {
    this.#world = world;
    this.#bucket = world.buckets[place];
    this.#folder = place === 'dataset' ? '' : `${place}/`;
    this.#sender = sender;
    this.#draw = draw;
    this.uri = `s3://simulated/${place}`;
    this.capabilities = {
      ...{ scheme: 's3', server: 'https://simulated:443', sortedList: world.features.sortedList },
      ...{ deleteBatch: 1_000, singlePutBytes: 2 ** 40, checksOnPut: true },
    };
  }

  async get(key: string, options: GetOptions = {}): Promise<ObjectBody | undefined> {
    const body = await this.#request('get', key, options, () => this.#bucket.objects.get(key));
    if (body === undefined) return undefined;
    const { start = 0, end = body.bytes.byteLength } = options.range ?? {};
    return { ...headOf(body), bytes: this.#arrived(body, { start, end }) };
  }

  async getRanges(
    key: string,
    ranges: readonly ByteRange[],
    options: CallOptions = {},
  ): Promise<Uint8Array[] | undefined> {
    const body = await this.#request('get', key, options, () => this.#bucket.objects.get(key));
    return body && ranges.map((range) => this.#arrived(body, range));
  }

  async head(key: string, options: CallOptions = {}): Promise<ObjectHead | undefined> {
    const body = await this.#request('head', key, options, () => this.#bucket.objects.get(key));
    return body && headOf(body);
  }

  async put(key: string, source: ByteSource, options: PutOptions = {}): Promise<PutResult> {
    const bytes = concat(source).slice();
    const { condition } = options;
    return this.#request('put', key, options, (): PutResult => {
      const found = this.#bucket.objects.get(key);
      const holds =
        condition === undefined ||
        (condition === 'absent' ? found === undefined : found?.token === condition.token);
      if (!holds) return { outcome: 'refused' };
      const token = this.#bucket.put(key, bytes, this.#sender.name, this.#world.storeMs());
      return { outcome: 'written', token };
    });
  }

  async list(options: ListOptions = {}): Promise<ListPage> {
    const { prefix = '', after = '', limit = 1_000 } = options;
    return this.#request('list', prefix, options, (fault): ListPage => {
      // An old listing is what it was a while ago, but for what was deleted since.
      const ageMs = fault?.kind === 'oldList' ? this.#draw.next() * times.oldList : 0;
      const untilMs = this.#world.storeMs() - ageMs;
      const keys = this.#bucket
        .keys()
        .filter((key) => key.startsWith(prefix) && key > after)
        .filter((key) => (this.#bucket.objects.get(key) as Body).createdMs <= untilMs);
      const entries = keys.slice(0, limit).map((key): ListEntry => {
        const { bytes, modifiedMs } = this.#bucket.objects.get(key) as Body;
        return { key, sizeBytes: bytes.byteLength, modifiedMs };
      });
      return { entries, next: keys.length > limit ? entries.at(-1)?.key : undefined };
    });
  }

  async delete(keys: readonly string[], options: CallOptions = {}): Promise<void> {
    await this.#request('delete', keys[0] ?? '', options, () => {
      for (const key of keys) this.#bucket.delete(key, this.#sender.name, this.#world.storeMs());
    });
  }

  timeMs(): number | undefined {
    return this.#timeMs;
  }

  async close(): Promise<void> {
    this.#sender.holdings.stores -= 1;
  }

  /**
   * The bytes of a range, spoiled on their way where the reply was. All of an object are no copy: the checker
   * sees who writes there.
   */
  #arrived(body: Body & { readonly spoiled?: Fault }, { start, end }: ByteRange): Uint8Array {
    const isWhole = start === 0 && end >= body.bytes.byteLength;
    const bytes = isWhole ? body.bytes : body.bytes.slice(start, end);
    if (body.spoiled?.kind === 'flipped')
      return withFlippedBit(bytes, this.#draw.below(8 * Math.max(1, bytes.byteLength)));
    if (body.spoiled?.kind === 'truncated') return bytes.slice(0, this.#draw.below(bytes.byteLength + 1));
    return bytes;
  }

  #request<T>(
    method: Method,
    key: string,
    { signal }: CallOptions,
    apply: (fault: Fault | undefined) => T,
  ): Promise<T> {
    const [world, sender, draw] = [this.#world, this.#sender, this.#draw];
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortedError(signal));
      const drawn = drawFault(draw, sender.weather, method, key);
      // Who forgets points rests on listings that show what was written before them.
      const fault = drawn?.kind === 'oldList' && this.#bucket === world.buckets.backup ? undefined : drawn;
      const delay = (): number => draw.next() * draw.next() * 2 * times.usual;
      const [there, back] = [delay(), delay()];
      world.note(
        `${sender.name} ${method} ${this.#folder}${key} ${fault?.kind ?? ''} ${fault?.status ?? ''}`,
      );
      if (fault !== undefined) {
        world.faults.count(method, fault.kind);
        sender.holdings.troubledMs = world.time.now;
      }
      let open = true;
      sender.holdings.send(signal);
      const answer = (afterMs: number, settle: () => void): void =>
        world.time.schedule(afterMs, () => {
          if (!open || !sender.alive) return;
          if (sender.frozenMs > world.time.now) return answer(sender.frozenMs - world.time.now, settle);
          open = false;
          sender.holdings.requests -= 1;
          stay();
          if (fault !== undefined) sender.faultedMs = world.time.now;
          if (fault !== undefined && spoiling.includes(fault.kind)) {
            sender.spoiledMs = world.time.now;
            sender.spoiled.push(key);
          }
          this.#timeMs = world.storeMs() + (draw.next() - 0.5) * 2 * serverSkewMs;
          settle();
        });
      const stay = onAbort(signal, () => {
        if (!open) return;
        open = false;
        sender.holdings.requests -= 1;
        reject(abortedError(signal));
      });
      const fail = (afterMs: number, why: string): void =>
        answer(afterMs, () => reject(unavailable(method, key, why)));
      const arrive = (afterMs: number, then: (result: T) => void = () => undefined): void =>
        world.time.schedule(afterMs, () => {
          then(apply(fault));
        });
      const reply = (result: T): void => answer(back, () => resolve(spoil(result, fault)));
      switch (fault?.kind) {
        case 'lostRequest':
          return fail(times.patience, 'no reply came in time');
        case 'lostReply':
          arrive(there);
          return fail(times.patience, 'the connection broke before the reply came');
        case 'late':
          arrive(times.patience + draw.next() ** 3 * times.late);
          return fail(times.patience, 'no reply came in time');
        case 'echo':
          arrive(there, reply);
          return arrive(times.patience + draw.next() * times.late);
        case 'twice':
          arrive(there);
          return arrive(there + delay(), reply);
        case 'slow':
          return arrive(draw.next() * times.slow, reply);
        case 'refused':
          return answer(there + back, () => reject(refusal(method, key, fault.status ?? 503)));
        case 'appliedButRefused':
          return arrive(there, () => answer(back, () => reject(refusal(method, key, fault.status ?? 500))));
        case 'forbidden':
          return answer(there + back, () => reject(forbidden(method, key)));
        case 'flipped':
        case 'truncated':
        case 'oldList':
        case undefined:
          return arrive(there, reply);
      }
    });
  }
}

/** What a reply that came is like after its journey. */
function spoil<T>(result: T, fault: Fault | undefined): T {
  if (fault?.kind === 'flipped' || fault?.kind === 'truncated')
    return (result === undefined ? undefined : { ...result, spoiled: fault }) as T;
  return result;
}

function headOf({ bytes, token, modifiedMs }: Body): ObjectHead {
  return { token, sizeBytes: bytes.byteLength, modifiedMs };
}

function unavailable(method: Method, key: string, why: string): NacreError {
  return new NacreError('Unavailable', `${method} ${key}: ${why}`, { context: { key } });
}

function refusal(method: Method, key: string, status: number): NacreError {
  return new NacreError('Unavailable', `${method} ${key}: the store answered ${status}`, {
    context: { key, status },
  });
}

function forbidden(method: Method, key: string): NacreError {
  return new NacreError('PermissionDenied', `${method} ${key}: the store answered 403`, {
    context: { key, status: 403 },
  });
}
