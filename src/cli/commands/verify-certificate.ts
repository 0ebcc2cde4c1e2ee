import { type Certificate, readCertificate, type Verification } from '../../index.js';
import { exitCodes } from '../exit-codes.js';
import { plural } from '../output.js';
import { define } from '../program.js';
import { invalid } from '../values.js';

interface Options {
  readonly uri?: string;
  readonly full?: boolean;
}

const exits: Readonly<Record<Verification['verdict'], number>> = {
  right: exitCodes.ok,
  wrong: exitCodes.wrongCertificate,
  unverifiable: exitCodes.unverifiable,
};

export const verifyCertificate = define<Options>({
  usage: 'verify-certificate <file>',
  summary: 'go over the certificate of an answer again',
  details: `<file> is what \`nacre query --certify\` wrote, or - for standard input. The pass that the
certificate rests on is made again by scalar code at the version that it names, and every claim is compared.
Two questions have an answer each: whether it is right at that version, and whether the newest version still
gives the same rows with the same scores. --full also scores every row, and works out every number of the
codes from the rows.

Exit codes: 0 right at its version, 9 wrong, 10 what it speaks of is gone, damaged, or not at this address.`,
  examples: [
    'nacre verify-certificate answer.json',
    'nacre verify-certificate answer.json --uri s3://bucket/copy --full --json',
  ],
  options: (command) =>
    command
      .option('--uri <uri>', 'where the dataset is (default: where the certificate was made)')
      .option('--full', 'also against every row, and every number of the codes'),
  async work(session, { uri, full = false }, file: string) {
    const { signal } = session;
    const certificate = await readCertificate(file, { signal });
    const place = uri ?? certificate.made.uri;
    if (place === '') throw invalid('the certificate does not say where it was made', 'Give --uri.');
    const dataset = await session.open(place);
    const progress = session.progress('verifying', 'rows');
    const found = await dataset.verify(certificate, {
      signal,
      full,
      onProgress: (done, total) => progress.update(done, total),
    });
    progress.end();
    return {
      json: { file, uri: dataset.uri, ...found, reason: found.reason ?? null },
      text: textOf(certificate, found),
      data: true,
      exitCode: exits[found.verdict],
    };
  },
});

function textOf({ claims }: Certificate, found: Verification): string {
  const { verdict, reason, version, headVersion, differences, now } = found;
  const what = { right: 'right', wrong: 'wrong', unverifiable: 'cannot be verified' }[verdict];
  const lines = [`${what} at version ${version}${reason === undefined ? '' : `: ${reason}`}`];
  for (const { claim, claimed, found: there } of differences)
    lines.push(`  ${claim}: claims ${claimed}, found ${there}`);
  if (verdict === 'right') {
    const { count } = claims.queries;
    const pruned = claims.results.reduce((sum, { proof }) => sum + proof.pruned, 0);
    const [queries, rows] = [count === 1 ? '1 query' : `${count} queries`, plural(claims.liveRows, 'row')];
    const margin = count === 1 ? `, margin ${claims.results[0]?.proof.margin ?? 'none'}` : '';
    lines.push(`  ${queries} by ${claims.metric} on ${rows}, ${pruned} ruled out by codes${margin}`);
  }
  const newest = {
    yes: 'still right',
    no: 'no longer right',
    unknown: 'whether it is still right is not known',
  };
  lines.push(`${newest[now]} at version ${headVersion}, the newest`);
  return lines.join('\n');
}
