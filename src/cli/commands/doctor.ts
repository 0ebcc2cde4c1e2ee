import { doctor as examine, type Diagnosis, type Finding } from '../../index.js';
import { exitCodes } from '../exit-codes.js';
import { wantsColor } from '../output.js';
import { define } from '../program.js';

interface Options {
  readonly full?: boolean;
}

/** For the progress only. */
const checks = 20;

const marks: Readonly<Record<Finding['verdict'], string>> = {
  ok: 'ok  ',
  warning: 'WARN',
  failed: 'FAIL',
  skipped: 'skip',
};

const colors: Readonly<Record<Finding['verdict'], number>> = { ok: 32, warning: 33, failed: 31, skipped: 2 };

export const doctor = define<Options>({
  usage: 'doctor <uri>',
  summary: 'try out a bucket or a folder: rights, races, checksums, clocks, speed',
  details: `Writes scratch keys below leases/ and removes them; a dataset there is not touched. Some 450 small
requests and 8 MiB each way, on S3 about a quarter of a cent. A store in which two of many racing
writers win is refused for several writers. Of a bucket it also reads lifecycle rules, policy, storage
classes, versioning and replication, and says what of them would take data away or refuse writes later, and
what to change; what the credentials cannot read is said as not known.

Exit codes: 0 all went well, 7 the credentials do not allow what failed, 1 something else failed.`,
  examples: ['nacre doctor s3://bucket/prefix', 'nacre doctor ./folder --full --json'],
  options: (command) => command.option('--full', 'also a body that goes in parts, 64 MiB each way'),
  async work(session, { full }, uri: string) {
    const color = wantsColor(process.stdout);
    const progress = session.progress('checking', 'rows');
    let done = 0;
    const diagnosis = await examine(uri, {
      signal: session.signal,
      full: full === true,
      onFinding: () => progress.update(++done, checks),
    });
    progress.end();
    return {
      json: diagnosis,
      text: [...diagnosis.findings.map((finding) => line(finding, color)), '', summary(diagnosis)].join('\n'),
      data: true,
      exitCode: exitCodeOf(diagnosis.findings),
    };
  },
});

function line({ check, verdict, detail }: Finding, color: boolean): string {
  const mark = color ? `\u001b[${colors[verdict]}m${marks[verdict]}\u001b[0m` : marks[verdict];
  return `${mark}  ${check.padEnd(16)}  ${detail}`;
}

function summary({ uri, canRead, canWrite, manyWriters }: Diagnosis): string {
  if (!canRead) return `${uri}: cannot be read with these credentials`;
  if (!canWrite) return `${uri}: can be read, and not written with these credentials`;
  return manyWriters
    ? `${uri}: good for readers and any number of writers`
    : `${uri}: good for readers and one writer; refused for several writers`;
}

function exitCodeOf(findings: readonly Finding[]): number {
  const failed = findings.filter(({ verdict }) => verdict === 'failed');
  if (failed.length === 0) return exitCodes.ok;
  return failed.every(({ code }) => code === 'PermissionDenied') ? exitCodes.permission : exitCodes.error;
}
