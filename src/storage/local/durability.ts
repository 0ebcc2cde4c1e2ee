import { NacreError } from '../../errors.js';

/**
 * What a write to a folder waits for. `'fsync'`: that its file and its folder's entry are on the disk, so
 * that they outlast a power failure. `'none'`: that the operating system has them, so that they outlast the
 * process.
 */
export type Durability = 'fsync' | 'none';

export function checkDurability(value: Durability): Durability {
  if (value === 'fsync' || value === 'none') return value;
  throw new NacreError('InvalidArgument', `the durability is '${String(value)}'`, {
    hint: "Give 'fsync', the default, or 'none'.",
  });
}
