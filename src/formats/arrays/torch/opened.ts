// What the two forms of a PyTorch file have in common once their pickle was read.
import type { CallOptions } from '../../../storage/object-store.js';
import type { RandomAccess } from '../../random-access.js';
import type { PickleValue } from './values.js';

export interface OpenedTorch {
  readonly value: PickleValue;
  readonly byteOrder: 'little' | 'big';
  /** Bytes of the storage under a key; undefined where the file has none. */
  sizeOf(key: string): number | undefined;
  /** The bytes of a storage; the same access each time. */
  open(key: string, options: CallOptions): Promise<RandomAccess>;
  close(): Promise<void>;
}
