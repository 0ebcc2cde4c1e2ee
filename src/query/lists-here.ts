// Lists that lie mapped, with their rows beside them: what a query looks into and scores in one call.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import type { LentObject, LentRows } from '../arrays/pages.js';
import { rowBytesOf } from '../arrays/row-type.js';
import type { ScanPart } from '../arrays/row-map.js';
import { fromNative, type ScanResults } from '../native.js';
import type {
  IvfParts,
  IvfQuantizer,
  IvfRounds,
  IvfSearch,
  IvfSearched,
  IvfSegment,
  ListMarks,
} from '../native/ivf.js';
import { defined } from '../util/assert.js';
import type { ApproximateSearch, SearchNow } from './asked.js';
import { type CodedRows, divided, firstRound, mostOfRound } from './coded.js';
import { mostPartitions } from './coded-here.js';
import { type Heads, openSegments, reachOf } from './list-heads.js';
import { isShort, listsAMilli, shortBytes } from './now.js';
import type { NearestPlan } from './plan.js';
import { estimates } from './precision.js';
import { dimensionsOf, hitsOfTurn, scanDtype, untilCancelled } from './scan.js';

/** Found lists and what stands for them. */
export interface FoundLists {
  readonly opened: IvfSearch;
  readonly segments: readonly IvfSegment[];
  readonly lists: readonly CodedRows[];
  readonly covered: readonly ScanPart[];
}

/** By the memory that a segment is mapped to, which stays what it is for as long as it is there. */
const listMarks = new WeakMap<Uint8Array, ListMarks>();

function marksOf({ native }: ArrayEnvironment, quantizer: IvfQuantizer, bytes: Uint8Array): ListMarks {
  const known = listMarks.get(bytes);
  if (known !== undefined) return known;
  const marks = native.createListMarks(quantizer);
  listMarks.set(bytes, marks);
  return marks;
}

/** Segments where they are mapped. */
interface LentSegments {
  readonly objects: readonly LentObject[];
  readonly lists: IvfParts;
}

const lentSegments = new WeakMap<readonly CodedRows[], LentSegments>();

/** Undefined where one of them is damaged, as far as is known, or not mapped. */
function lendSegments(
  environment: ArrayEnvironment,
  quantizer: IvfQuantizer,
  lists: readonly CodedRows[],
  open: () => readonly IvfSegment[],
): LentSegments | undefined {
  const { pages, native } = environment;
  const objects: LentObject[] = [];
  for (const { list } of lists) {
    const object = pages.lendObject?.(list.part);
    if (object === undefined) return undefined;
    objects.push(object);
  }
  const known = lentSegments.get(lists);
  if (known !== undefined && objects.every(({ bytes }, i) => bytes === known.objects[i]?.bytes)) return known;
  const bytes = objects.map((object) => object.bytes);
  const marks = bytes.map((piece) => marksOf(environment, quantizer, piece));
  try {
    const lent = { objects, lists: native.createIvfParts(open(), bytes, marks) };
    lentSegments.set(lists, lent);
    return lent;
  } catch (error) {
    throw fromNative(error);
  }
}

/** All in one call, where nothing has to be fetched; undefined where something has. */
export async function searchListsHere(
  { environment, view, k, queries, counts, options }: ApproximateSearch,
  quantizer: IvfQuantizer,
  { opened, segments, lists, covered }: FoundLists,
): Promise<IvfSearched | undefined> {
  const { native } = environment;
  const lent = lendSegments(environment, quantizer, lists, () => segments);
  const scored = lendScored(environment, view, covered, k);
  if (lent === undefined || scored === undefined) return undefined;
  const { objects, lists: parts } = lent;
  const { rows, wereRead, rounds } = scored;
  const numbers = opened.lists(0, Number.MAX_SAFE_INTEGER);
  let bytes = 0;
  let isResident = true;
  for (const [i, segment] of segments.entries()) {
    const ranges = segment.ranges(numbers);
    const object = defined(objects[i], 'mapped segment');
    for (let at = 0; at < ranges.length; at += 2) {
      const [start = 0, end = 0] = [ranges[at], ranges[at + 1]];
      bytes += end - start;
    }
    isResident &&= object.isResident(ranges);
    object.wereRead(ranges);
  }
  const isNow = isResident && isShort(native, listsAMilli, bytes, queries) && k <= hitsOfTurn;
  const run = async (): Promise<IvfSearched> =>
    isNow ? opened.searchNow(parts, rows, rounds) : opened.search(parts, rows, rounds);
  const searched = await untilCancelled(opened, options.signal, run);
  if (searched.read) {
    counts.scoredRows += searched.read.length;
    wereRead(searched.read);
  }
  return searched;
}

/** Rows that are scored where they are mapped, and how many of them at once. */
function lendScored(
  { pages, memoryBytes }: ArrayEnvironment,
  { type }: ArrayView,
  covered: readonly ScanPart[],
  k: number,
): (Pick<LentRows, 'rows' | 'wereRead'> & { readonly rounds: IvfRounds }) | undefined {
  const rowBytes = rowBytesOf(type);
  const lent = pages.lendRows?.(covered, rowBytes);
  if (lent === undefined) return undefined;
  const rounds = { first: k + firstRound, most: mostOfRound(memoryBytes, rowBytes) };
  return { rows: lent.rows, wereRead: lent.wereRead, rounds };
}

/** Lists are up to so many times as large as the mean of them. */
const largestList = 2;

/** With a filter so many times the lists are put in order that are looked into at first. */
const listsInOrder = 4;

/**
 * The same for one query in one call, where nothing has to be waited for: of the 100 µs of a search a third
 * is what is made around it. Undefined where something has, where codes cannot stand for the query, and where
 * more lists are to be looked into than were put in order.
 */
export function searchListsNow(
  environment: ArrayEnvironment,
  view: ArrayView,
  plan: NearestPlan,
  heads: Heads,
  { parts, k, vectors: { values, count }, counts }: SearchNow,
): ScanResults | undefined {
  const { pages, native } = environment;
  const { index, quantizer } = heads;
  const isExact = plan.precision === undefined || !estimates(plan.precision);
  if (count !== 1 || !isExact || k > hitsOfTurn || pages.lendObject === undefined) return undefined;
  const { lists, covered, plain } = divided(index.lists, parts, environment);
  if (plain.length > 0 || covered.length > mostPartitions) return undefined;
  const open = () => openSegments(environment, heads, lists);
  const segments = lendSegments(environment, quantizer, lists, open);
  if (segments === undefined) return undefined;
  const { objects, lists: lent } = segments;
  const { first, most, rows: least } = reachOf({ k, counts }, plan, heads, lists);
  const whole = lists.map(({ list }) => list.part.object.sizeBytes);
  const bytes = whole.reduce((sum, size) => sum + size, 0);
  // As many as there is time for on the event loop.
  const room =
    bytes === 0 ? most : (shortBytes(native, listsAMilli) * quantizer.lists()) / (largestList * bytes);
  if (Math.min(first, quantizer.lists() / largestList) > room) return undefined;
  const inOrder = least === 0 ? first : Math.max(first, Math.min(listsInOrder * first, Math.floor(room)));
  const reach = { probes: Math.min(most, inOrder), first, least };
  if (!objects.every((object, i) => object.isResident(Float64Array.of(0, whole[i] ?? 0)))) return undefined;
  const scored = lendScored(environment, view, covered, k);
  if (scored === undefined) return undefined;
  const { rows, wereRead, rounds } = scored;
  const dimensions = dimensionsOf(view);
  const of = { metric: plan.metric, dtype: scanDtype(view), dimensions, k, queries: values };
  try {
    const found = native.searchListsNow(quantizer, of, reach, lent, rows, rounds);
    if (found === null) return undefined;
    for (const [i, ranges] of found.ranges.entries()) objects[i]?.wereRead(ranges);
    counts.probedLists += found.lists;
    counts.codedRows += found.coded;
    counts.scoredRows += found.read.length;
    wereRead(found.read);
    return { counts: Uint32Array.of(found.ids.length), ids: found.ids, scores: found.scores };
  } catch (error) {
    throw fromNative(error);
  }
}
