// What a pickle of tensors is made of here: plain records that describe, none of which is, or calls, the
// Python thing that the pickle names.

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleItems
  | PickleDict
  | Passed
  | GlobalName
  | DtypeName
  | StorageType
  | Storage
  | Tensor
  | RefusedTensor;

export interface PickleItems {
  readonly kind: 'tuple' | 'list' | 'set';
  readonly items: PickleValue[];
}

export interface PickleDict {
  readonly kind: 'dict';
  /** Key, value, key, value …; of two equal keys the last one counts, as in Python. */
  readonly pairs: PickleValue[];
}

/** A value that no array comes from: bytes, a device, a layout. */
export interface Passed {
  readonly kind: 'passed';
  readonly what: string;
}

/** An allowed global that may be applied to arguments. */
export interface GlobalName {
  readonly kind: 'global';
  readonly name: string;
}

export interface DtypeName {
  readonly kind: 'dtype';
  readonly name: string;
}

/** `torch.FloatStorage` and the like; the dtype of an untyped storage is undefined: it counts in bytes. */
export interface StorageType {
  readonly kind: 'storageType';
  readonly name: string;
  readonly dtype: string | undefined;
}

/** Numbers under a key of the file, as the pickle announces them. */
export interface Storage {
  readonly kind: 'storage';
  readonly key: string;
  /** Undefined for bytes. */
  readonly dtype: string | undefined;
  /** Elements of that dtype, or bytes. */
  readonly length: number;
  /** The legacy form lets a storage be a part of the one under `key`: its first element and its length. */
  readonly view?: { readonly offset: number; readonly length: number };
}

export interface Tensor {
  readonly kind: 'tensor';
  readonly storage: Storage;
  readonly dtype: string;
  /** In elements, as the strides are. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** A tensor of a kind that is not read: refused once it is known what the file calls it. */
export interface RefusedTensor {
  readonly kind: 'refused';
  readonly what: string;
  readonly hint: string;
}

/** In words for messages. */
export function kindOf(value: PickleValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'None';
  if (typeof value === 'boolean') return 'a bool';
  if (typeof value === 'string') return 'a text';
  if (typeof value !== 'object') return 'a number';
  switch (value.kind) {
    case 'passed':
      return value.what;
    case 'global':
    case 'dtype':
    case 'storageType':
      return value.name;
    case 'refused':
      return 'a tensor';
    case 'tuple':
    case 'list':
    case 'set':
    case 'dict':
    case 'storage':
    case 'tensor':
      return `a ${value.kind}`;
  }
}
