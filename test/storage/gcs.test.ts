import { describe } from 'vitest';
import { openGcs } from '../../src/storage/gcs.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { server, serversUnderTest } from '../support/servers/index.ts';
import { conformance } from './conformance.js';

describe.runIf(serversUnderTest().includes('gcs'))('fake-gcs-server', () => {
  conformance('gcs', async () => {
    const found = await server('gcs');
    const bucket = await found.bucket();
    const options = { runtime: systemRuntime, endpoint: found.endpoint, anonymous: true };
    const open = () => openGcs({ bucket, prefix: 'a/prefix' }, options);
    const store = await open();
    return { store, another: open, dispose: () => store.close() };
  });
});
