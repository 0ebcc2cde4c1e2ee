// The rows that clients write, as they read them: pairs of a number and its negative.
import { isNacreError } from '../../src/errors.js';

/** The array whose sum never changes. */
export const bank = { name: 'bank', accounts: 6, balance: 1_000 };

export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNacreError(error, 'NotFound')) return undefined;
    throw error;
  }
}

/** The first number of each row; the second must be its negative, or the row was torn. */
export function valuesOf(rows: { readonly data: ArrayLike<unknown> } | undefined): {
  rows: number[] | undefined;
} {
  if (rows === undefined) return { rows: undefined };
  const { data } = rows;
  return {
    rows: Array.from({ length: data.length / 2 }, (_, i) =>
      Number(data[2 * i]) === -Number(data[2 * i + 1]) ? Number(data[2 * i]) : Number.NaN,
    ),
  };
}
