// The opcodes of protocols 2 to 5 that torch.save and plain containers need, each a step of the machine.
// What is not in the table is refused by its name.
import { applyGlobal, buildState, openGlobal, openStorage } from './globals.js';
import type { Machine } from './machine.js';
import { kindOf, type PickleValue } from './values.js';

type Step = (machine: Machine) => void;

function tuple(items: PickleValue[]): PickleValue {
  return { kind: 'tuple', items };
}

/** Python 2 wrote texts as bytes. */
function oldText(machine: Machine, length: number): PickleValue {
  const bytes = machine.take(length);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { kind: 'passed', what: 'bytes' };
  }
}

function passBytes(machine: Machine, length: number): void {
  machine.take(length);
  machine.push({ kind: 'passed', what: 'bytes' });
}

function setItems(machine: Machine, items: readonly PickleValue[]): void {
  if (items.length % 2 !== 0) throw machine.bad('a dict is given a key without a value');
  const { pairs } = machine.target('dict');
  for (const item of items) pairs.push(item);
}

function addAll(machine: Machine, kind: 'list' | 'set', values: readonly PickleValue[]): void {
  const { items } = machine.target(kind) as { readonly items: PickleValue[] };
  for (const value of values) items.push(value);
}

function frame(machine: Machine): void {
  if (machine.frameEnd !== undefined) throw machine.bad(`a frame begins before the last one ends`);
  const length = machine.u64();
  machine.frameEnd = machine.at + length;
}

function stackGlobal(machine: Machine): void {
  const [module, name] = machine.popMany(2);
  if (typeof module !== 'string' || typeof name !== 'string')
    throw machine.bad(`a global is named by ${kindOf(module)} and ${kindOf(name)}, expected two texts`);
  machine.push(openGlobal(module, name, machine));
}

function apply(machine: Machine): void {
  const [callee, args] = machine.popMany(2);
  machine.push(applyGlobal(callee, args, machine));
}

function build(machine: Machine): void {
  const state = machine.pop();
  buildState(machine.top(), state, machine);
}

export const steps: ReadonlyMap<number, Step> = new Map<number, Step>(
  (
    [
      ['\x95', frame],
      ['(', (m) => m.mark()],
      ['0', (m) => void m.pop()],
      ['1', (m) => void m.popMark()],
      ['N', (m) => m.push(null)],
      ['\x88', (m) => m.push(true)],
      ['\x89', (m) => m.push(false)],
      ['J', (m) => m.push(m.i32())],
      ['K', (m) => m.push(m.u8())],
      ['M', (m) => m.push(m.u16())],
      ['\x8a', (m) => m.push(m.integer(m.u8()))],
      ['\x8b', (m) => m.push(m.integer(m.signedLength()))],
      ['G', (m) => m.push(m.f64())],
      ['T', (m) => m.push(oldText(m, m.signedLength()))],
      ['U', (m) => m.push(oldText(m, m.u8()))],
      ['X', (m) => m.push(m.text(m.u32()))],
      ['\x8c', (m) => m.push(m.text(m.u8()))],
      ['\x8d', (m) => m.push(m.text(m.u64()))],
      ['B', (m) => passBytes(m, m.u32())],
      ['C', (m) => passBytes(m, m.u8())],
      ['\x8e', (m) => passBytes(m, m.u64())],
      ['\x96', (m) => passBytes(m, m.u64())],
      [')', (m) => m.push(tuple([]))],
      ['\x85', (m) => m.push(tuple(m.popMany(1)))],
      ['\x86', (m) => m.push(tuple(m.popMany(2)))],
      ['\x87', (m) => m.push(tuple(m.popMany(3)))],
      ['t', (m) => m.push(tuple(m.popMark()))],
      [']', (m) => m.push({ kind: 'list', items: [] })],
      ['a', (m) => addAll(m, 'list', m.popMany(1))],
      ['e', (m) => addAll(m, 'list', m.popMark())],
      ['}', (m) => m.push({ kind: 'dict', pairs: [] })],
      ['s', (m) => setItems(m, m.popMany(2))],
      ['u', (m) => setItems(m, m.popMark())],
      ['\x8f', (m) => m.push({ kind: 'set', items: [] })],
      ['\x90', (m) => addAll(m, 'set', m.popMark())],
      ['\x91', (m) => m.push({ kind: 'set', items: m.popMark() })],
      ['h', (m) => m.push(m.recall(m.u8()))],
      ['j', (m) => m.push(m.recall(m.u32()))],
      ['q', (m) => m.remember(m.u8())],
      ['r', (m) => m.remember(m.u32())],
      ['\x94', (m) => m.rememberNext()],
      ['c', (m) => m.push(openGlobal(m.line(), m.line(), m))],
      ['\x93', stackGlobal],
      ['R', apply],
      ['\x81', apply],
      ['b', build],
      ['Q', (m) => m.push(openStorage(m.pop(), m))],
    ] satisfies [string, Step][]
  ).map(([name, step]) => [name.charCodeAt(0), step]),
);

/** Opcodes that pickles have and a file of tensors has no use for. */
const refusedNames: ReadonlyMap<number, string> = new Map(
  Object.entries({
    i: 'INST',
    o: 'OBJ',
    '\x82': 'EXT1',
    '\x83': 'EXT2',
    '\x84': 'EXT4',
    '\x92': 'NEWOBJ_EX',
    '\x97': 'NEXT_BUFFER',
    '\x98': 'READONLY_BUFFER',
    P: 'PERSID',
    '2': 'DUP',
    I: 'INT',
    L: 'LONG',
    F: 'FLOAT',
    S: 'STRING',
    V: 'UNICODE',
    l: 'LIST',
    d: 'DICT',
    g: 'GET',
    p: 'PUT',
    '\x80': 'PROTO within a pickle',
  }).map(([text, name]) => [text.charCodeAt(0), name]),
);

export function refusedOpcode(code: number, machine: Machine): Error {
  const name = refusedNames.get(code);
  if (name === undefined)
    return machine.bad(`0x${code.toString(16).padStart(2, '0')} is no opcode of a pickle`);
  return machine.refused(
    `the opcode ${name} is not what a file of tensors needs; nothing was run`,
    'Save the tensors alone: torch.save(model.state_dict(), FILE).',
  );
}
