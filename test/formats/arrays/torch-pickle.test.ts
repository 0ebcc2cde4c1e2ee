// The unpickler alone: what it refuses, and that it makes descriptions and nothing else.
import { describe, expect, test } from 'vitest';
import { isNacreError, type NacreError } from '../../../src/errors.js';
import { type Unpickled, unpickle } from '../../../src/formats/arrays/torch/unpickle.js';
import {
  bytesOfParts,
  dict,
  global,
  int,
  ints,
  orderedDict,
  pickle,
  type PicklePart,
  storage,
  tensor,
  text,
  tuple,
  u32,
  u64,
} from '../../support/torch-file.js';

const source = 'x.pt: data.pkl';

function read(bytes: Uint8Array): Unpickled {
  const read = unpickle(bytes, source);
  if ('needBytes' in read) throw new Error('it asks for more bytes than there are');
  return read;
}

function refusal(bytes: Uint8Array): NacreError {
  try {
    read(bytes);
  } catch (error) {
    if (isNacreError(error)) return error;
    throw error;
  }
  throw new Error('the pickle was accepted');
}

function expectRefusal(bytes: Uint8Array, code: string, words: RegExp): void {
  const error = refusal(bytes);
  expect({ code: error.code, message: error.message }).toEqual({
    code,
    message: expect.stringMatching(words) as string,
  });
  expect(error.message).toContain(source);
  expect(error.hint).toBeTruthy();
}

const hello = tuple(text('echo hello > /tmp/nacre-was-here'));
const rebuild = global('torch._utils', '_rebuild_tensor_v2');

describe('what would run something', () => {
  test.each<[string, PicklePart, string]>([
    ['os.system by REDUCE', [global('os', 'system'), hello, 'R'], 'os.system'],
    ['posix.system by REDUCE', [global('posix', 'system'), hello, 'R'], 'posix.system'],
    ['posix.system by STACK_GLOBAL', ['\x8c\x05posix\x8c\x06system\x93', hello, 'R'], 'posix.system'],
    ['builtins.eval', [global('builtins', 'eval'), hello, 'R'], 'builtins.eval'],
    ['eval of Python 2', [global('__builtin__', 'eval'), hello, 'R'], 'builtins.eval'],
    ['builtins.getattr', [global('builtins', 'getattr'), hello, 'R'], 'builtins.getattr'],
    ['subprocess.Popen', [global('subprocess', 'Popen'), hello, 'R'], 'subprocess.Popen'],
    [
      'a name with a path in it',
      [global('torch._utils', '_rebuild_tensor_v2.__globals__'), '.'],
      '__globals__',
    ],
    [
      'a module of the same name',
      [global('collections.abc', 'OrderedDict'), ')R'],
      'collections.abc.OrderedDict',
    ],
    ['torch.load itself', [global('torch', 'load'), hello, 'R'], 'torch.load'],
    [
      'torch.storage._load_from_bytes',
      [global('torch.storage', '_load_from_bytes'), hello, 'R'],
      '_load_from_bytes',
    ],
    ['copyreg._reconstructor', [global('copyreg', '_reconstructor'), hello, 'R'], 'copyreg._reconstructor'],
    [
      'numpy',
      [global('numpy.core.multiarray', '_reconstruct'), hello, 'R'],
      'numpy.core.multiarray._reconstruct',
    ],
    ['a class of the user', [global('__main__', 'Model'), ')\x81}b'], '__main__.Model'],
  ])('%s is refused by its name', (_, parts, name) => {
    const error = refusal(pickle(parts));
    expect(error).toMatchObject({ code: 'UnsupportedFormat' });
    expect(error.message).toContain(`${name} is not what a file of tensors needs; nothing was run`);
  });

  test('a name that would break the message is quoted', () => {
    const { message } = refusal(pickle(global('os\x1b[31m', 'sys\x00tem')));
    expect(message).toContain('os\\x1b[31m.sys\\x00tem');
  });

  test.each<[string, PicklePart, RegExp]>([
    ['a dtype', [global('torch', 'float32'), ')R'], /float32 is called/],
    [
      'a storage class',
      [global('torch', 'FloatStorage'), tuple(int(10)), 'R'],
      /torch\.FloatStorage is called/,
    ],
    ['a class that is only named', [global('torch', 'Tensor'), ')R'], /torch\.Tensor is called/],
    ['a text', [text('os.system'), hello, 'R'], /a text is called/],
    ['a tensor', [tensor(), ')R'], /a tensor is called/],
    ['None by NEWOBJ', ['N)\x81'], /None is called/],
  ])('%s cannot be applied', (_, parts, words) => expectRefusal(pickle(parts), 'UnsupportedFormat', words));

  test.each<[string, PicklePart, RegExp]>([
    ['a function', [rebuild, '}b'], /BUILD gives torch\._utils\._rebuild_tensor_v2/],
    ['a class', [global('torch', 'Size'), '}b'], /BUILD gives torch\.Size/],
    [
      'a tensor',
      [tensor(), dict([text('__setstate__'), int(1)]), 'b'],
      /BUILD gives a tensor the state a dict/,
    ],
    ['a list', ['](K\x01e}b'], /BUILD gives a list/],
    ['an ordered dict a tuple', [orderedDict, ')b'], /BUILD gives a dict the state a tuple/],
  ])('BUILD on %s is refused', (_, parts, words) => expectRefusal(pickle(parts), 'UnsupportedFormat', words));

  test('BUILD on an ordered dict is passed over: it is the metadata of a state dict', () => {
    const state = dict([text('_metadata'), orderedDict], [text('__class__'), text('x')]);
    expect(read(pickle(orderedDict, state, 'b')).value).toEqual({ kind: 'dict', pairs: [] });
  });

  test.each([
    ['INST', '(ios\nsystem\n'],
    ['OBJ', '(cos\nsystem\no'],
    ['EXT1', '\x82\x01'],
    ['EXT2', '\x83\x01\x00'],
    ['EXT4', '\x84\x01\x00\x00\x00'],
    ['NEWOBJ_EX', 'N)}\x92'],
    ['PERSID', 'Pstorage\n'],
    ['NEXT_BUFFER', '\x97'],
    ['READONLY_BUFFER', 'N\x98'],
    ['STRING', "S'x'\n"],
    ['INT', 'I1\n'],
    ['GET', 'g0\n'],
    ['DUP', 'N2'],
  ])('the opcode %s is refused by its name', (name, parts) => {
    const error = refusal(pickle(parts));
    expect(error.code).toBe('UnsupportedFormat');
    expect(error.message).toContain(parts.includes('system') && name === 'OBJ' ? 'os.system' : name);
  });
});

describe('arguments that are not what a function takes', () => {
  const utils = (name: string): PicklePart => global('torch._utils', name);
  test.each<[string, PicklePart, RegExp]>([
    ['no tuple', [rebuild, ']R'], /arguments are a list/],
    ['too few', [rebuild, ')R'], /is given 0 arguments, expected 6 to 7/],
    ['too many', [rebuild, tuple('NNNNNNNN'), 'R'], /is given 8 arguments/],
    [
      'no storage',
      [rebuild, tuple('N', int(0), ints([2]), ints([1]), '\x89', orderedDict), 'R'],
      /None, expected a storage/,
    ],
    ['a negative offset', tensor({ offset: -1 }), /offset of a tensor is -1/],
    ['an offset of 2^63', tensor({ offset: 2n ** 63n - 1n }), /offset of a tensor is 9223372036854775807/],
    ['a negative length', tensor({ shape: [-2, 3], stride: [3, 1] }), /size of a tensor is -2/],
    ['a negative stride', tensor({ stride: [3, -1] }), /stride of a tensor is -1/],
    ['one stride too few', tensor({ stride: [1] }), /2 dimensions and 1 strides/],
    [
      '65 dimensions',
      tensor({ shape: Array<number>(65).fill(1), stride: Array<number>(65).fill(1) }),
      /65 dimensions/,
    ],
    ['a negative storage', tensor({ length: -6 }), /length of a storage is -6/],
    [
      'a fraction',
      [rebuild, tuple(storage(), 'G?\xf8\0\0\0\0\0\0', ints([2]), ints([1]), '\x89N'), 'R'],
      /is 1\.5/,
    ],
    [
      'no bool',
      [rebuild, tuple(storage(), int(0), ints([2]), ints([1]), 'N', orderedDict), 'R'],
      /None, expected a bool/,
    ],
    ['hooks', [rebuild, tuple(storage(), int(0), ints([2]), ints([1]), '\x89', text('x')), 'R'], /as hooks/],
    ['metadata', tensor({ metadata: text('x') }), /as metadata/],
    [
      'no dtype',
      [utils('_rebuild_tensor_v3'), tuple(storage(), int(0), ints([2]), ints([1]), '\x89NN'), 'R'],
      /expected a dtype/,
    ],
    [
      'a parameter of a text',
      [utils('_rebuild_parameter'), tuple(text('x'), '\x88', orderedDict), 'R'],
      /expected a tensor/,
    ],
    [
      'a dict of a text',
      [global('collections', 'OrderedDict'), tuple(text('x')), 'R'],
      /expected a list of pairs/,
    ],
    ['a dict of no pairs', [global('collections', 'OrderedDict'), tuple('](K\x01e'), 'R'], /expected pairs/],
    ['a size of texts', [global('torch', 'Size'), tuple(tuple(text('x'))), 'R'], /torch\.Size is a text/],
    ['a device of None', [global('torch', 'device'), 'N\x85R'], /torch\.device is given None/],
    [
      'a type that is no function',
      [global('torch._tensor', '_rebuild_from_type_v2'), tuple(global('torch', 'Size'), 'N)N'), 'R'],
      /expected a function of torch\._utils/,
    ],
  ])('%s', (_, parts, words) => expectRefusal(pickle(parts), 'InvalidArgument', words));

  test.each<[string, PicklePart]>([
    ['no tuple', [text('storage'), 'Q']],
    [
      'another tag',
      [tuple(text('module'), global('torch', 'FloatStorage'), text('0'), text('cpu'), int(1)), 'Q'],
    ],
    ['too short', [tuple(text('storage')), 'Q']],
    [
      'a class of another kind',
      [tuple(text('storage'), global('torch', 'Size'), text('0'), text('cpu'), int(1)), 'Q'],
    ],
    [
      'a key that is a number',
      [tuple(text('storage'), global('torch', 'FloatStorage'), int(0), text('cpu'), int(1)), 'Q'],
    ],
    ['a view that is none', storage({ view: text('x') })],
    ['one key with two lengths', [storage({ length: 1 }), '0', storage({ length: 2 })]],
  ])('a persistent id: %s', (_, parts) =>
    expectRefusal(pickle(parts), 'InvalidArgument', /storage|persistent|view/),
  );
});

describe('bytes that lie', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /1 bytes are to follow/],
    ['no protocol', Buffer.from('}.'), /does not begin as a pickle/],
    ['no STOP', Buffer.from('\x80\x02N', 'latin1'), /1 bytes are to follow at byte 3, 0 are there/],
    ['an empty stack at STOP', pickle(''), /stack is empty/],
    ['two values at STOP', pickle('NN'), /more than one value/],
    ['a mark at STOP', pickle('(N'), /more than one value/],
    ['TUPLE without a mark', pickle('Nt'), /no mark/],
    ['TUPLE3 of two values', pickle('NN\x87'), /2 values, 3 are taken/],
    ['REDUCE on nothing', pickle('R'), /0 values, 2 are taken/],
    ['APPEND to a dict', pickle('}Na'), /into a dict, expected a list/],
    ['SETITEM on a list', pickle(']NNs'), /into a list, expected a dict/],
    ['a key without a value', pickle('}(Nu'), /key without a value/],
    ['a memo that was never put', pickle('h\x05'), /memo 5 is read/],
    ['BINPUT on nothing', pickle('q\x00'), /stack is empty/],
    ['a text of 4 GB', pickle('X\xff\xff\xff\xffabc'), /4294967295 bytes are to follow/],
    [
      'a text of 2^64 bytes',
      bytesOfParts('\x80\x04\x8d', u64(2n ** 64n - 1n), 'x.'),
      /18446744073709551615 bytes/,
    ],
    ['bytes of 2^62', bytesOfParts('\x80\x05\x96', u64(2n ** 62n), 'x.'), /4611686018427387904 bytes/],
    ['an integer of 2 GB', pickle('\x8b', u32(2 ** 31 - 1), 'x'), /integer of 2147483647 bytes/],
    ['an integer of negative length', pickle('\x8b', u32(2 ** 32 - 5), 'x'), /a length is -5/],
    ['a string of negative length', pickle('T', u32(2 ** 32 - 1), 'x'), /a length is -1/],
    ['an integer longer than any', pickle('\x8b', u32(5000), Buffer.alloc(5000, 1)), /at most 1024/],
    ['a text that is not UTF-8', pickle('X\x02\0\0\0\xff\xfe'), /not UTF-8/],
    ['a name without an end', pickle(`c${'x'.repeat(2000)}`), /a name goes on/],
    ['a name that is not UTF-8', pickle('c\xff\nx\n'), /name is not UTF-8/],
    ['a byte that is no opcode', pickle('\xfe'), /0xfe is no opcode/],
    ['a global named by numbers', pickle('K\x01K\x02\x93'), /named by a number and a number/],
    [
      'a frame longer than the file',
      bytesOfParts('\x80\x04\x95', u64(10n ** 9n), 'N.'),
      /1000000000 bytes are to follow/,
    ],
    [
      'a frame that ends in an opcode',
      bytesOfParts('\x80\x04\x95', u64(3n), text('abc'), '.'),
      /frame ends at byte 14/,
    ],
    [
      'a frame in a frame',
      bytesOfParts('\x80\x04\x95', u64(11n), '\x95', u64(1n), 'N.'),
      /before the last one ends/,
    ],
    ['a frame behind STOP', bytesOfParts('\x80\x04\x95', u64(4n), 'N.NN'), /within a frame/],
  ])('%s', (_, bytes, words) => expectRefusal(bytes, 'InvalidArgument', words));

  test.each([0, 1, 6, 255])('protocol %d is refused', (protocol) => {
    expectRefusal(Uint8Array.of(0x80, protocol, 0x4e, 0x2e), 'UnsupportedFormat', /protocol/);
  });

  test('a pickle that is cut anywhere is refused, or asks for what the file has', () => {
    const whole = pickle(dict([text('a'), tensor()], [text('b'), tensor()]));
    for (let length = 0; length < whole.length; length++) {
      expect(refusal(whole.subarray(0, length)).code).toBe('InvalidArgument');
      const asked = unpickle(whole.subarray(0, length), source, whole.length);
      expect('needBytes' in asked && asked.needBytes > length && asked.needBytes <= whole.length).toBe(true);
    }
  });

  test('any byte of a pickle may be any other: it is read or refused, never more', () => {
    const whole = pickle(dict([text('a'), tensor()], [text('b'), orderedDict]));
    for (let at = 0; at < whole.length; at++)
      for (let value = 0; value < 256; value += at % 3 === 0 ? 1 : 17) {
        const bytes = Buffer.from(whole);
        bytes[at] = value;
        try {
          unpickle(bytes, source);
        } catch (error) {
          if (!isNacreError(error)) throw error;
          expect(['InvalidArgument', 'UnsupportedFormat']).toContain(error.code);
        }
      }
  });
});

describe('bombs', () => {
  test('nesting costs nothing, and makes no call stack', () => {
    const depth = 500_000;
    const lists = read(pickle(']'.repeat(depth), 'a'.repeat(depth - 1)));
    expect(lists.value).toMatchObject({ kind: 'list' });
    expect(read(pickle('N', '\x85'.repeat(depth))).value).toMatchObject({ kind: 'tuple' });
    expectRefusal(pickle('('.repeat(depth)), 'InvalidArgument', /stack is empty/);
  });

  test('a memo index of 2^32 makes nothing large', () => {
    expect(read(pickle('Nr\xff\xff\xff\xff0j\xff\xff\xff\xff')).value).toBe(null);
  });

  test('copies of one long list are counted', () => {
    const pairs = [']q\x00(', ...Array<PicklePart>(100_000).fill('NN\x86'), 'e0'];
    const copies = Array<PicklePart>(1000).fill('ccollections\nOrderedDict\nh\x00\x85R0');
    expectRefusal(pickle(pairs, copies, 'N'), 'UnsupportedFormat', /more than 8388608 values/);
  });

  test('more steps than any file of tensors has are refused', () => {
    expectRefusal(pickle('}0'.repeat(5_000_000)), 'UnsupportedFormat', /more than 8388608 values/);
  });

  test('more bytes than any pickle of tensors has are refused before they are read', () => {
    const start = pickle('X', u32(100 * 2 ** 20));
    expect(() => unpickle(start, source, 2 ** 40)).toThrow(/goes on beyond 67108864 bytes/);
  });
});
