// A serverless function that answers from a bucket: rows of an array, or the rows nearest to a vector.
//
// The shape is that of AWS Lambda behind an HTTP address; other platforms differ in the last lines only. The
// handle is kept between calls: a warm call asks once whether there is a newer version (one small request)
// and reads what it has not read before. The role needs s3:GetObject and s3:ListBucket.
//
//   NACRE_URI=s3://bucket/prefix      the dataset, unless the event names one
//   {"array": "e", "vector": [0.1, …], "k": 10, "metric": "cosine"}
//   {"array": "e", "vector": [0.1, …], "where": "lang = 'de'", "select": ["title"], "recall": 0.99}
//   {"array": "e", "start": 0, "end": 100}
import { type Dataset, isNacreError, type Metric, open } from 'nacre';

interface Request {
  readonly uri?: string;
  readonly array: string;
  readonly vector?: readonly number[];
  readonly k?: number;
  readonly metric?: Metric;
  /** Only rows of which this is true. */
  readonly where?: string;
  /** Attributes to answer with. */
  readonly select?: readonly string[];
  /** The part of the nearest rows that is enough, where there is an `ivf` index. Default: all of them. */
  readonly recall?: number;
  readonly start?: number;
  readonly end?: number;
}

/** An HTTP event carries its request as text; a direct call is the request. */
type Event = Request | { readonly body: string };

interface Context {
  getRemainingTimeInMillis(): number;
}

interface Response {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Time to send an answer, even if it is that there was not enough time. */
const reserveMs = 200;

/** Rows of one answer; a function's answer may have some megabytes. */
const mostRows = 1_000;

/** Lives as long as the instance of the function does. */
const kept = new Map<string, Promise<Dataset>>();

export async function handler(event: Event, context?: Context): Promise<Response> {
  const leftMs = (context?.getRemainingTimeInMillis() ?? 30_000) - reserveMs;
  const signal = AbortSignal.timeout(Math.max(1, leftMs));
  try {
    const request = 'body' in event ? (JSON.parse(event.body) as Request) : event;
    return respond(200, await answer(request, signal));
  } catch (error) {
    if (isNacreError(error))
      return respond(statusOf(error.code), { code: error.code, message: error.message });
    return respond(400, { code: 'InvalidArgument', message: 'the request is no JSON document' });
  }
}

async function answer(request: Request, signal: AbortSignal): Promise<unknown> {
  const dataset = await datasetAt(request.uri ?? process.env['NACRE_URI'] ?? '', signal);
  const array = dataset.array(request.array);
  if (request.vector !== undefined) {
    const { metric = 'l2', k = 10, where, select = [], recall } = request;
    let query = array
      .nearest(request.vector, { metric })
      .limit(k)
      .select(...select);
    if (where !== undefined) query = query.where(where);
    if (recall !== undefined) query = query.recall(recall);
    const hits = await query.toArray({ signal });
    return { version: await dataset.version({ signal }), metric, hits };
  }
  const { start = 0, end = start + mostRows } = request;
  const rows = await array.read({ start, end: Math.min(end, start + mostRows), signal });
  // 64-bit integers have no numbers in JSON.
  const numbers = rows.data as ArrayLike<number | bigint>;
  const data = Array.from(numbers, (value) => (typeof value === 'bigint' ? value.toString() : value));
  return { version: await dataset.version({ signal }), dtype: rows.dtype, shape: rows.shape, data };
}

/** The kept handle, moved on to the newest version; opened by the first call of the instance. */
async function datasetAt(uri: string, signal: AbortSignal): Promise<Dataset> {
  const opened = kept.get(uri);
  if (opened !== undefined) {
    const dataset = await opened;
    await dataset.refresh({ signal });
    return dataset;
  }
  // No signal: the handle outlives the call that opens it.
  const opening = open(uri, { memoryBytes: 128 * 2 ** 20, hedge: true });
  kept.set(uri, opening);
  // A failure must not stay for the next call.
  opening.catch(() => kept.delete(uri));
  return opening;
}

function respond(statusCode: number, body: unknown): Response {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function statusOf(code: string): number {
  const statuses: Readonly<Record<string, number>> = {
    InvalidArgument: 400,
    PermissionDenied: 403,
    NotFound: 404,
    Expired: 410,
    Unavailable: 503,
    Aborted: 504,
  };
  return statuses[code] ?? 500;
}
