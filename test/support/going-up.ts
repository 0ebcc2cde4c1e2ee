// Small appends are held until their write ends. What is to sleep with objects that are up appends by this.
import type { RowsInput } from '../../src/arrays/rows-input.js';
import type { TransactionHandle } from '../../src/dataset/transaction-handle.js';
import { bytesOf, dtypeOf } from '../../src/npy/dtype.js';

/** The transaction, but that small appends go up at once, and are not held until it ends. */
export function goingUp(tx: TransactionHandle): TransactionHandle {
  const append = async (name: string, { data, shape = [data.length] }: RowsInput): Promise<void> => {
    const [rows = 1, ...rowShape] = shape;
    const bytes = bytesOf(data);
    const rowBytes = bytes.byteLength / rows;
    await tx.appendFrom(name, {
      name,
      rows,
      type: { dtype: dtypeOf(data), rowShape, scalar: false },
      read: async (start, end) => bytes.slice(start * rowBytes, end * rowBytes),
      close: async () => undefined,
    });
  };
  return new Proxy(tx, {
    get: (target, name: keyof TransactionHandle) => {
      if (name === 'append') return append;
      const value: unknown = target[name];
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
