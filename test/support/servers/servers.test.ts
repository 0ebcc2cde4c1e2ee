import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { pins } from './binaries.mjs';
import { server, serversUnderTest } from './index.ts';

const root = path.resolve(import.meta.dirname, '../../..');

describe('the servers of the tests', () => {
  test('docker-compose.yml builds the pins that go install uses, on loopback only', () => {
    const text = readFileSync(path.join(root, 'docker-compose.yml'), 'utf8');
    const built = [...text.matchAll(/MODULE: (\S+)\n\s+VERSION: (\S+)/g)].map(([, module, version]) => ({
      module,
      version,
    }));
    expect(built).toEqual(Object.values(pins).map(({ module, version }) => ({ module, version })));
    for (const [, ports] of text.matchAll(/ports: \[(.*)\]/g)) expect(ports).toMatch(/^["']127\.0\.0\.1:/);
  });

  test.each(serversUnderTest())('%s starts once and makes buckets', async (name) => {
    const [first, second] = await Promise.all([server(name), server(name)]);
    expect(second.endpoint).toBe(first.endpoint);
    expect(await first.bucket()).not.toBe(await first.bucket());
  });
});
