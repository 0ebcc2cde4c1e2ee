// Settings of a bucket that could break a dataset in it, as `nacre doctor` reads them.

/** Something that a setting does, or would do, to a dataset. */
export interface Danger {
  /** `loss`: data goes, or cannot be read or written. `limit`: something works less well. */
  readonly kind: 'loss' | 'limit';
  /** What is so, one sentence without a stop. */
  readonly text: string;
  /** What to change. */
  readonly change: string;
}

/** Each is undefined where the credentials or the server do not let it be read. */
export interface BucketSettings {
  readonly versioning: boolean | undefined;
  /** The default retention of new objects, such as `COMPLIANCE 30 days`; '' for none. */
  readonly lock: string | undefined;
  /** Whether some rule removes noncurrent versions of the dataset's objects. */
  readonly noncurrentGo: boolean | undefined;
  /** Of rules that remove or move objects. */
  readonly lifecycle: readonly Danger[] | undefined;
  /** Of statements that deny. */
  readonly policy: readonly Danger[] | undefined;
  /** Of the classes that objects are in, or get. */
  readonly classes: readonly Danger[] | undefined;
  /** They are those of the first so many objects alone; undefined where none was left out. */
  readonly classesOf?: number | undefined;
  /** Places that the server itself copies the dataset to; empty for none. */
  readonly replicatedTo: readonly string[] | undefined;
}

/** Whether a rule for keys that begin with `ruled` meets keys of a dataset below `prefix`. */
export function ruleMeets(ruled: string, prefix: string): boolean {
  const root = prefix === '' ? '' : `${prefix}/`;
  return root.startsWith(ruled) || ruled.startsWith(root);
}

/** What to do about a rule that removes objects by age. */
export const letExpireDoIt =
  'Take the dataset out of it (another prefix in its filter): old versions go by `nacre expire` and `nacre gc`.';
