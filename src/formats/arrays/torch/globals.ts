// The globals that a file of tensors may name, and what each makes of its arguments: PyTorch's own list for
// weights_only, as descriptions. A function here is not the Python function of that name; it looks at the
// arguments and says what tensor they describe. What is not on the list ends the reading.
import { quote } from '../../../npy/problem.js';
import { dtypeNamesOfTorch, dtypeOfStorage } from './dtypes.js';
import type { Machine } from './machine.js';
import { kindOf, type PickleDict, type PickleValue, type RefusedTensor, type Tensor } from './values.js';

type Apply = (args: readonly PickleValue[], machine: Machine, name: string) => PickleValue;

const saveAlone = 'Save the tensors alone: torch.save(model.state_dict(), FILE).';

/** Names of modules that Python 2 had otherwise. */
const modernModules: ReadonlyMap<string, string> = new Map([
  ['__builtin__', 'builtins'],
  ['torch.tensor', 'torch._tensor'],
]);

export function openGlobal(module: string, name: string, machine: Machine): PickleValue {
  const full = `${modernModules.get(module) ?? module}.${name}`;
  if (module === 'torch' && dtypeNamesOfTorch.has(name)) return { kind: 'dtype', name };
  const isTorch = module === 'torch' || module === 'torch.cuda' || module === 'torch.storage';
  if (isTorch && dtypeOfStorage.has(name))
    return { kind: 'storageType', name: full, dtype: dtypeOfStorage.get(name) };
  if (isTorch && name === 'UntypedStorage') return { kind: 'storageType', name: full, dtype: undefined };
  if (functions.has(full) || classes.has(full)) return { kind: 'global', name: full };
  throw machine.refused(
    `${quote(full).slice(1, -1)} is not what a file of tensors needs; nothing was run`,
    saveAlone,
  );
}

/** REDUCE, and NEWOBJ, which for the list's classes is the same: a global applied to a tuple. */
export function applyGlobal(
  callee: PickleValue | undefined,
  args: PickleValue | undefined,
  machine: Machine,
): PickleValue {
  if (!isItems(args, 'tuple')) throw machine.bad(`arguments are ${kindOf(args)}, expected a tuple`);
  const apply = isKind(callee, 'global') ? functions.get(callee.name) : undefined;
  if (apply === undefined || !isKind(callee, 'global'))
    throw machine.refused(`${kindOf(callee)} is called; nothing was run`, saveAlone);
  return apply(args.items, machine, callee.name);
}

/**
 * BUILD sets attributes. Of an ordered dict that is all that they are, such as `_metadata` of a state dict,
 * and they are passed over; nothing else on the list has any that a tensor needs.
 */
export function buildState(target: PickleValue, state: PickleValue, machine: Machine): void {
  if (isKind(target, 'dict') && isKind(state, 'dict')) return;
  throw machine.refused(
    `BUILD gives ${kindOf(target)} the state ${kindOf(state)}; nothing was run`,
    saveAlone,
  );
}

/** BINPERSID: `('storage', class, key, location, length)`, in the legacy form and a view or None. */
export function openStorage(id: PickleValue, machine: Machine): PickleValue {
  const [tag, type, key, location, length, view = null] = isItems(id, 'tuple') ? id.items : [];
  const isLong = isItems(id, 'tuple') && (id.items.length === 5 || id.items.length === 6);
  if (!isLong || tag !== 'storage' || typeof key !== 'string' || typeof location !== 'string')
    throw machine.bad("a persistent id is not ('storage', class, key, location, length)");
  if (!isKind(type, 'storageType'))
    throw machine.bad(
      `the class of storage ${quote(key)} is ${kindOf(type)}, expected torch.FloatStorage or the like`,
    );
  const storage = {
    kind: 'storage' as const,
    key,
    dtype: type.dtype,
    length: count(length, 'the length of a storage', machine),
  };
  if (view === null) return machine.announce(storage);
  const [viewKey, offset, viewLength] = isItems(view, 'tuple') && view.items.length === 3 ? view.items : [];
  if (typeof viewKey !== 'string') throw machine.bad('a view of a storage is not (key, offset, length)');
  return {
    ...machine.announce(storage),
    view: {
      offset: count(offset, 'the offset of a view', machine),
      length: count(viewLength, 'the length of a view', machine),
    },
  };
}

function isKind<K extends Exclude<PickleValue, null | boolean | number | bigint | string>['kind']>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<PickleValue, { readonly kind: K }> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

function isItems(
  value: PickleValue | undefined,
  kind: 'tuple' | 'list',
): value is { kind: 'tuple'; items: PickleValue[] } {
  return typeof value === 'object' && value !== null && value.kind === kind;
}

function count(value: PickleValue | undefined, what: string, machine: Machine): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  const shown =
    typeof value === 'number' || typeof value === 'bigint' ? String(value).slice(0, 40) : kindOf(value);
  throw machine.bad(`${what} is ${shown}, expected an integer from 0 to 2^53-1`);
}

function counts(value: PickleValue | undefined, what: string, machine: Machine): number[] {
  if (!isItems(value, 'tuple')) throw machine.bad(`${what} is ${kindOf(value)}, expected a tuple`);
  if (value.items.length > 64) throw machine.bad(`${what} has ${value.items.length} dimensions`);
  machine.spend(value.items.length);
  return value.items.map((item) => count(item, `a number of ${what}`, machine));
}

function arity(
  args: readonly PickleValue[],
  least: number,
  most: number,
  machine: Machine,
  name: string,
): void {
  if (args.length >= least && args.length <= most) return;
  const expected = least === most ? `${least}` : `${least} to ${most}`;
  throw machine.bad(`${name} is given ${args.length} arguments, expected ${expected}`);
}

/** `_rebuild_tensor(storage, offset, size, stride)`, which the younger ones begin with. */
function tensor(
  args: readonly PickleValue[],
  dtype: string | undefined,
  machine: Machine,
  name: string,
): Tensor {
  const [storage, offset, size, stride] = args;
  if (!isKind(storage, 'storage'))
    throw machine.bad(`${name} is given ${kindOf(storage)}, expected a storage`);
  const shape = counts(size, 'the size of a tensor', machine);
  const strides = counts(stride, 'the stride of a tensor', machine);
  if (shape.length !== strides.length)
    throw machine.bad(`a tensor has ${shape.length} dimensions and ${strides.length} strides`);
  return {
    kind: 'tensor',
    storage,
    dtype: dtype ?? storage.dtype ?? 'uint8',
    offset: count(offset, 'the offset of a tensor', machine),
    shape,
    stride: strides,
  };
}

/** What makes the numbers other than those that are stored. */
function withMetadata(
  made: Tensor,
  metadata: PickleValue | undefined,
  machine: Machine,
  name: string,
): PickleValue {
  if (metadata === undefined || metadata === null) return made;
  if (!isKind(metadata, 'dict'))
    throw machine.bad(`${name} is given ${kindOf(metadata)} as metadata, expected a dict`);
  const { pairs } = metadata;
  machine.spend(pairs.length);
  for (let i = 0; i < pairs.length; i += 2) {
    const bit = pairs[i];
    if (pairs[i + 1] === true && (bit === 'conj' || bit === 'neg'))
      return refusal(
        bit === 'conj' ? 'a conjugate view' : 'a negative view',
        `Save what it stands for: tensor.resolve_${bit}().`,
      );
  }
  return made;
}

function rebuild(
  args: readonly PickleValue[],
  dtypeAt: number | undefined,
  machine: Machine,
  name: string,
): PickleValue {
  const least = dtypeAt === undefined ? 6 : 7;
  arity(args, least, least + 1, machine, name);
  const [, , , , requiresGrad, hooks] = args;
  if (typeof requiresGrad !== 'boolean')
    throw machine.bad(`${name} is given ${kindOf(requiresGrad)}, expected a bool`);
  if (hooks !== null && !isKind(hooks, 'dict'))
    throw machine.bad(`${name} is given ${kindOf(hooks)} as hooks`);
  const dtype = dtypeAt === undefined ? undefined : args[dtypeAt];
  if (dtype !== undefined && !isKind(dtype, 'dtype'))
    throw machine.bad(`${name} is given ${kindOf(dtype)}, expected a dtype`);
  return withMetadata(tensor(args, dtype?.name, machine, name), args[least], machine, name);
}

function parameter(args: readonly PickleValue[], machine: Machine, name: string): PickleValue {
  const [data] = args;
  if (isKind(data, 'tensor') || isKind(data, 'refused')) return data;
  throw machine.bad(`${name} is given ${kindOf(data)}, expected a tensor`);
}

function refusal(what: string, hint: string): RefusedTensor {
  return { kind: 'refused', what, hint };
}

function refuse(what: string, hint: string): Apply {
  return () => refusal(what, hint);
}

/** `OrderedDict()`, or with a list of pairs, as Python 2 gave it; `Counter()`, or with a dict. */
const dict: Apply = (args, machine, name) => {
  arity(args, 0, 1, machine, name);
  const made: PickleDict = { kind: 'dict', pairs: [] };
  const [items] = args;
  if (items === undefined) return made;
  if (isKind(items, 'dict')) {
    machine.spend(items.pairs.length);
    return { kind: 'dict', pairs: [...items.pairs] };
  }
  if (!isItems(items, 'list'))
    throw machine.bad(`${name} is given ${kindOf(items)}, expected a list of pairs`);
  machine.spend(2 * items.items.length);
  for (const pair of items.items) {
    if (!(isItems(pair, 'tuple') || isItems(pair, 'list')) || pair.items.length !== 2)
      throw machine.bad(`${name} is given a list with ${kindOf(pair)} in it, expected pairs`);
    made.pairs.push(...pair.items);
  }
  return made;
};

/** One that makes a plain value from plain values: their kinds are checked, the value is passed over. */
function plain(what: string, ...kinds: readonly (readonly string[])[]): Apply {
  return (args, machine, name) => {
    const least = kinds.filter((kind) => !kind.includes('nothing')).length;
    arity(args, least, kinds.length, machine, name);
    for (const [i, arg] of args.entries())
      if (kinds[i]?.includes(kindOf(arg)) !== true) throw machine.bad(`${name} is given ${kindOf(arg)}`);
    return { kind: 'passed', what };
  };
}

/** `_rebuild_from_type_v2(function, class, arguments, state)`: attributes of a tensor are passed over. */
const fromType: Apply = (args, machine, name) => {
  arity(args, 4, 4, machine, name);
  const [callee, type, inner, state] = args;
  if (!isKind(callee, 'global') || !callee.name.startsWith('torch._utils._rebuild_'))
    throw machine.bad(`${name} is given ${kindOf(callee)}, expected a function of torch._utils`);
  if (!isKind(type, 'global')) throw machine.bad(`${name} is given ${kindOf(type)}, expected a class`);
  if (state !== null && !isKind(state, 'dict') && !isItems(state, 'tuple'))
    throw machine.bad(`${name} is given ${kindOf(state)} as state`);
  return applyGlobal(callee, inner, machine);
};

const functions: ReadonlyMap<string, Apply> = new Map<string, Apply>([
  ['collections.OrderedDict', dict],
  ['collections.Counter', dict],
  [
    'torch.Size',
    (args, machine, name) => {
      arity(args, 0, 1, machine, name);
      return {
        kind: 'tuple',
        items: counts(args[0] ?? { kind: 'tuple', items: [] }, 'a torch.Size', machine),
      };
    },
  ],
  [
    'torch._utils._rebuild_tensor',
    (args, machine, name) => {
      arity(args, 4, 4, machine, name);
      return tensor(args, undefined, machine, name);
    },
  ],
  ['torch._utils._rebuild_tensor_v2', (args, machine, name) => rebuild(args, undefined, machine, name)],
  ['torch._utils._rebuild_tensor_v3', (args, machine, name) => rebuild(args, 6, machine, name)],
  [
    'torch._utils._rebuild_parameter',
    (args, machine, name) => {
      arity(args, 3, 3, machine, name);
      return parameter(args, machine, name);
    },
  ],
  [
    'torch._utils._rebuild_parameter_with_state',
    (args, machine, name) => {
      arity(args, 4, 4, machine, name);
      return parameter(args, machine, name);
    },
  ],
  [
    'torch.nn.parameter.Parameter',
    (args, machine, name) => {
      arity(args, 1, 2, machine, name);
      return parameter(args, machine, name);
    },
  ],
  ['torch._tensor._rebuild_from_type_v2', fromType],
  [
    'torch._utils._rebuild_qtensor',
    refuse('a quantized tensor', 'Save tensor.dequantize(), or tensor.int_repr().'),
  ],
  ['torch._utils._rebuild_sparse_tensor', refuse('a sparse tensor', 'Save tensor.to_dense().')],
  ['torch._utils._rebuild_nested_tensor', refuse('a nested tensor', 'Save tensor.to_padded_tensor(0).')],
  [
    'torch._utils._rebuild_meta_tensor_no_storage',
    refuse('a tensor on the meta device, which has no numbers', 'Give it numbers before it is saved.'),
  ],
  [
    'torch._utils._rebuild_wrapper_subclass',
    refuse('a tensor of a class of its own', 'Save the plain tensor that it wraps.'),
  ],
  [
    'torch._utils._rebuild_device_tensor_from_cpu_tensor',
    refuse('a tensor of another device', 'Save tensor.cpu().'),
  ],
  ['torch.serialization._get_layout', plain('a layout', ['a text'])],
  ['torch.device', plain('a device', ['a text'], ['a number', 'nothing'])],
  ['_codecs.encode', plain('bytes', ['a text'], ['a text'])],
  ['builtins.bytearray', plain('bytes', ['a text', 'bytes', 'nothing'], ['a text', 'nothing'])],
  ['builtins.complex', plain('a complex number', ['a number'], ['a number'])],
  [
    'builtins.set',
    (args, machine, name) => {
      arity(args, 1, 1, machine, name);
      const [list] = args;
      if (!isItems(list, 'list')) throw machine.bad(`${name} is given ${kindOf(list)}, expected a list`);
      machine.spend(list.items.length);
      return { kind: 'set', items: [...list.items] };
    },
  ],
]);

/** Names that are handed around and never applied. */
const classes: ReadonlySet<string> = new Set([
  'torch.Tensor',
  'torch.storage.TypedStorage',
  'torch.nn.parameter.Buffer',
  'torch.per_tensor_affine',
  'torch.per_tensor_symmetric',
  'torch.per_channel_affine',
  'torch.per_channel_symmetric',
  'torch.per_channel_affine_float_qparams',
]);
