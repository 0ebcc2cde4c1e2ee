// How people name points: `20260102t030405z-<id>`, or any beginning of it or of the id that only one has.
import { NacreError } from '../../errors.js';
import { pointPrefix } from '../../manifest/keys.js';
import type { StoredPoint } from '../../manifest/points.js';
import { utf8 } from '../../util/bytes.js';
import { quoted } from '../../util/text.js';

const mostLabelBytes = 200;

export function nameOfPoint(key: string): string {
  return key.slice(pointPrefix.length);
}

/** The one point of a name. Errors: `NotFound`, `InvalidArgument` where several have it. */
export function pointOfName(points: readonly StoredPoint[], name: string, uri: string): StoredPoint {
  const found = points.filter(
    ({ key, id }) => name !== '' && (nameOfPoint(key).startsWith(name) || id.startsWith(name)),
  );
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (first === undefined)
    throw new NacreError('NotFound', `${uri} has no point ${quoted(name, 80)}`, {
      context: { uri, point: name.slice(0, 80) },
      hint: '`nacre backup list` shows the points.',
    });
  throw new NacreError('InvalidArgument', `${quoted(name, 80)} stands for ${found.length} points`, {
    context: { uri, points: found.slice(0, 10).map(({ key }) => nameOfPoint(key)) },
    hint: 'Give more of its name.',
  });
}

export function checkLabel(label: string): void {
  const isRight = utf8.encode(label).byteLength <= mostLabelBytes && !/\p{Cc}/u.test(label);
  if (isRight) return;
  throw new NacreError('InvalidArgument', `${quoted(label, 80)} is no label`, {
    hint: `A label is one line of at most ${mostLabelBytes} bytes.`,
  });
}

/** Errors: `NotFound` where there is none. */
export function chooseNewest(points: readonly StoredPoint[], uri: string): StoredPoint {
  const newest = points.at(-1);
  if (newest !== undefined) return newest;
  throw new NacreError('NotFound', `there is no backup at ${uri}`, {
    context: { uri },
    hint: 'Check the address, or make one with `nacre backup create`.',
  });
}

/** The newest point whose version had been committed by then. Errors: `NotFound` where there is none. */
export function chooseAt(points: readonly StoredPoint[], timeMs: number, uri: string): StoredPoint {
  const oldest = chooseNewest(points.slice(0, 1), uri);
  const found = points.findLast(({ point }) => point.rootTimeMs <= timeMs);
  if (found !== undefined) return found;
  const first = new Date(oldest.point.rootTimeMs).toISOString();
  throw new NacreError('NotFound', `${uri} has no point of a version that is as old`, {
    context: { uri, oldest: first },
    hint: `The version of its oldest point was committed at ${first}.`,
  });
}
