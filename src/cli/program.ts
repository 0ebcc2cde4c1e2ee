// The commands and what they have in common. Every command is one file of `commands/`; it adds itself to the
// program, and its work returns an answer.
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { exitCodeHelp } from './exit-codes.js';
import { type Answer, type CommonOptions, runSession, type Session } from './session.js';
import { parseDurability, parseDuration } from './values.js';

/** Where the work of the chosen command is started; the exit code is what it gives. */
export interface Running {
  readonly interrupt: AbortSignal;
  exitCode: number;
}

export interface CommandSpec<Options> {
  /** With its arguments, such as `drop <uri> <array>`. */
  readonly usage: string;
  readonly summary: string;
  /** Paragraphs between the summary and the options; lines flow, a blank line ends a paragraph. */
  readonly details?: string;
  readonly examples: readonly string[];
  /** Adds options of its own. */
  readonly options?: (command: Command) => Command;
  readonly work: (session: Session, options: Options & CommonOptions, ...args: never[]) => Promise<Answer>;
}

export type Register = (program: Command, running: Running) => void;

/** A command with --help, the common options and its work. */
export function define<Options>(spec: CommandSpec<Options>): Register {
  return (program, running) => {
    const command = program.command(spec.usage).summary(spec.summary);
    command.description([spec.summary, flow(spec.details ?? '')].filter(Boolean).join('\n\n'));
    spec.options?.(command);
    command.addHelpText('after', `\nExamples:\n${spec.examples.map((line) => `  $ ${line}`).join('\n')}`);
    command.action(async () => {
      const options = command.optsWithGlobals<Options & CommonOptions>();
      const args = command.processedArgs as never[];
      running.exitCode = await runSession(options, running.interrupt, (session) =>
        spec.work(session, options, ...args),
      );
    });
  };
}

function flow(text: string): string {
  const paragraphs = text.split(/\n\s*\n/).map((paragraph) => paragraph.trim().replace(/\s*\n\s*/g, ' '));
  return paragraphs.join('\n\n');
}

/** For commands that change something. */
export function changing(command: Command): Command {
  return command.option('--dry-run', 'say what would be done, and do nothing');
}

/** For commands that take something away. */
export function destructive(command: Command): Command {
  return changing(command).option('-y, --yes', 'do not ask, also on a terminal');
}

export function makeProgram(running: Running, commands: readonly Register[]): Command {
  const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };
  const program = new Command('nacre')
    .description(
      'Arrays and vectors in a bucket or a folder, versioned, without a server.\n\n' +
        flow(`URI is s3://bucket/prefix (?profile=NAME picks an AWS profile), gs://bucket/prefix,
        file:///path or a plain path.`),
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .option('--json', 'print one JSON document')
    .option('-q, --quiet', 'print errors and the data asked for only')
    .option('-v, --verbose', 'print requests, waves, bytes and price on standard error')
    .option('--timeout <duration>', 'give up after 500ms, 30s, 5m or 1h', parseDuration)
    .option('--hedge', 'send reads of a bucket again when they are late')
    .option(
      '--durability <how>',
      "commits to a folder wait for the disk ('fsync') or not ('none')",
      parseDurability,
    )
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', `\n${exitCodeHelp}`);
  for (const register of commands) register(program, running);
  return program;
}
