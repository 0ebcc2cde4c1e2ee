// A set of 16-byte ids in 32 to 64 bytes each, where strings in a `Set` take three times as much: clean-up
// holds every id of a dataset. Ids are random, so their first bytes say where they stand; the search goes
// on from there to the next free place.

/** Bytes of an id. */
export const idBytes = 16;

const words = idBytes / 4;
const leastPlaces = 1_024;

export class IdSet {
  #places = new Uint32Array(leastPlaces * words);
  #used = 0;
  /** The one id that looks like a free place. */
  #hasZero = false;
  readonly #id = new Uint32Array(words);
  readonly #idBytes = new Uint8Array(this.#id.buffer);

  get size(): number {
    return this.#used + (this.#hasZero ? 1 : 0);
  }

  /** Of the 16 bytes at `offset`. */
  has(bytes: Uint8Array, offset = 0): boolean {
    this.#load(bytes, offset);
    return this.#isZero() ? this.#hasZero : this.#find(this.#places);
  }

  add(bytes: Uint8Array, offset = 0): void {
    this.#load(bytes, offset);
    if (this.#isZero()) {
      this.#hasZero = true;
      return;
    }
    if (this.#find(this.#places)) return;
    if (2 * (this.#used + 1) * words > this.#places.length) this.#grow();
    this.#put(this.#places);
    this.#used++;
  }

  #load(bytes: Uint8Array, offset: number): void {
    for (let i = 0; i < idBytes; i++) this.#idBytes[i] = bytes[offset + i] ?? 0;
  }

  #isZero(): boolean {
    return this.#id.every((word) => word === 0);
  }

  #find(places: Uint32Array): boolean {
    return isThere(places, this.#placeOf(places), this.#id);
  }

  /** Where the id is, or where it would be put. */
  #placeOf(places: Uint32Array): number {
    const mask = places.length / words - 1;
    for (let place = (this.#id[0] ?? 0) & mask; ; place = (place + 1) & mask) {
      if (isFree(places, place) || isThere(places, place, this.#id)) return place;
    }
  }

  #put(places: Uint32Array): void {
    places.set(this.#id, this.#placeOf(places) * words);
  }

  #grow(): void {
    const id = this.#id.slice();
    const larger = new Uint32Array(2 * this.#places.length);
    for (let at = 0; at < this.#places.length; at += words) {
      this.#id.set(this.#places.subarray(at, at + words));
      if (!this.#isZero()) this.#put(larger);
    }
    this.#places = larger;
    this.#id.set(id);
  }
}

function isFree(places: Uint32Array, place: number): boolean {
  const at = place * words;
  return ((places[at] ?? 0) | (places[at + 1] ?? 0) | (places[at + 2] ?? 0) | (places[at + 3] ?? 0)) === 0;
}

function isThere(places: Uint32Array, place: number, id: Uint32Array): boolean {
  const at = place * words;
  for (let i = 0; i < words; i++) if (places[at + i] !== id[i]) return false;
  return true;
}
