import { NacreError } from '../errors.js';

/** Fails on a mistake of ours. A user's input and remote bytes raise typed errors of their own instead. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new NacreError('Internal', `internal check failed: ${what}`);
}

/** The value, or an `Internal` error that names what was expected to be there. */
export function defined<T>(value: T | undefined | null, what: string): T {
  assert(value !== undefined && value !== null, `${what} is defined`);
  return value;
}
