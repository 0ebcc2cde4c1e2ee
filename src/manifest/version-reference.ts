// Which version is meant: by its number, by a tag, by an instant. As values, and as the text that people
// write. Pure; which root that is, src/manifest/locate.ts finds.
import { NacreError } from '../errors.js';
import { quoted } from '../util/text.js';
import { parseTimestamp } from '../util/timestamp.js';
import { checkName } from './names.js';

/** Which version to look at. */
export type VersionReference =
  /** A version's number; negative ones count back from the newest, -1 being the one before it. */
  | { readonly version: number }
  /** The version that a tag stands for. */
  | { readonly tag: string }
  /**
   * The version that was the newest at an instant, by the store's clock: a Date, milliseconds since 1970, or
   * ISO 8601 with its zone; a date alone is its first instant in UTC.
   */
  | { readonly time: Date | number | string }
  /** The version that was the newest so many milliseconds ago, by the store's clock. */
  | { readonly ageMs: number };

/** Milliseconds since 1970. `InvalidArgument` for what is no instant. */
export function instantOf(time: Date | number | string): number {
  if (typeof time === 'string') {
    const instant = dayForm.test(time) ? `${time}T00:00:00Z` : time;
    return Number(parseTimestamp(instant) / 1_000n);
  }
  const ms = Number(time);
  if (Number.isFinite(ms)) return ms;
  throw new NacreError('InvalidArgument', `${String(time)} is no instant`, {
    hint: 'Pass a Date, milliseconds since 1970, or text such as 2026-01-02T03:04:05Z.',
  });
}

/** For messages and plans. */
export function describeReference(reference: VersionReference): string {
  if ('version' in reference) return `version ${reference.version}`;
  if ('tag' in reference) return `the tag ${quoted(reference.tag, 80)}`;
  if ('ageMs' in reference) return `the version of ${reference.ageMs} ms ago`;
  const { time } = reference;
  return `the version of ${typeof time === 'string' ? time : isoTime(instantOf(time))}`;
}

/** An instant of the store as people read it; beyond what Date holds, the number. */
export function isoTime(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms since 1970` : date.toISOString();
}

const dayForm = /^\d{4}-\d\d-\d\d$/;
/** What has this form is an instant, or a mistake in one. */
const instantForm = /^\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d.*)?$/;
const ageForm = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/;
const tagPrefix = 'tag:';

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 24 * 3_600_000,
  w: 7 * 24 * 3_600_000,
};

/**
 * What `--at` takes: `12` and `-1` are versions, `2h` is an age (ms, s, m, h, d, w), `2026-01-02T03:04:05Z`
 * and `2026-01-02` are instants, all else is the name of a tag; so is what follows `tag:`. No tag has a name
 * that reads as something else. Errors: `InvalidArgument` for an instant that is none, or without its zone.
 */
export function parseVersion(text: string): VersionReference {
  if (/^-?\d+$/.test(text)) {
    if (Number.isSafeInteger(Number(text))) return { version: Number(text) };
    throw new NacreError('InvalidArgument', `${quoted(text)} is beyond any version`);
  }
  const [, number, unit = ''] = ageForm.exec(text) ?? [];
  if (number !== undefined) return { ageMs: Number(number) * (unitMs[unit] ?? Number.NaN) };
  if (instantForm.test(text)) {
    instantOf(text);
    return { time: text };
  }
  const tag = text.startsWith(tagPrefix) ? text.slice(tagPrefix.length) : text;
  if (tag !== '') return { tag };
  throw new NacreError('InvalidArgument', `${quoted(text)} names no version`, {
    hint: 'Write 12, -1 for the one before the newest, a tag, an instant such as 2026-01-02T03:04:05Z, or 2h.',
  });
}

/** `InvalidArgument` for a name that is none, or that `parseVersion` would read as something else. */
export function checkTagName(name: string): void {
  checkName(name);
  const taken =
    /^-?\d+$/.test(name) || ageForm.test(name) || instantForm.test(name) || name.startsWith(tagPrefix);
  if (!taken) return;
  throw new NacreError('InvalidArgument', `a tag cannot be called ${quoted(name)}`, {
    context: { tag: name },
    hint: 'Numbers are versions, 2h is an age, what begins with a date and a time is an instant: add a word.',
  });
}
