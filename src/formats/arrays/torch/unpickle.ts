// Reads the pickle of a PyTorch file without Python and without running anything: every opcode makes, or
// fills, a description (values.ts); a global is a name on a fixed list or the end of the reading; applying
// one of the list checks its arguments and describes what would come out. Bounded: the bytes of a pickle,
// its steps (and with them stack, memo and values), integers, names. There is no recursion here, so nesting
// costs nothing; structure that contains itself is found where it is walked (walk.ts).
import { Machine, NeedBytes } from './machine.js';
import { refusedOpcode, steps } from './opcodes.js';
import type { PickleValue, Storage } from './values.js';

export { maxPickleBytes } from './machine.js';

export interface Unpickled {
  readonly value: PickleValue;
  /** Bytes that the pickle has, its STOP included. */
  readonly length: number;
  /** What it refers to, by key. */
  readonly storages: ReadonlyMap<string, Storage>;
}

const proto = 0x80;
const stop = 0x2e;

/**
 * The pickle at the beginning of `bytes`; or how many bytes, more than these, are needed at least to go on
 * when `limit`, up to which the file could hold it, lies beyond them.
 *
 * Throws `InvalidArgument` for what is malformed, `UnsupportedFormat` for globals and opcodes that a file of
 * tensors does not need and for what is too large, with the byte at which it stands.
 */
export function unpickle(
  bytes: Uint8Array,
  source: string,
  limit = bytes.byteLength,
): Unpickled | { readonly needBytes: number } {
  const machine = new Machine(bytes, limit, source);
  try {
    return run(machine);
  } catch (error) {
    if (error instanceof NeedBytes) return { needBytes: error.wanted };
    throw error;
  }
}

function run(machine: Machine): Unpickled {
  if (machine.opcode() !== proto) throw machine.bad('it does not begin as a pickle of protocol 2 to 5 does');
  machine.protocol = machine.u8();
  if (machine.protocol < 2 || machine.protocol > 5)
    throw machine.refused(
      `the pickle has protocol ${machine.protocol}; 2 to 5 are read`,
      'Save it again with torch.save and its default protocol.',
    );
  for (;;) {
    const code = machine.opcode();
    if (code === stop) break;
    const step = steps.get(code);
    if (step === undefined) throw refusedOpcode(code, machine);
    step(machine);
  }
  if (machine.frameEnd !== undefined && machine.frameEnd !== machine.at)
    throw machine.bad(`the pickle ends within a frame that goes on to byte ${machine.frameEnd}`);
  const value = machine.pop();
  if (!machine.isEmpty) throw machine.bad('the pickle ends with more than one value on its stack');
  return { value, length: machine.at, storages: machine.storages };
}
