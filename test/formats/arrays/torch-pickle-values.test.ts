// The unpickler alone: what it reads, in every way in which pickles write it.
import { expect, test } from 'vitest';
import { type Unpickled, unpickle } from '../../../src/formats/arrays/torch/unpickle.js';
import {
  bytesOfParts,
  dict,
  global,
  int,
  ints,
  orderedDict,
  pickle,
  storage,
  tensor,
  text,
  tuple,
  u64,
  type PicklePart,
} from '../../support/torch-file.js';

function read(bytes: Uint8Array): Unpickled {
  const read = unpickle(bytes, 'x.pt: data.pkl');
  if ('needBytes' in read) throw new Error('it asks for more bytes than there are');
  return read;
}

test('protocols 2 to 5, frames and all their ways to write a value are read', () => {
  const framed = bytesOfParts('N\x88\x89K\x01M\x01\x01J\xff\xff\xff\xff\x8a\x01\x80', 'G?\xf8\0\0\0\0\0\0');
  const body = bytesOfParts('(', framed, '\x8c\x01x\x94h\x00C\x01y\x8f(K\x01\x90(K\x02\x91]K\x03at.');
  for (const head of [
    bytesOfParts('\x80\x04\x95', u64(BigInt(body.length))),
    '\x80\x05',
    '\x80\x03',
    '\x80\x02',
  ])
    expect(read(bytesOfParts(head, body)).value).toEqual({
      kind: 'tuple',
      items: [
        null,
        true,
        false,
        1,
        257,
        -1,
        -128,
        1.5,
        'x',
        'x',
        { kind: 'passed', what: 'bytes' },
        { kind: 'set', items: [1] },
        { kind: 'set', items: [2] },
        { kind: 'list', items: [3] },
      ],
    });
  expect(read(pickle('\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19')).value).toBe(0x1950a86a20f9469cfc6cn);
});

test.each<[string, PicklePart, unknown]>([
  [
    'a parameter',
    [global('torch._utils', '_rebuild_parameter'), tuple(tensor(), '\x88', orderedDict), 'R'],
    'tensor',
  ],
  [
    'one with attributes',
    [global('torch._utils', '_rebuild_parameter_with_state'), tuple(tensor(), '\x88', orderedDict, '}'), 'R'],
    'tensor',
  ],
  ['one by its class', [global('torch.nn.parameter', 'Parameter'), tuple(tensor()), '\x81'], 'tensor'],
  [
    'a tensor with attributes',
    [
      global('torch._tensor', '_rebuild_from_type_v2'),
      tuple(
        global('torch._utils', '_rebuild_tensor_v2'),
        global('torch', 'Tensor'),
        tuple(storage(), int(0), ints([6]), ints([1]), '\x89', orderedDict),
        '}',
      ),
      'R',
    ],
    'tensor',
  ],
  [
    'an old tensor',
    [global('torch._utils', '_rebuild_tensor'), tuple(storage(), int(0), ints([6]), ints([1])), 'R'],
    'tensor',
  ],
  ['a size', [global('torch', 'Size'), ints([2, 3]), '\x85R'], 'tuple'],
  ['a counter', [global('collections', 'Counter'), dict([text('a'), int(1)]), '\x85R'], 'dict'],
  [
    'an ordered dict of Python 2',
    [global('collections', 'OrderedDict'), ']](', text('a'), int(1), 'ea\x85R'],
    'dict',
  ],
  ['a set of Python 2', [global('__builtin__', 'set'), '](K\x01e\x85R'], 'set'],
  ['a device', [global('torch', 'device'), tuple(text('cuda'), int(0)), 'R'], 'passed'],
  ['a layout', [global('torch.serialization', '_get_layout'), text('torch.strided'), '\x85R'], 'passed'],
  ['a complex number', [global('builtins', 'complex'), tuple(int(1), int(2)), 'R'], 'passed'],
  [
    'bytes of Python 3 in protocol 2',
    [global('_codecs', 'encode'), tuple(text('x'), text('latin1')), 'R'],
    'passed',
  ],
])('%s is read', (_, parts, kind) => {
  expect(read(pickle(parts)).value).toMatchObject({ kind });
});
