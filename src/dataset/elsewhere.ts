// Objects that the own store has wrong, or not at all, asked of replicas: once a read of them has failed
// twice, and nothing before that. The root stays the one that is known, so every byte of an answer is
// compared with what that says, wherever it comes from; and one answer may come from several places.
//
// A read is run again so (`head-source.ts`). What cannot be, a stream that gave rows already and what a
// transaction reads, is run so from the beginning.
import { NacreError } from '../errors.js';
import { versionOfRootKey } from '../manifest/keys.js';
import { forwarding } from '../storage/wrap/forwarding.js';
import type { Healing, HealingSource } from '../storage/wrap/healing.js';
import { connect, type Connected } from './connect.js';
import type { ConnectOptions, Environment } from './environment.js';

/** Keys of which a warning was given; a scan over a lost disk would warn without end. */
const mostWarned = 1_000;

export class Elsewhere {
  readonly #home: Environment;
  readonly #uris: readonly string[];
  readonly #options: ConnectOptions;
  readonly #opened = new Map<string, Promise<Connected>>();
  readonly #warned = new Set<string>();
  #environment: Environment | undefined;

  /** `options`: those that the dataset was opened with. */
  constructor(home: Environment, uris: readonly string[], options: ConnectOptions) {
    this.#home = home;
    this.#uris = uris;
    this.#options = options;
  }

  /**
   * The own place, whose checked reads ask replicas, too; not for roots: what stands in a slot is for the own
   * store to say.
   */
  get environment(): Environment {
    this.#environment ??= this.#asking();
    return this.#environment;
  }

  #asking(): Environment {
    const home = this.#home;
    const own = home.store.healing;
    const healing: Healing = {
      sourcesOf: (object) => {
        const others = versionOfRootKey(object.key) === undefined ? this.#uris : [];
        const sources = others.map((uri) => this.#source(uri, object.key));
        return [...(own?.sourcesOf(object) ?? []), ...sources];
      },
      onDamage: (damage) => {
        const { key, kind, healedBy = '' } = damage;
        if (!this.#uris.includes(healedBy)) return own?.onDamage?.(damage);
        home.meter.answeredElsewhere();
        const what = kind === 'missing' ? 'is missing' : 'is damaged';
        const context = { key, damage: kind };
        return this.#warn(
          healedBy,
          new NacreError('Corrupt', `${home.store.uri}/${key} ${what}`, { context }),
        );
      },
    };
    const store = forwarding(home.store, { healing });
    return { ...home, store, pages: home.pagesOf(store), sharesWith: home };
  }

  #source(uri: string, key: string): HealingSource {
    return {
      name: uri,
      read: async (range, options) => {
        const { environment } = await this.#open(uri);
        return (await environment.store.get(key, { ...options, range }))?.bytes;
      },
    };
  }

  #open(uri: string): Promise<Connected> {
    const known = this.#opened.get(uri);
    if (known !== undefined) return known;
    // A signal of the caller that came first is not that of all others.
    const { signal: _, ...options } = this.#options;
    const opening = connect(uri, options).catch((error: unknown) => {
      this.#opened.delete(uri);
      throw error;
    });
    this.#opened.set(uri, opening);
    return opening;
  }

  #warn(uri: string, cause: NacreError): void {
    const key = String(cause.context['key'] ?? '');
    if (this.#warned.has(key) || this.#warned.size >= mostWarned) return;
    this.#warned.add(key);
    const message = `${cause.message}; a read was answered from ${uri}`;
    this.#options.onWarning?.(
      new NacreError('Corrupt', message, {
        cause,
        context: { ...cause.context, replica: uri },
        hint: 'Run `nacre repair`: it puts the same bytes back.',
      }),
    );
  }

  async close(): Promise<void> {
    for (const opening of this.#opened.values()) {
      const opened = await opening.catch(() => undefined);
      await opened?.close();
    }
    this.#opened.clear();
  }
}
