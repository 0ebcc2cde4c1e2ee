// Names that users give, keys that nobody gives, frames and the set hash.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkPattern,
  objectKey,
  partitionPattern,
  rootKey,
  segmentPattern,
} from '../../src/manifest/keys.js';
import { versionOfRootKey } from '../../src/manifest/keys.js';
import { decodeFrame, encodeFrame } from '../../src/manifest/frame.js';
import { checkName, nearestName } from '../../src/manifest/names.js';
import { emptySetHash, updateSetHash } from '../../src/manifest/set-hash.js';
import { checkKey } from '../../src/storage/keys.js';
import { functions } from './drafts.js';

describe('a name', () => {
  const good = [
    'a',
    'images/train',
    'ä',
    '名前',
    '100%',
    'a b',
    '🐚',
    '.hidden',
    'a..b',
    'x'.repeat(200),
    '__proto__',
  ];
  for (const name of good) test(`${JSON.stringify(name.slice(0, 20))} is taken`, () => checkName(name));

  const bad: Readonly<Record<string, string>> = {
    'the empty one': '',
    'one of 201 bytes': 'x'.repeat(201),
    'one of 101 two-byte letters': 'ä'.repeat(101),
    'one in form NFD': 'a\u0308',
    'one that climbs': 'a/../b',
    'a single dot': '.',
    'an empty part': 'a//b',
    'a leading slash': '/a',
    'a trailing slash': 'a/',
    'a NUL': 'a\0b',
    'a line break': 'a\nb',
    'an escape sequence': '\u001b[31m',
    'a zero-width space': 'a\u200bb',
    'text that turns around': 'a\u202eb',
    'half of a pair': '\ud800',
    'white space around it': ' a',
    'a byte order mark': '\ufeffa',
  };
  for (const [what, name] of Object.entries(bad)) {
    test(`${what} is refused`, () =>
      expect(() => checkName(name)).toThrow(expect.objectContaining({ code: 'InvalidArgument' })));
  }

  test('that is nearly one that there is is guessed', () => {
    expect(nearestName('imgaes', ['labels', 'images'])).toBe('images');
    expect(nearestName('Images', ['labels', 'images'])).toBe('images');
    expect(nearestName('something else', ['labels', 'images'])).toBeUndefined();
    expect(nearestName('a', [])).toBeUndefined();
  });
});

describe('a key', () => {
  test('of a root counts down, so that a sorted listing begins with the newest', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
        const [one, other] = [a + 1, b + 1].map((version) => Math.min(version, Number.MAX_SAFE_INTEGER)) as [
          number,
          number,
        ];
        expect(versionOfRootKey(rootKey(one))).toBe(one);
        expect(Math.sign(other - one)).toBe(Math.sign(rootKey(one).localeCompare(rootKey(other), 'en')));
        checkKey(rootKey(one));
      }),
    );
  });

  test('that is no root is known as none', () => {
    for (const key of [
      'versions/1.root',
      'versions/',
      'latest',
      `versions/${'9'.repeat(20)}.root`,
      `${rootKey(1)}x`,
      `versions/${'0'.repeat(20)}.root`,
    ])
      expect(versionOfRootKey(key)).toBeUndefined();
  });

  test('of every kind of object is one that stores take and readers accept', () => {
    const id = new Uint8Array(16).fill(0xab);
    for (const pattern of [partitionPattern(id), segmentPattern]) {
      checkPattern(pattern, 'test');
      checkKey(objectKey(pattern, id));
    }
  });
});

describe('a frame', () => {
  test('gives back any body, and no other kind is read from it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        const bytes = encodeFrame('root', body, functions);
        expect(decodeFrame('root', bytes, 'test', functions)).toEqual(body);
        for (const other of ['hint', 'segment'] as const)
          expect(() => decodeFrame(other, bytes, 'test', functions)).toThrow(
            expect.objectContaining({ code: 'Corrupt' }),
          );
      }),
    );
  });
});

describe('the set hash', () => {
  const objects = fc.array(
    fc.record({
      key: fc.string({ unit: fc.constantFrom('a', 'b', '/', '0', '1'), minLength: 1, maxLength: 20 }),
      hash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    }),
    { maxLength: 12 },
  );

  test('does not depend on the order, and what is added and removed leaves no trace', () => {
    fc.assert(
      fc.property(objects, objects, (some, more) => {
        const one = updateSetHash(emptySetHash, [...some, ...more], [], functions);
        const other = updateSetHash(
          updateSetHash(emptySetHash, more, [], functions),
          some.toReversed(),
          [],
          functions,
        );
        expect(other).toEqual(one);
        expect(updateSetHash(one, [], more, functions)).toEqual(
          updateSetHash(emptySetHash, some, [], functions),
        );
        expect(updateSetHash(one, some, [...some, ...some, ...more], functions)).toEqual(emptySetHash);
      }),
    );
  });

  test('tells keys and hashes apart', () => {
    const hash = new Uint8Array(32).fill(1);
    const of = (key: string, value = hash): Uint8Array =>
      updateSetHash(emptySetHash, [{ key, hash: value }], [], functions);
    expect(of('ab')).not.toEqual(of('ba'));
    expect(of('a', hash)).not.toEqual(of('a', new Uint8Array(32).fill(2)));
  });
});
