#!/usr/bin/env node
// The process: signals in, exit code out.
import { type Command, CommanderError } from 'commander';
import { isNacreError, NacreError } from '../index.js';
import { commands } from './commands/index.js';
import { exitCodeOf, exitCodes } from './exit-codes.js';
import { errorJson, errorText, wantsColor } from './output.js';
import { makeProgram, type Running } from './program.js';

const interrupt = new AbortController();
const running: Running = { interrupt: interrupt.signal, exitCode: exitCodes.ok };

function onSignal(signal: NodeJS.Signals): void {
  if (!interrupt.signal.aborted) {
    process.stderr.write('\ninterrupted: ending cleanly; once more ends at once\n');
    interrupt.abort(new NacreError('Aborted', 'interrupted'));
    return;
  }
  // By the signal itself: an orderly exit would wait for threads, and one may wait for a pipe for ever.
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);

// Who reads our output may stop reading, as `head` does: that ends the command, and is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.ok);
    throw error;
  });
}

async function main(argv: readonly string[]): Promise<number> {
  const program = makeProgram(running, commands);
  try {
    await program.parseAsync(argv);
    return running.exitCode;
  } catch (error) {
    const typed = toNacreError(error, () => usageOf(program, argv));
    if (typed === undefined) return (error as CommanderError).exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (isBrokenPipe(error)) return exitCodes.ok;
    const json = argv.includes('--json');
    process.stderr.write(`${json ? errorJson(typed) : errorText(typed, wantsColor(process.stderr))}\n`);
    if (typed.code === 'Internal') process.stderr.write(json ? '' : `${stackOf(error)}\n`);
    return exitCodeOf(typed, interrupt.signal.aborted);
  }
}

/** Undefined when help or the version was asked for and printed. */
function toNacreError(error: unknown, usage: () => string): NacreError | undefined {
  if (error instanceof CommanderError) return usageError(error, usage);
  if (isNacreError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new NacreError('Internal', `unexpected: ${message}`, {
    cause: error,
    hint: 'This is a mistake of ours. Please report it with the command and what stands below.',
  });
}

/** `error: unknown command 'inof'` and, on a line of its own, `(Did you mean info?)`. */
function usageError(error: CommanderError, usage: () => string): NacreError | undefined {
  if (error.exitCode === 0 || error.code === 'commander.help') return undefined;
  const [first = '', ...rest] = error.message.split('\n');
  const near = /\((.*)\)/.exec(rest.join(' '))?.[1];
  return new NacreError('InvalidArgument', first.replace(/^error: /, ''), {
    hint: near ?? usage(),
  });
}

/** Of the command that was asked for, or where the commands are listed. */
function usageOf(program: Command, argv: readonly string[]): string {
  const name = argv.slice(2).find((word) => !word.startsWith('-'));
  const command = program.commands.find((known) => known.name() === name);
  return command === undefined
    ? '`nacre --help` lists the commands, `nacre COMMAND --help` their options.'
    : `Usage: nacre ${command.name()} ${command.usage()}. \`nacre ${command.name()} --help\` says more.`;
}

/** Of our own output: the same error of a connection to a store is another matter. */
function isBrokenPipe(error: unknown): boolean {
  if (isNacreError(error))
    return error.context['errno'] === 'EPIPE' && error.context['path'] === 'standard output';
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'EPIPE';
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? '') : '';
}

process.exit(await main(process.argv));
