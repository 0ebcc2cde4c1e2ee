// Settings of a bucket that could break a dataset in it, as `nacre doctor` reads them.

export interface BucketSettings {
  /** Undefined where the credentials or the server do not let it be read. */
  readonly versioning: boolean | undefined;
  /** The default retention of new objects, such as `COMPLIANCE 30 days`; '' for none. */
  readonly lock: string | undefined;
  /** What rules do to the prefix, one sentence each. */
  readonly dangers: readonly string[] | undefined;
}

/** Whether a rule for keys that begin with `ruled` meets keys of a dataset below `prefix`. */
export function ruleMeets(ruled: string, prefix: string): boolean {
  const root = prefix === '' ? '' : `${prefix}/`;
  return root.startsWith(ruled) || ruled.startsWith(root);
}
