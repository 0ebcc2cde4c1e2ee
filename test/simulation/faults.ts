// What can happen to a request, and how often. Only what networks, servers and disks really do: a request is
// lost on its way or its reply is, it arrives twice or minutes late, the server refuses it before or after it
// took effect, a body comes spoiled, a listing is old.
import type { Draw } from '../support/row-model.js';

/** Several ranges of an object come as so many calls of `get`. */
export type Method = 'get' | 'put' | 'head' | 'list' | 'delete';

export type FaultKind =
  | 'lostRequest'
  | 'lostReply'
  | 'late'
  | 'echo'
  | 'twice'
  | 'slow'
  | 'refused'
  | 'appliedButRefused'
  | 'forbidden'
  | 'flipped'
  | 'truncated'
  | 'oldList';

export interface Fault {
  readonly kind: FaultKind;
  /** HTTP status of a refusal. */
  readonly status?: number;
}

/** What kind of object a key is of; roots and the hint matter most, so they have their own weather. */
export type Subject = 'root' | 'hint' | 'data';

export function subjectOf(key: string): Subject {
  if (key.startsWith('versions/')) return 'root';
  return key === 'latest' ? 'hint' : 'data';
}

/** What suits a call: the cells of the table of operations and faults. */
export const suited: Readonly<Record<Method, readonly FaultKind[]>> = {
  get: ['lostRequest', 'lostReply', 'slow', 'refused', 'forbidden', 'flipped', 'truncated'],
  head: ['lostRequest', 'lostReply', 'slow', 'refused', 'forbidden'],
  list: ['lostRequest', 'lostReply', 'slow', 'refused', 'forbidden', 'oldList'],
  put: [
    ...(['lostRequest', 'lostReply', 'late', 'echo', 'twice', 'slow'] as const),
    ...(['refused', 'appliedButRefused', 'forbidden'] as const),
  ],
  delete: [
    ...(['lostRequest', 'lostReply', 'late', 'echo', 'twice', 'slow'] as const),
    ...(['refused', 'appliedButRefused', 'forbidden'] as const),
  ],
};

/** Of these a body comes spoiled. */
export const spoiling: readonly FaultKind[] = ['flipped', 'truncated'];

const statuses: Readonly<Partial<Record<FaultKind, readonly number[]>>> = {
  refused: [409, 429, 500, 503],
  appliedButRefused: [409, 500, 503],
};

/** `storm`: no root gets through, until it passes. `locked`: so are the credentials. */
export type Weather = 'calm' | 'rough' | 'storm' | 'locked';

const chances: Readonly<Record<Weather, Readonly<Record<Subject, number>>>> = {
  calm: { root: 0, hint: 0, data: 0 },
  rough: { root: 0.22, hint: 0.12, data: 0.06 },
  storm: { root: 0.97, hint: 0.3, data: 0.06 },
  locked: { root: 0.9, hint: 0.9, data: 0.9 },
};

/** Rare, since a call that is refused for its rights is not tried again. */
const forbiddenShare = 0.05;

export function drawFault(draw: Draw, weather: Weather, method: Method, key: string): Fault | undefined {
  const chance = chances[weather][subjectOf(key)];
  // There are few deletes.
  if (!draw.chance(method === 'delete' ? 4 * chance : chance)) return undefined;
  const kinds = suited[method].filter((kind) => kind !== 'forbidden');
  const kind = weather === 'locked' || draw.chance(forbiddenShare) ? 'forbidden' : draw.of(kinds);
  const status = statuses[kind];
  return status === undefined ? { kind } : { kind, status: draw.of(status) };
}
