// How much a frame of zstd may become (RFC 8878), before anything of it is decompressed.

const magic = 0xfd2fb528;
const descriptorAt = 4;
const blockHeaderBytes = 3;
/** What a compressed block may become. */
const mostBlockBytes = 128 * 2 ** 10;
/** A writer that flushes often makes short blocks, of which it cannot be seen how short they are. */
const slackBytes = 64 * 2 ** 20;

/**
 * Throws for a frame that becomes more than `most` bytes. Where it says nothing of its length, for one whose
 * blocks might become much more; what it gives is to be compared then.
 */
export function checkZstd(bytes: Uint8Array, most: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== magic) throw new Error('it is no frame of zstd');
  const descriptor = view.getUint8(descriptorAt);
  const isSingle = (descriptor & 0x20) !== 0;
  const at = descriptorAt + (isSingle ? 1 : 2) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  const flag = descriptor >> 6;
  if (flag === 0 && !isSingle) {
    const might = mightBecome(view, at);
    if (might > 2 * most + slackBytes) throw new Error(`zstd may give ${might} bytes, ${most} at most`);
    return;
  }
  const size =
    flag === 0
      ? view.getUint8(at)
      : flag === 1
        ? view.getUint16(at, true) + 256
        : flag === 2
          ? view.getUint32(at, true)
          : Number(view.getBigUint64(at, true));
  if (size > most) throw new Error(`zstd gives ${size} bytes, ${most} at most`);
}

/** The blocks of a frame, the first of which begins at `start`. */
function mightBecome(view: DataView, start: number): number {
  let total = 0;
  for (let at = start; ; ) {
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    const [isLast, kind, size] = [(header & 1) === 1, (header >> 1) & 3, header >> 3];
    // As it is, one byte again and again, and compressed.
    if (kind === 3) throw new Error('it has a block of no kind that zstd has');
    total += kind === 2 ? mostBlockBytes : size;
    at += blockHeaderBytes + (kind === 1 ? 1 : size);
    if (isLast) return total;
  }
}
