// What is said of an array that is not there.
import { NacreError } from '../errors.js';
import { nearestName } from '../manifest/names.js';

export function arrayNotFound(name: string, known: readonly string[]): NacreError {
  const near = nearestName(name, known);
  return new NacreError('NotFound', `there is no array '${name}'`, {
    context: { array: name },
    hint:
      near === undefined
        ? known.length === 0
          ? 'The dataset has no arrays yet.'
          : `The arrays are ${known.slice(0, 10).join(', ')}${known.length > 10 ? ', …' : ''}.`
        : `Did you mean '${near}'?`,
  });
}
