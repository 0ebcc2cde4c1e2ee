import { describe } from 'vitest';
import { openS3, type S3Options } from '../../src/storage/s3.js';
import { systemRuntime } from '../../src/util/runtime.js';
import { server, serversUnderTest } from '../support/servers/index.ts';
import { conformance } from './conformance.js';

for (const name of ['minio', 'versitygw'] as const) {
  describe.runIf(serversUnderTest().includes(name))(`S3: ${name}`, () => {
    conformance(name, async () => {
      const found = await server(name);
      const bucket = await found.bucket();
      const options: S3Options = {
        runtime: systemRuntime,
        endpoint: found.endpoint,
        credentials: found,
        singlePutBytes: 6 << 20,
        partBytes: 5 << 20,
      };
      const open = () => openS3({ bucket, prefix: 'a/prefix' }, options);
      const store = await open();
      return { store, another: open, dispose: () => store.close() };
    });
  });
}
