// Our signature beside the examples that Amazon publishes, and beside the signer of its SDK.
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeText, queryText, Signer } from '../../src/storage/s3/sign.js';
import { seedOf } from '../query/random.js';

const day = Date.UTC(2013, 4, 24);

describe('the examples of the S3 API Reference', () => {
  const credentials = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  const signer = new Signer(credentials, 'us-east-1');
  const host = 'examplebucket.s3.amazonaws.com';

  test.each([
    ['an object', '/test.txt', [], { range: 'bytes=0-9' }, 'f0e8bdb87c964420'],
    ['the lifecycle of a bucket', '/', [['lifecycle', '']], {}, 'fea454ca298b7da1'],
    [
      'keys of a bucket',
      '/',
      [
        ['prefix', 'J'],
        ['max-keys', '2'],
      ],
      {},
      '34b48302e7b5fa45',
    ],
  ] as const)('GET of %s', (_, path, query, headers, signature) => {
    const sent = signer.sign({ method: 'GET', path, query, headers: { host, ...headers } }, day);
    const range = 'range' in headers ? 'range;' : '';
    expect(sent['authorization']).toMatch(
      new RegExp(
        '^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
          `SignedHeaders=host;${range}x-amz-content-sha256;x-amz-date, Signature=${signature}[0-9a-f]{48}$`,
      ),
    );
  });
});

/** The hash that the SDK's signer asks for. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }
  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }
  async digest(): Promise<Uint8Array> {
    return new Uint8Array(this.#hash.digest());
  }
  reset(): void {}
}

const seed = seedOf('NACRE_SEED');

test(`any request is signed as the SDK signs it (NACRE_SEED=${seed})`, async () => {
  const secret = fc.string({
    minLength: 1,
    maxLength: 60,
    unit: fc.constantFrom(...'abcXYZ019+/='.split('')),
  });
  const credentials = fc.record(
    { accessKeyId: secret, secretAccessKey: secret, sessionToken: secret },
    { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
  );
  const key = fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1, maxLength: 5 });
  const query = fc.dictionary(
    fc.string({ minLength: 1, unit: 'grapheme' }).filter((name) => name !== '__proto__'),
    fc.string({ unit: 'grapheme' }),
  );
  const value = fc.string({ maxLength: 20, unit: fc.constantFrom(...'aZ09 =-,"/\t*'.split('')) });
  const name = fc.constantFrom(
    'range',
    'if-match',
    'if-none-match',
    'user-agent',
    'x-amz-a',
    'x-amz-b',
    'x-c',
  );
  const headers = fc.dictionary(name, value);
  const method = fc.constantFrom('GET' as const, 'HEAD' as const);
  const region = fc.constantFrom('us-east-1', 'eu-central-1', 'auto', 'lab-1');
  const time = fc.integer({ min: 0, max: 4e12 });
  await fc.assert(
    fc.asyncProperty(
      fc.record({ credentials, key, query, headers, method, region, time }),
      async ({ credentials, key, query, headers, method, region, time }) => {
        const path = `/${key.map(escapeText).join('/')}`;
        const own = new Signer(credentials, region);
        const request = {
          method,
          path,
          query: Object.entries(query),
          headers: { host: 'h:9000', ...headers },
        };
        const signer = new SignatureV4({
          credentials,
          region,
          service: 's3',
          sha256: Sha256,
          uriEscapePath: false,
        });
        const theirs = await signer.sign(
          { ...request, protocol: 'http:', hostname: 'h', query },
          { signingDate: new Date(time) },
        );
        for (let time2 of [time, time + 86_400_000, time]) {
          time2 = Math.min(time2, 4e12);
          const sent = own.sign(request, time2);
          if (time2 === time) expect(sent).toEqual(theirs.headers);
        }
      },
    ),
    { seed, numRuns: 500 },
  );
});

test('a query is sent as it is signed', () => {
  expect(queryText([])).toBe('');
  expect(
    queryText([
      ['b', '2 /'],
      ['a', "~!'()*"],
      ['a', '!'],
    ]),
  ).toBe('a=%21&a=~%21%27%28%29%2A&b=2%20%2F');
});
