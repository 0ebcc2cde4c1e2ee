// Every key of a dataset is built and recognised here, and nowhere else.
//
// All keys are relative to the dataset's prefix and use [a-z0-9._-/]; ids are 16 random bytes in lower-case
// hexadecimal. Names that users give never become keys.
import { NacreError } from '../errors.js';
import { fromHex, toHex } from '../util/bytes.js';

/** The hint: where the head was. The only key that is ever overwritten by a commit. */
export const hintKey = 'latest';

/**
 * What is read of a frame at once, which most of them fit in: what is longer than any frame of its kind is
 * never held.
 */
export const firstRead = { start: 0, end: 131_072 } as const;

/** What the hint says while a history is being restored here, for when the hint is lost. */
export const restoringKey = 'restoring';

/** What the hint of a replica says, for when the hint is lost. */
export const replicaMarkKey = 'replica';

/** Listing it gives the newest root first, because versions are counted down. */
export const rootPrefix = 'versions/';

const countdown = 10n ** 20n - 1n;

export function rootKey(version: number): string {
  return `${rootPrefix}${String(countdown - BigInt(version)).padStart(20, '0')}.root`;
}

/** The version whose root has this key, or undefined when it is no root's key. */
export function versionOfRootKey(key: string): number | undefined {
  const digits = /^versions\/(\d{20})\.root$/.exec(key)?.[1];
  if (digits === undefined) return undefined;
  const version = countdown - BigInt(digits);
  return version >= 1n && version <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(version) : undefined;
}

export interface KeyPattern {
  readonly prefix: string;
  readonly suffix: string;
  /** The prefix is all of the key of one linked object, whose id is no part of it. Default false. */
  readonly whole?: boolean;
}

export const segmentPattern: KeyPattern = { prefix: 'segments/', suffix: '' };

export function partitionPattern(arrayId: Uint8Array): KeyPattern {
  return { prefix: `arrays/${toHex(arrayId)}/`, suffix: '.npy' };
}

/** Arrow files of attributes. */
export function columnPattern(arrayId: Uint8Array): KeyPattern {
  return { prefix: `arrays/${toHex(arrayId)}/`, suffix: '.arrow' };
}

export function indexPattern(arrayId: Uint8Array): KeyPattern {
  return { prefix: `indexes/${toHex(arrayId)}/`, suffix: '' };
}

/**
 * Where the objects are that versions refer to: what is copied with a dataset, and what clean-up looks at.
 */
export const dataPrefixes = ['arrays/', 'segments/', 'indexes/', 'parity/'] as const;

const dataKey =
  /^(arrays\/[0-9a-f]{32}\/|indexes\/[0-9a-f]{32}\/|segments\/|parity\/)([0-9a-f]{32})(|\.npy|\.arrow)$/;

/**
 * The parts of a key as this release makes them, or undefined: what nobody here wrote is nobody's to
 * delete.
 */
export function parseDataKey(key: string): { pattern: KeyPattern; id: Uint8Array } | undefined {
  const [, prefix = '', digits = '', suffix = ''] = dataKey.exec(key) ?? [];
  const id = fromHex(digits);
  if (id === undefined || prefix === '' || prefix.startsWith('arrays/') !== (suffix !== '')) return undefined;
  return { pattern: { prefix, suffix }, id };
}

export const parityPrefix = 'parity/';
export const parityPattern: KeyPattern = { prefix: parityPrefix, suffix: '' };

export const leasePrefix = 'leases/';
export const planPrefix = 'gc/';
export const replicaPrefix = 'replicas/';

/** Where bad bytes are kept that a repair replaces. */
export function quarantineKey(id: Uint8Array): string {
  return `quarantine/${toHex(id)}`;
}

export const healedPrefix = 'healed/';

/** Where the right bytes of an object are that its own key may not take; `hash` is its BLAKE3. */
export function healedKey(hash: Uint8Array): string {
  return `${healedPrefix}${toHex(hash)}`;
}

/** The hash of such a key, hexadecimal; undefined when it is none. */
export function hashOfHealedKey(key: string): string | undefined {
  return /^healed\/([0-9a-f]{64})$/.exec(key)?.[1];
}

/** In a backup: points, those that are under way, and what is not under its own key. */
export const pointPrefix = 'points/';
export const draftPrefix = 'drafts/';
export const movedPattern: KeyPattern = { prefix: 'moved/', suffix: '' };

/** `points/20260102t030405z-<id>`: points sort by the time at which they were begun. */
export function pointKey(madeMs: number, id: Uint8Array): string {
  return `${pointTimeKey(madeMs)}-${toHex(id)}`;
}

/** Sorts before every point of that second and later. */
export function pointTimeKey(ms: number): string {
  const time = new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '').toLowerCase();
  return `${pointPrefix}${time}z`;
}

/** The id of a point's key; undefined when it is none. */
export function idOfPointKey(key: string): string | undefined {
  return /^points\/\d{8}t\d{6}z-([0-9a-f]{32})$/.exec(key)?.[1];
}

export function draftKey(id: string, renewal: number): string {
  return `${draftPrefix}${id}${renewal === 0 ? '' : `.${renewal}`}`;
}

/** The id of a draft's key, whichever of its renewals it is; undefined when it is none. */
export function idOfDraftKey(key: string): string | undefined {
  return /^drafts\/([0-9a-f]{32})(?:\.\d{1,6})?$/.exec(key)?.[1];
}

export function leaseKey(id: Uint8Array): string {
  return `${leasePrefix}${toHex(id)}`;
}

export function planKey(id: Uint8Array): string {
  return `${planPrefix}${toHex(id)}`;
}

export function replicaKey(id: Uint8Array): string {
  return `${replicaPrefix}${toHex(id)}`;
}

/** Whether the key is a prefix and an id: what else is below it is somebody's scratch. */
export function isIdBelow(prefix: string, key: string): boolean {
  return key.startsWith(prefix) && /^[0-9a-f]{32}$/.test(key.slice(prefix.length));
}

export function objectKey(pattern: KeyPattern, id: Uint8Array): string {
  return pattern.whole === true ? pattern.prefix : `${pattern.prefix}${toHex(id)}${pattern.suffix}`;
}

const folder =
  /^(arrays|segments|indexes|parity|quarantine|healed|leases|gc|replicas|moved)(\/[a-z0-9._-]+)*\/$/;

/** Patterns that were checked: each stands for many objects. */
const checked = new WeakSet<KeyPattern>();

/** Patterns come from a bucket; one that could leave the prefix or name a root is refused. */
export function checkPattern(pattern: KeyPattern, what: string): void {
  if (checked.has(pattern)) return;
  const safe = pattern.whole === true ? isWhole(pattern) : isFolder(pattern);
  if (!safe) {
    throw new NacreError('Corrupt', `${what} names objects where no object of a dataset may be`, {
      context: { prefix: pattern.prefix.slice(0, 200), suffix: pattern.suffix.slice(0, 40) },
    });
  }
  checked.add(pattern);
}

function isFolder({ prefix, suffix }: KeyPattern): boolean {
  return (
    folder.test(prefix) &&
    prefix.length <= mostKeyBytes &&
    !prefix.split('/').some((part) => part === '.' || part === '..') &&
    /^(\.[a-z0-9]{1,16})?$/.test(suffix)
  );
}

function isWhole({ prefix, suffix }: KeyPattern): boolean {
  return suffix === '' && isLinkedKey(prefix);
}

/** Leaves room for the prefix of the dataset in a bucket, whose keys have 1,024 bytes at most. */
const mostKeyBytes = 900;

/** Where a dataset, a backup or a store keeps things of its own: folders and lone objects. */
const ownNames: ReadonlySet<string> = new Set([
  ...['arrays', 'segments', 'indexes', 'parity', 'quarantine', 'healed', 'leases', 'gc', 'replicas'],
  ...['versions', 'points', 'drafts', 'moved', 'branches', '.tmp', '.lock'],
  ...[hintKey, restoringKey, replicaMarkKey],
]);

/** Why an object under this key cannot be linked; undefined where it can. */
export function linkFlaw(key: string): string | undefined {
  const odd = /[^a-z0-9._\-/]/u.exec(key)?.[0];
  if (key === '') return 'it is empty';
  if (odd !== undefined) return `it holds ${JSON.stringify(odd)}, allowed are a-z 0-9 . _ - and /`;
  if (key.length > mostKeyBytes) return `it has ${key.length} bytes, ${mostKeyBytes} are allowed`;
  const parts = key.split('/');
  if (parts.includes('')) return 'it begins or ends with a / or holds //';
  if (parts.includes('.') || parts.includes('..')) return 'it has a part that is . or ..';
  const [first = ''] = parts;
  return ownNames.has(first) ? `${first} is a name of the dataset's own` : undefined;
}

/** Whether a key that a manifest names is of a linked object: none that a dataset makes for itself is. */
export function isLinkedKey(key: string): boolean {
  return linkFlaw(key) === undefined;
}

/** The pattern of one linked object. */
export function linkedPattern(key: string): KeyPattern {
  return { prefix: key, suffix: '', whole: true };
}
