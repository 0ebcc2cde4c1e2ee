// What a history has, drawn for each seed: a history that leaves things out is cheaper, and comes to places
// where one that has all of them never is (Groce et al., "Swarm testing", ISSTA 2012). Each is in a good part
// of the seeds, and each two of them meet in some, but for a replica and a backup.
import { Draw } from '../support/row-model.js';

export interface Features {
  /** Listings of the bucket come in order; folders' do not. */
  readonly sortedList: boolean;
  /** Who compacts, covers, lets versions go and cleans up. */
  readonly maintainer: boolean;
  /** Who tags, restores and holds versions. */
  readonly curator: boolean;
  /** Who scrubs and repairs. */
  readonly mender: boolean;
  /** Objects are hurt where they lie; then all is mended at the end. */
  readonly damage: boolean;
  /** The bank has parity from the beginning on. */
  readonly parity: boolean;
  /** Who replicates the dataset, or who backs it up and who forgets points. */
  readonly replica: boolean;
  readonly backup: boolean;
  /** Who restores a version into another place. */
  readonly restorer: boolean;
  /** At the end: a scrub that has to find all damage. */
  readonly looks: boolean;
  /** At the end: every array of every version that is kept is read; else those of some. */
  readonly readsAll: boolean;
  /** At the end: as much is lost as parity can bring back. */
  readonly loses: boolean;
  /** Writers and readers take their time: all through their work somebody cleans up. */
  readonly slow: boolean;
  /** Calls of all writers together; readers make up for what there is less of. */
  readonly writes: number;
}

export type Feature = Exclude<keyof Features, 'writes' | 'sortedList'>;

const counted: readonly Feature[] = [
  ...(['maintainer', 'curator', 'mender', 'damage', 'parity', 'replica', 'backup', 'restorer'] as const),
  ...(['looks', 'readsAll', 'loses', 'slow'] as const),
];

export function drawFeatures(draw: Draw): Features {
  const copies = draw.next();
  const damage = draw.chance(0.55);
  const parity = draw.chance(0.5);
  return {
    sortedList: draw.chance(0.7),
    maintainer: draw.chance(0.7),
    curator: draw.chance(0.6),
    mender: draw.chance(damage ? 0.65 : 0.2),
    ...{ damage, parity, replica: copies < 0.3, backup: copies >= 0.65 },
    restorer: draw.chance(0.3),
    looks: damage && draw.chance(0.35),
    readsAll: draw.chance(0.3),
    loses: parity && draw.chance(0.45),
    slow: draw.chance(0.4),
    writes: 50 + draw.below(50),
  };
}

/** Names of those that a history has. */
export function namesOf(features: Features): Feature[] {
  return counted.filter((name) => features[name]);
}

/** Whether the history of a seed has all of these. */
export function hasAll(seed: number, names: readonly string[]): boolean {
  const has: readonly string[] = namesOf(drawFeatures(new Draw(seed)));
  return names.every((name) => has.includes(name));
}

/** How many histories had each, and each two of them that can meet, as `a` and `a + b`. */
export class FeatureTable {
  readonly cells = new Map<string, number>();

  constructor() {
    for (const [i, a] of counted.entries()) {
      this.cells.set(a, 0);
      for (const b of counted.slice(i + 1))
        if (`${a} ${b}` !== 'replica backup') this.cells.set(`${a} + ${b}`, 0);
    }
  }

  count(features: Features): void {
    const names = namesOf(features);
    for (const [i, a] of names.entries()) {
      this.#add(a);
      for (const b of names.slice(i + 1)) this.#add(`${a} + ${b}`);
    }
  }

  #add(cell: string): void {
    this.cells.set(cell, (this.cells.get(cell) ?? 0) + 1);
  }
}
