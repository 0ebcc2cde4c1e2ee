// Instants as columns have them.

/** Microseconds since 1970; undefined for what is no date, and for an invalid one. */
export function microsOf(value: unknown): bigint | undefined {
  if (!(value instanceof Date)) return undefined;
  const millis = value.getTime();
  return Number.isNaN(millis) ? undefined : BigInt(millis) * 1000n;
}
