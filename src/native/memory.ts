// Memory that JavaScript holds, as the scanner and the sockets fill it.
import { NacreError } from '../errors.js';
import type { NativeBinding } from '../native.js';

/** From this size on memory is asked for in pages of 2 MiB, as NumPy does. */
const hugeBytes = 4 * 2 ** 20;

/**
 * A buffer that `what` needs and writes all of, or a typed error when it cannot be had. What a small one
 * holds before is anything: zeros would cost a fifteenth of a read of some thousand rows.
 */
export function allocate(bytes: number, what: string, native: NativeBinding): Uint8Array {
  try {
    if (bytes < hugeBytes) return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
    const buffer = new Uint8Array(bytes);
    native.adviseHugePages(buffer);
    return buffer;
  } catch (cause) {
    throw new NacreError('ResourceExhausted', `${what} needs ${bytes} bytes in one piece`, {
      cause,
      context: { bytes },
      hint: 'Ask for less at once: a range of rows, or batches.',
    });
  }
}
