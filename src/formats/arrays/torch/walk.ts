// The tensors of what a file holds, with the names that their places give them: `layers.0.weight`.
//
// Structure that contains itself has no end of names and is refused; one that is in two places has two names.
// What makes exponentially many of these from few bytes meets the bound of visits.
import { malformed, unsupported } from '../../../npy/problem.js';
import { quoted } from '../../../util/text.js';
import type { PickleItems, PickleValue, Tensor } from './values.js';

export interface NamedTensor {
  /** Undefined for a file that is one tensor. */
  readonly name: string | undefined;
  readonly tensor: Tensor;
}

const maxDepth = 64;
const maxVisits = 8 * 2 ** 20;
export const maxTensors = 2 ** 17;
export const maxNameChars = 1024;

const saveFlat = 'Save a flat dict of tensors: torch.save(model.state_dict(), FILE).';

class Walk {
  readonly found: NamedTensor[] = [];
  readonly #source: string;
  readonly #names = new Set<string | undefined>();
  readonly #open = new Set<PickleValue>();
  readonly #path: string[] = [];
  #pathChars = 0;
  #visits = 0;

  constructor(source: string) {
    this.#source = source;
  }

  visit(value: PickleValue): void {
    this.#spend(1);
    if (typeof value !== 'object' || value === null) return;
    if (value.kind === 'tensor') this.#add(value);
    else if (value.kind === 'refused')
      throw unsupported(this.#source, `${this.#where()} is ${value.what}`, value.hint);
    else if (value.kind === 'dict') this.#inside(value, () => this.#dict(value.pairs));
    else if (value.kind === 'list' || value.kind === 'tuple') this.#inside(value, () => this.#items(value));
    else if (value.kind === 'set') this.#set(value);
  }

  #spend(values: number): void {
    this.#visits += values;
    if (this.#visits > maxVisits)
      throw unsupported(this.#source, `it has more than ${maxVisits} values in their places`, saveFlat);
  }

  #inside(value: PickleValue, walk: () => void): void {
    if (this.#open.has(value))
      throw malformed(this.#source, `${this.#where()} contains itself`, { hint: saveFlat });
    if (this.#open.size >= maxDepth)
      throw unsupported(this.#source, `it is nested deeper than ${maxDepth} levels`, saveFlat);
    this.#open.add(value);
    walk();
    this.#open.delete(value);
  }

  #at(key: string, value: PickleValue): void {
    this.#path.push(key);
    this.#pathChars += key.length + 1;
    this.visit(value);
    this.#pathChars -= key.length + 1;
    this.#path.pop();
  }

  #items({ items }: PickleItems): void {
    for (const [i, item] of items.entries()) this.#at(String(i), item);
  }

  #dict(pairs: readonly PickleValue[]): void {
    // Pairs of one key over and over have one value to visit.
    this.#spend(pairs.length / 2);
    const last = new Map<unknown, { readonly key: PickleValue; readonly value: PickleValue }>();
    for (let i = 0; i < pairs.length; i += 2) {
      const [key = null, value = null] = pairs.slice(i, i + 2);
      // Python: True == 1.
      last.set(typeof key === 'boolean' ? Number(key) : key, { key, value });
    }
    for (const { key, value } of last.values()) {
      const isName = key !== null && typeof key !== 'object';
      const before = this.found.length;
      this.#at(isName ? String(key) : '?', value);
      if (!isName && this.found.length > before)
        throw unsupported(
          this.#source,
          `${this.#where()} has a tensor under a key that makes no name`,
          saveFlat,
        );
    }
  }

  #set({ items }: PickleItems): void {
    this.#spend(items.length);
    const tensor = items.some((item) => typeof item === 'object' && item !== null && item.kind === 'tensor');
    if (tensor)
      throw unsupported(this.#source, `${this.#where()} is a set of tensors, which have no order`, saveFlat);
  }

  #add(tensor: Tensor): void {
    if (this.#pathChars - 1 > maxNameChars)
      throw unsupported(
        this.#source,
        `${this.#where()} has a name of ${this.#pathChars - 1} characters, at most ${maxNameChars} are read`,
        saveFlat,
      );
    const name = this.#path.length === 0 ? undefined : this.#path.join('.');
    if (this.#names.has(name))
      throw malformed(this.#source, `two tensors have the name ${this.#where()}`, {
        hint: 'Rename one of them before saving: keys are joined by dots.',
      });
    if (this.found.length >= maxTensors)
      throw unsupported(
        this.#source,
        `it has more than ${maxTensors} tensors`,
        'Save them into several files.',
      );
    this.#names.add(name);
    this.found.push({ name, tensor });
  }

  #where(): string {
    // A key may be as long as the pickle, and be there at each level.
    const start = this.#path.map((key) => key.slice(0, 80)).join('.');
    return this.#path.length === 0 ? 'what it holds' : quoted(start, 80);
  }
}

/** Errors: `InvalidArgument` and `UnsupportedFormat`, with the name of the tensor. */
export function tensorsOf(value: PickleValue, source: string): NamedTensor[] {
  const walk = new Walk(source);
  walk.visit(value);
  if (walk.found.length > 0) return walk.found;
  throw malformed(source, 'there is no tensor in it', {
    hint: 'Save a tensor or a dict of tensors: torch.save({"vectors": tensor}, FILE).',
  });
}
