// What statements of a bucket policy that deny would do to a dataset. Pure.
//
// Who asks is not known here, so whom a statement is about is said, not judged. What a statement allows says
// nothing: rights come from other policies, too, and the rights themselves are tried out.
import type { Danger } from '../bucket-settings.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html */
interface Statement {
  readonly Sid?: string;
  readonly Effect?: string;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Action?: string | readonly string[];
  readonly NotAction?: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly NotResource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Kinds of keys. */
const created = ['versions', 'arrays', 'segments', 'indexes'] as const;
const overwritten = ['latest', 'leases', 'replicas'] as const;
type Place = (typeof created)[number] | (typeof overwritten)[number];

const id = '0'.repeat(32);

/** Keys that stand for all of a kind, so that a pattern may go by their endings, too. */
const keysOf: Readonly<Record<Place, readonly string[]>> = {
  versions: [`versions/${'9'.repeat(19)}8.root`],
  arrays: [`arrays/${id}/${id}.npy`, `arrays/${id}/${id}.arrow`],
  segments: [`segments/${id}`],
  indexes: [`indexes/${id}/${id}`],
  latest: ['latest'],
  leases: [`leases/${id}`],
  replicas: [`replicas/${id}`],
};

/** In China and in GovCloud ARNs begin otherwise. */
const partition = /^arn:aws[\w-]*:s3:::/;
const anyPartition = (pattern: string): string => pattern.replace(partition, 'arn:aws:s3:::');

/** Undefined for a policy that cannot be read. */
export function policyDangers(policy: string, bucket: string, prefix: string): Danger[] | undefined {
  let statements: Statement[];
  try {
    const { Statement: found = [] } = JSON.parse(policy) as { Statement?: Statement | Statement[] };
    statements = listOf(found);
  } catch {
    return undefined;
  }
  const root = `arn:aws:s3:::${bucket}`;
  const resourceOf = (key: string): string => `${root}/${prefix === '' ? '' : `${prefix}/`}${key}`;
  return statements
    .filter(({ Effect }) => Effect === 'Deny')
    .flatMap((statement) => {
      const met = (action: string, places: readonly Place[]): Place[] =>
        places.filter((place) => keysOf[place].some((key) => meets(statement, action, resourceOf(key))));
      const name = `the policy statement '${statement.Sid ?? 'without a name'}' (for ${principal(statement)})`;
      const demanded = demandOf(statement);
      if (demanded === 'If-None-Match')
        return ifNoneMatch(statement, name, met('s3:PutObject', created), met('s3:PutObject', overwritten));
      if (demanded === 'If-Match') return ifMatch(name, met('s3:PutObject', created));
      // Under other conditions it is for the checks that try it out.
      if (Object.keys(statement.Condition ?? {}).length > 0) return [];
      return [
        ...denied(name, 's3:PutObject', met('s3:PutObject', created), 'no commit lands'),
        ...denied(name, 's3:GetObject', met('s3:GetObject', [...created, 'latest']), 'reads fail'),
        ...limited(name, met('s3:PutObject', overwritten)),
        ...(meets(statement, 's3:ListBucket', root)
          ? denied(name, 's3:ListBucket', ['versions'], 'a missing key cannot be told from a forbidden one')
          : []),
      ];
    });
}

function ifNoneMatch(
  { Condition = {} }: Statement,
  name: string,
  create: readonly Place[],
  overwrite: readonly Place[],
): Danger[] {
  const whole = Object.values(Condition).some(
    (keys) => valueOf(keys, 's3:objectcreationoperation') !== undefined,
  );
  return [
    ...(overwrite.length === 0
      ? []
      : [
          {
            kind: 'limit' as const,
            text: `${name} demands If-None-Match of every PUT, and ${namesOf(overwrite)} are overwritten by If-Match: ${harmOf(overwrite)}`,
            change: 'Let it name versions/*, arrays/*, segments/* and indexes/* below the prefix alone.',
          },
        ]),
    ...(create.length === 0 || whole
      ? []
      : [
          {
            kind: 'loss' as const,
            text: `${name} demands If-None-Match of parts of uploads, too, which have none: large objects cannot be written`,
            change: 'Add "Bool": {"s3:ObjectCreationOperation": "true"} to its condition.',
          },
        ]),
  ];
}

/** Roots and objects are made by If-None-Match. */
function ifMatch(name: string, create: readonly Place[]): Danger[] {
  if (create.length === 0) return [];
  return [
    {
      kind: 'loss',
      text: `${name} demands If-Match of every PUT: no commit lands, since new keys are made by If-None-Match`,
      change: 'Take it away, or let it name other prefixes alone.',
    },
  ];
}

function denied(name: string, action: string, places: readonly Place[], harm: string): Danger[] {
  if (places.length === 0) return [];
  const what = action === 's3:ListBucket' ? action : `${action} of ${namesOf(places)}`;
  return [
    {
      kind: 'loss',
      text: `${name} denies ${what}: ${harm}`,
      change: 'Take out of it who reads or writes the dataset, or the prefix.',
    },
  ];
}

function limited(name: string, places: readonly Place[]): Danger[] {
  if (places.length === 0) return [];
  return [
    {
      kind: 'limit',
      text: `${name} denies s3:PutObject of ${namesOf(places)}: ${harmOf(places)}`,
      change: 'Let writers overwrite these.',
    },
  ];
}

function harmOf(places: readonly Place[]): string {
  const harm = {
    latest: 'openings take a LIST and more',
    leases: 'leases cannot be held',
    replicas: 'replicas are not told of',
  };
  return places.flatMap((place) => (place in harm ? [harm[place as keyof typeof harm]] : [])).join(', ');
}

function namesOf(places: readonly Place[]): string {
  return places.map((place) => (place === 'latest' ? place : `${place}/`)).join(', ');
}

/** The header that a request must carry not to be denied. */
function demandOf({ Condition = {} }: Statement): 'If-None-Match' | 'If-Match' | undefined {
  for (const [operator, keys] of Object.entries(Condition)) {
    if (operator.toLowerCase() !== 'null') continue;
    if (isTrue(valueOf(keys, 's3:if-none-match'))) return 'If-None-Match';
    if (isTrue(valueOf(keys, 's3:if-match'))) return 'If-Match';
  }
  return undefined;
}

const isTrue = (value: unknown): boolean => listOf(value).some((one) => String(one).toLowerCase() === 'true');

function valueOf(keys: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.entries(keys).find(([key]) => key.toLowerCase() === name)?.[1];
}

function meets(statement: Statement, action: string, resource: string): boolean {
  const { Action, NotAction, Resource, NotResource } = statement;
  const acts =
    NotAction === undefined
      ? listOf(Action).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase()))
      : !listOf(NotAction).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase()));
  const has =
    NotResource === undefined
      ? listOf(Resource).some((pattern) => matches(anyPartition(pattern), resource))
      : !listOf(NotResource).some((pattern) => matches(anyPartition(pattern), resource));
  return acts && has;
}

function listOf<T>(value: T | readonly T[] | undefined): T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? [...(value as readonly T[])] : [value as T];
}

/** `*` is any text, `?` any character. In time that is the product of both lengths at most. */
function matches(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') [star, mark] = [p++, t];
    else if (pattern[p] === '?' || pattern[p] === text[t]) [p, t] = [p + 1, t + 1];
    else if (star >= 0) [p, t] = [star + 1, ++mark];
    else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

function principal({ Principal, NotPrincipal }: Statement): string {
  if (NotPrincipal !== undefined) return `all but ${whoOf(NotPrincipal)}`;
  return whoOf(Principal);
}

function whoOf(who: unknown): string {
  const all = typeof who === 'object' && who !== null ? Object.values(who).flat() : [who];
  const names = all.map((one) => (one === '*' ? 'all' : String(one)));
  return names.slice(0, 3).join(', ') + (names.length > 3 ? ', …' : '');
}
