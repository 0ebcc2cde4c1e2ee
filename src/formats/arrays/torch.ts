// Files of torch.save, .pt and .pth, in and out. Nothing of what they name is run: see torch/unpickle.ts.
import { latin1, malformed, quote } from '../../npy/problem.js';
import { quoted } from '../../util/text.js';
import type { ArrayReader, FileArray } from './array-file.js';
import { openLegacyForm } from './torch/legacy-form.js';
import { placeTensor } from './torch/tensor.js';
import { TensorRows } from './torch/tensor-rows.js';
import { tensorsOf } from './torch/walk.js';
import { openZipForm } from './torch/zip-form.js';

export { writeTorch } from './torch/writer.js';

/**
 * Opens a file of torch.save in either form: a tensor, or dicts, lists and tuples of tensors in each other.
 * An array is called by the path to it (`model.layer.weight`, `0.x`); a tensor alone has no name. Other
 * values (numbers, texts, settings of an optimizer) are passed over. bfloat16 is read as float32. Strides may
 * be any.
 *
 * What is compared when: sizes of storages, and that tensors lie in them, when the file is opened; CRC-32s of
 * the pickle then, too. Of a storage the CRC-32 is compared by the read that comes to its end when it is read
 * whole and in order, as by a tensor that fills it; never where it is read in part or by columns. The legacy
 * form has no checksums.
 *
 * Cost: the directory of the zip file and a read each for byte order, version and pickle; one more for each
 * storage when its rows are first read. Rows that lie together are one read; others are gathered
 * (torch/strided.ts). A transposed tensor of a bucket is copied to the temporary folder first. Memory: the
 * pickle (64 MiB at most) and what it describes, and beside the rows that are asked for 32 MiB.
 *
 * Errors: `InvalidArgument` for what is damaged, reaches out of its storage, contains itself, or holds no
 * tensor; `UnsupportedFormat` for a pickle that names or calls anything but what tensors need, for quantized,
 * sparse and float8 tensors, and for what is larger than any file of tensors is.
 */
export const readTorch: ArrayReader = async (access, options) => {
  const source = access.name;
  const start = latin1(await access.read(0, Math.min(4, access.sizeBytes), options));
  const isZip = start.startsWith('PK');
  if (!isZip && !start.startsWith('\x80'))
    throw malformed(source, `this is no file of torch.save: it begins with ${quote(start)}`, {
      hint: 'Save the tensors with torch.save(tensors, FILE).',
    });
  const file = await (isZip ? openZipForm(access, options) : openLegacyForm(access, options));
  const arrays: FileArray[] = tensorsOf(file.value, source).map(({ name, tensor }) => {
    const full = name === undefined ? source : `${source}: ${quoted(name, 200).slice(1, -1)}`;
    return new TensorRows(file, name, full, placeTensor(tensor, file.sizeOf(tensor.storage.key), full));
  });
  return {
    arrays,
    async close() {
      await Promise.all(arrays.map((array) => array.close()));
      await file.close();
    },
  };
};
