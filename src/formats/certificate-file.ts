// Certificates in files, as JSON.
import { NacreError } from '../errors.js';
import { type Certificate, maxCertificateBytes, parseCertificate } from '../query/certificate.js';
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
  return writeStream(name, once(utf8.encode(`${JSON.stringify(certificate)}\n`)));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
