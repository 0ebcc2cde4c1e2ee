// Memory for whole objects on their way, one after another. The system clears fresh memory page by page when
// it is first written to, which costs about as much as receiving and digesting what comes there.
//
// A request that was given up may still send from a room that serves the next object: the checksum that goes
// with each PUT refuses what comes of that.
import type { NativeBinding } from '../native.js';
import { allocate } from '../native/memory.js';

/** Lengths are rounded up to this, so that objects of nearly one length share their rooms. */
const unitBytes = 2 ** 20;

export class Rooms {
  /** Shortest first. */
  readonly #free: Uint8Array[] = [];
  readonly #most: number;
  readonly #native: NativeBinding;

  /** `most`: rooms that nobody uses are kept up to so many. */
  constructor(most: number, native: NativeBinding) {
    this.#most = most;
    this.#native = native;
  }

  /** At least so many bytes, of any content. */
  take(bytes: number): Uint8Array {
    const fits = this.#free.findIndex((room) => room.byteLength >= bytes);
    if (fits >= 0) return this.#free.splice(fits, 1)[0] as Uint8Array;
    // One that is longer takes the place of the shortest.
    this.#free.shift();
    return allocate(Math.ceil(bytes / unitBytes) * unitBytes, 'an object on its way', this.#native);
  }

  /** Nobody reads or writes there any more. */
  giveBack(room: Uint8Array): void {
    const place = this.#free.findIndex((free) => free.byteLength >= room.byteLength);
    this.#free.splice(place < 0 ? this.#free.length : place, 0, room);
    if (this.#free.length > this.#most) this.#free.shift();
  }
}
