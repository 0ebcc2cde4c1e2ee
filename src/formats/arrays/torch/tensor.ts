// Whether a tensor lies in its storage, and what type of rows it is.
import type { RowType } from '../../../arrays/row-type.js';
import { type NacreError, isNacreError } from '../../../errors.js';
import { malformed, unsupported } from '../../../npy/problem.js';
import { arrayBytes, maxDimensions, shapeText } from '../../../npy/shape.js';
import { type TorchDtype, torchDtypes } from './dtypes.js';
import type { Storage, Tensor } from './values.js';

export interface PlacedTensor {
  readonly type: RowType;
  readonly rows: number;
  readonly stored: TorchDtype;
  readonly storage: Storage;
  /** Of the first element, from the beginning of the storage under the key. */
  readonly offsetBytes: number;
  readonly shape: readonly number[];
  /** In elements. */
  readonly stride: readonly number[];
}

/** Views that repeat elements may say that they are larger than what is stored, but not without an end. */
const maxRepeats = 1024;
const repeatsFreeBytes = 256 * 2 ** 20;

/**
 * `name` is what messages call it, the file included; `sizeBytes` what the file has under the storage's key.
 * Errors: `InvalidArgument` where it reaches out of its storage, or the storage is not as large as it says;
 * `UnsupportedFormat` for dtypes that are not stored.
 */
export function placeTensor(tensor: Tensor, sizeBytes: number | undefined, name: string): PlacedTensor {
  const { storage, shape, stride, dtype } = tensor;
  const stored = torchDtypes.get(dtype);
  if (stored === undefined)
    throw unsupported(
      name,
      `a tensor of torch.${dtype} is not stored`,
      'Convert it before it is saved: tensor.float(), or tensor.dequantize() where it is quantized.',
    );
  const unit = storage.dtype === undefined ? 1 : torchDtypes.get(storage.dtype)?.itemBytes;
  if (unit === undefined)
    throw malformed(name, `its storage is of torch.${storage.dtype}, the tensor of ${dtype}`);
  checkSize(storage, unit, sizeBytes, name);
  if (shape.length > maxDimensions)
    throw unsupported(
      name,
      `it has ${shape.length} dimensions, at most ${maxDimensions} are stored`,
      'Reshape it so that it has fewer dimensions.',
    );
  const bytes = within(name, () => arrayBytes(stored.dtype, shape));
  const view = storage.view ?? { offset: 0, length: storage.length };
  if (view.offset + view.length > storage.length)
    throw malformed(
      name,
      `the view of ${view.length} elements at ${view.offset} goes over its storage of ${storage.length}`,
    );
  checkReach(tensor, Math.floor((view.length * unit) / stored.itemBytes), name);
  if (bytes > Math.max(repeatsFreeBytes, maxRepeats * storage.length * unit))
    throw unsupported(
      name,
      `the shape ${shapeText(shape)} repeats the ${storage.length * unit} bytes of its storage to ${bytes}`,
      'Save one of what is repeated.',
    );
  const [rows = 1, ...rowShape] = shape;
  return {
    type: { dtype: stored.dtype, rowShape, scalar: shape.length === 0 },
    rows,
    stored,
    storage,
    offsetBytes: view.offset * unit + tensor.offset * stored.itemBytes,
    shape,
    stride,
  };
}

function checkSize(
  { key, length }: Storage,
  unit: number,
  sizeBytes: number | undefined,
  name: string,
): void {
  if (sizeBytes === undefined)
    throw malformed(name, `the file has no storage '${key.slice(0, 40)}'`, {
      hint: 'Save it again with torch.save.',
    });
  if (length * unit === sizeBytes) return;
  throw malformed(
    name,
    `its storage is said to have ${length} elements of ${unit} bytes, the file has ${sizeBytes} bytes of it`,
    {
      hint: 'The file is damaged or was made to mislead: save it again with torch.save.',
    },
  );
}

/** Sums of products of numbers below 2^53 are exact here. */
function checkReach({ shape, stride, offset }: Tensor, elements: number, name: string): void {
  if (shape.includes(0)) return;
  let last = BigInt(offset);
  for (const [axis, length] of shape.entries()) last += BigInt(length - 1) * BigInt(stride[axis] ?? 0);
  if (last < BigInt(elements)) return;
  throw malformed(
    name,
    `shape ${shapeText(shape)} with strides ${shapeText(stride)} from ${offset} on reaches element ${last} ` +
      `of a storage of ${elements}`,
    {
      hint: 'The file is damaged or was made to mislead: save it again with torch.save.',
    },
  );
}

function within<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isNacreError(error)) throw malformed(name, error.message, { cause: error }) satisfies NacreError;
    throw error;
  }
}
