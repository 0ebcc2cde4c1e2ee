// The command as a process among others: signals, pipes that close, terminals.
import { execFile, spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { answer, cleanEnvironment, nacre, pairs, program, scratch } from './support.js';

const run = promisify(execFile);
const folder = await scratch();
const uri = path.join(folder, 'dataset');
let rows: string;

beforeAll(async () => {
  rows = await pairs(path.join(folder, 'rows.npy'), 1000);
  await answer(['import', uri, 'e', rows]);
});

/** An import that waits for the other end of its standard input. */
function waiting(): {
  readonly pid: number;
  ended: Promise<[number | null, string | null]>;
  stderr: () => string;
} {
  const child = spawn(process.execPath, [program, 'import', uri, 'e', '-'], {
    env: cleanEnvironment(),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let text = '';
  child.stderr.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  child.stdin.write('\u0093NUMPY');
  const ended = new Promise<[number | null, string | null]>((resolve) => {
    child.once('close', (code, signal) => resolve([code, signal]));
  });
  return { pid: child.pid ?? 0, ended, stderr: () => text };
}

/** The handler of signals stands when the command has begun to copy its input. */
async function spooling(): Promise<void> {
  const { tmpdir } = await import('node:os');
  for (let i = 0; i < 600; i++) {
    // The copy has a name for a moment only, so what is waited for is time in small steps.
    await sleep(5);
    if ((await readdir(tmpdir())).some((name) => name.endsWith('.spool'))) break;
  }
  await sleep(1500);
}

test('the first interrupt ends cleanly with 130, and nothing was changed', async () => {
  const command = waiting();
  await spooling();
  process.kill(command.pid, 'SIGINT');
  expect(await command.ended).toEqual([130, null]);
  expect(command.stderr()).toContain('interrupted: ending cleanly');
  expect(command.stderr()).toContain('error: interrupted');
  expect(await answer(['info', uri])).toMatchObject({ version: 2 });
});

test('a reader that stops reading is no error', async () => {
  const script = `'${process.execPath}' '${program}' read '${uri}' e --out - | head -c 10 | wc -c; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await run('bash', ['-c', script], { env: cleanEnvironment() });
  expect(stdout.trim().split(/\s+/)).toEqual(['10', '0']);
  expect(stderr).toBe('');
});

test('--quiet leaves out reports and keeps data; -v adds what was asked of the store', async () => {
  const out = path.join(folder, 'quiet.npy');
  const quiet = await nacre(['read', uri, 'e', '--out', out, '--quiet']);
  expect([quiet.code, quiet.stdout.toString(), quiet.stderr]).toEqual([0, '', '']);
  expect((await nacre(['ls', uri, '--quiet'])).stdout.toString()).toContain('float32');
  const loud = await nacre(['read', uri, 'e', '--out', out, '-v']);
  expect(loud.stderr).toMatch(/^\d+ requests \(.*\), \d+ waves?, .* read, .* written, \$0\.\d+, .*\n$/);
  const failing = await nacre(['read', uri, 'no', '--out', out, '-v', '--json']);
  expect(failing.error.code).toBe('NotFound');
  expect(failing.stderr).toContain(' requests (');
});

test('a timeout ends the command with 5 and says so', async () => {
  const ended = await nacre(['info', uri, '--timeout', '1ms', '--json']);
  expect([ended.code, ended.error.code]).toEqual([5, 'Aborted']);
  expect(ended.error.hint).toContain('--timeout');
});

async function onTerminal(
  typed: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ text: string; status: number }> {
  const script = path.join(import.meta.dirname, 'terminal.py');
  const { stdout } = await run('python3', [script, typed, process.execPath, program, ...args], {
    env: { ...cleanEnvironment(env), TERM: env['TERM'] ?? 'xterm' },
  });
  const [, text = '', status = ''] = /^(.*)\nstatus (-?\d+)\n$/s.exec(stdout) ?? [];
  return { text, status: Number(status) };
}

test('on a terminal, what takes something away asks first', async () => {
  const no = await onTerminal('n', ['drop', uri, 'e', '--rows', '0']);
  expect(no.text).toContain("Drop 1 row of 'e'? [y/N]");
  expect(no.text).toContain('nothing was changed');
  expect(no.status).toBe(1);
  expect(await answer(['info', uri])).toMatchObject({ version: 2 });
  expect((await onTerminal('^D', ['drop', uri, 'e', '--rows', '0'])).status).toBe(1);
  const interrupted = await onTerminal('^C', ['drop', uri, 'e', '--rows', '0']);
  expect(interrupted.status).toBe(130);
  expect(await answer(['info', uri])).toMatchObject({ version: 2 });
  const yes = await onTerminal('y', ['drop', uri, 'e', '--rows', '0']);
  expect([yes.status, yes.text.includes('undo: nacre read')]).toEqual([0, true]);
  const asked = await onTerminal('', ['drop', uri, 'e', '--rows', '0', '--yes']);
  expect([asked.status, asked.text.includes('[y/N]')]).toEqual([0, false]);
  expect(await answer(['info', uri])).toMatchObject({ version: 4 });
});

test('a query shows how far its scan is on a terminal, and takes that away; nowhere else', async () => {
  const args = ['query', uri, 'e', '--row', '0', '--json'];
  const { text, status } = await onTerminal('', args);
  expect(status).toBe(0);
  // As it is drawn anew: a carriage return, and the escape sequence that empties the line.
  const lines = text.split('\r\u001b[K');
  expect(lines.slice(1, -1).join('\n')).toMatch(/^scanning e \d+% of /);
  expect(lines.at(-1)).toMatch(/^\{"version"/);
  expect((await onTerminal('', [...args, '--quiet'])).text).not.toContain('scanning');
  expect((await nacre(args)).stderr).toBe('');
});

test('colour only on a terminal that wants it', async () => {
  const escape = '\u001b[1;31merror:';
  expect((await onTerminal('', ['info', `${uri}-no`])).text).toContain(escape);
  expect((await onTerminal('', ['info', `${uri}-no`], { NO_COLOR: '1' })).text).not.toContain('\u001b[');
  expect((await nacre(['info', `${uri}-no`])).stderr).not.toContain('\u001b[');
});

test('the program is a file of its own with a first line for the shell', async () => {
  expect((await readFile(program, 'utf8')).startsWith('#!/usr/bin/env node\n')).toBe(true);
});
