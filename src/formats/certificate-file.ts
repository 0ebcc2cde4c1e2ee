// Certificates in files, as JSON.
import { NacreError } from '../errors.js';
import { type Certificate, maxCertificateBytes, parseCertificate } from '../query/certificate.js';
import { partsOf } from '../query/canonical.js';
import { utf8 } from '../util/bytes.js';
import { writeStream } from './npy-writer.js';
import { openAccess, type OpenAccessOptions } from './random-access.js';

/** What `readCertificate()` of `src/formats.ts` does. */
export async function readCertificate(name: string, options: OpenAccessOptions): Promise<Certificate> {
  const { signal } = options;
  const file = await openAccess(name, options);
  try {
    if (file.sizeBytes > maxCertificateBytes) {
      throw new NacreError(
        'InvalidArgument',
        `${file.name} has ${file.sizeBytes} bytes, and a certificate has up to ${maxCertificateBytes}`,
        { context: { file: file.name, bytes: file.sizeBytes } },
      );
    }
    return parseCertificate(await file.read(0, file.sizeBytes, signal === undefined ? {} : { signal }));
  } finally {
    await file.close();
  }
}

/** What `writeCertificate()` of `src/formats.ts` does. */
export function writeCertificate(name: string, certificate: Certificate): Promise<number> {
  return writeStream(name, jsonOf(certificate));
}

/** Characters that are written at once: a certificate of 64 MiB would hold the event loop. */
const writtenChars = 2 ** 17;

async function* jsonOf(certificate: Certificate): AsyncGenerator<Uint8Array> {
  let text = '';
  for (const part of partsOf(certificate, 'given')) {
    text += part;
    if (text.length < writtenChars) continue;
    yield utf8.encode(text);
    text = '';
  }
  yield utf8.encode(`${text}\n`);
}
