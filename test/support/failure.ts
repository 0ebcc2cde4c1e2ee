import { isNacreError, NacreError } from '../../src/errors.js';

/**
 * The typed error that a call must fail with; listens from the start, so that it may fail before it is
 * awaited.
 */
export async function failure(call: Promise<unknown>): Promise<NacreError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (isNacreError(error)) return error;
  throw new Error('the call did not fail with a NacreError', { cause: error });
}
