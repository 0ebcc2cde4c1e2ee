// A dtype as callers name it: Nacre's name, or NumPy's with a byte order.
import { NacreError } from '../../errors.js';
import { type ByteOrder, parseDescr } from '../../npy/descr.js';
import { type Dtype, dtypeNames, isDtype } from '../../npy/dtype.js';
import { quoted } from '../../util/text.js';

export interface DtypeAsked {
  readonly dtype: Dtype;
  readonly byteOrder: ByteOrder;
}

/** `float32`, `<f4` and `f4` are little endian, `>f4` is big. Errors: `InvalidArgument`, `UnsupportedFormat`. */
export function dtypeAsked(text: string): DtypeAsked {
  if (isDtype(text)) return { dtype: text, byteOrder: 'little' };
  try {
    return parseDescr('dtype', /^[<>|=]/.test(text) ? text.replace('=', '<') : `<${text}`, 0);
  } catch (cause) {
    throw new NacreError('InvalidArgument', `there is no dtype ${quoted(text)} that is stored`, {
      context: { dtype: text },
      cause,
      hint: `Dtypes are ${dtypeNames.join(', ')}; or as NumPy has them: '<f4', '>i8'.`,
    });
  }
}
