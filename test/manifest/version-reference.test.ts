// How the text of --at is told apart, and which names are left for tags.
import { expect, test } from 'vitest';
import { isNacreError } from '../../src/errors.js';
import {
  checkTagName,
  describeReference,
  instantOf,
  parseVersion,
} from '../../src/manifest/version-reference.js';

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (isNacreError(error)) return error.code;
    throw error;
  }
  return 'none';
}

test.each([
  ['12', { version: 12 }],
  ['-1', { version: -1 }],
  ['2h', { ageMs: 7_200_000 }],
  ['1.5d', { ageMs: 129_600_000 }],
  ['250ms', { ageMs: 250 }],
  ['2026-01-02', { time: '2026-01-02' }],
  ['2026-01-02T03:04:05+02:00', { time: '2026-01-02T03:04:05+02:00' }],
  ['2026-01-02 03:04Z', { time: '2026-01-02 03:04Z' }],
  ['prod', { tag: 'prod' }],
  ['tag:prod', { tag: 'prod' }],
  ['tag:12', { tag: '12' }],
  ['2026-01-02-nightly', { tag: '2026-01-02-nightly' }],
  ['12th', { tag: '12th' }],
])('%s is read as %o', (text, reference) => {
  expect(parseVersion(text)).toEqual(reference);
});

test.each(['', 'tag:', '2026-01-02T03:04:05', '2026-02-30', '2026-01-02T25:00Z', '99999999999999999999'])(
  '%j names no version',
  (text) => {
    expect(codeOf(() => parseVersion(text))).toBe('InvalidArgument');
  },
);

test('no tag has a name that would be read as something else', () => {
  const taken = ['12', '-1', '2h', '2026-01-02', '2026-01-02T03:04:05', 'tag:a', '', 'a\nb', ' a'];
  for (const name of taken)
    expect([name, codeOf(() => checkTagName(name))]).toEqual([name, 'InvalidArgument']);
  for (const name of ['v1', '12th', '2026-01-02-nightly', 'Δ/ü', 'h2']) {
    checkTagName(name);
    expect(parseVersion(name)).toEqual({ tag: name });
  }
});

test('an instant is a Date, milliseconds, or text; a date is where it begins', () => {
  const ms = Date.UTC(2026, 0, 2, 3, 4, 5);
  expect(instantOf(new Date(ms))).toBe(ms);
  expect(instantOf(ms)).toBe(ms);
  expect(instantOf('2026-01-02T03:04:05Z')).toBe(ms);
  expect(instantOf('2026-01-02')).toBe(Date.UTC(2026, 0, 2));
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, new Date(Number.NaN), 'noon'])
    expect(codeOf(() => instantOf(wrong))).toBe('InvalidArgument');
});

test('a plan says which version it is of', () => {
  expect(describeReference({ version: -1 })).toBe('version -1');
  expect(describeReference({ tag: 'prod' })).toBe("the tag 'prod'");
  expect(describeReference({ time: 0 })).toBe('the version of 1970-01-01T00:00:00.000Z');
  expect(describeReference({ ageMs: 5 })).toBe('the version of 5 ms ago');
});
