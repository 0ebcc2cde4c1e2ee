// Builds the index of approximate search of what is at hand: graphs of rows that are near each other.
//
// Rows that are dropped or overridden by then get no node: their links would be kept for nothing. A graph
// lies in memory while it is built. Queries that tell how far a walk has to go are rows that are not
// in the graph yet: they come in at the end.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/partition-writer.js';
import { NacreError } from '../errors.js';
import { v1 } from '../manifest/message.js';
import type { IndexDraft, IndexSegmentDraft } from '../manifest/transaction.js';
import { type CodeTransform, fromNative, type ScanDtype, type ScanMetric } from '../native.js';
import type { BuiltGraph, HnswBuilder } from '../native/hnsw.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { lowerBound } from '../util/sorted.js';
import { onAbort, throwIfAborted } from '../util/runtime.js';
import { ks } from './calibrate.js';
import { calibrateGraphs } from './calibrate-graphs.js';
import { readCoding, writeEpoch } from './epoch.js';
import {
  areNeighbours,
  type Covered,
  isMade,
  type MadeSegments,
  makeRuns,
  mergeRuns,
  planned,
  type Planned,
  rowsOf,
  type Run,
} from './merge.js';
import { checkMetric, indexMetric } from './metrics.js';
import { holdOut, type Sample } from './sample.js';
import { trainTransform } from './train.js';
import { queriesWanted, TrueNearest } from './truth.js';
import { eachWindowOf, goneRows, type Stretch, stretchesOf, uncovered } from './uncovered.js';
import { checkUpdate, isOutgrown, metricOf } from './update.js';
import { uploadIndexObject } from './upload.js';

export interface HnswOptions extends CallOptions {
  /**
   * Links only rows that are in no graph yet; m and efConstruction stay, until the array has four times the
   * rows that the index was built for: then it is built anew. Default false.
   */
  readonly update?: boolean;
  /** By which metric it will be asked. Default `l2`, which serves `l2sq` too; with `update`, as it is. */
  readonly metric?: ScanMetric;
  /** Links of a row, 2 to 128; twice as many on the lowest level. Default 16. */
  readonly m?: number;
  /** Rows that a walk keeps that looks for the links of a new row, 1 to 4,096. Default 200. */
  readonly efConstruction?: number;
  /** Told how many of the rows are linked. */
  readonly onProgress?: (linkedRows: number, totalRows: number) => void;
}

const kind = v1.IndexKind.INDEX_KIND_HNSW;

const defaults = { m: 16, efConstruction: 200 };

/** Every graph is walked by every query. */
const mostGraphs = 4;

/** Between two reports of progress. */
const reportMs = 200;

interface Building {
  readonly environment: ArrayEnvironment;
  readonly view: ArrayView;
  readonly transform: CodeTransform;
  readonly dtype: ScanDtype;
  readonly rowBytes: number;
  readonly metric: ScanMetric;
  readonly m: number;
  readonly efConstruction: number;
  readonly seed: number;
  /** Rows that need no node: see `goneRows`. */
  readonly gone: Uint8Array;
  /** Told how many rows were linked since the last time. */
  readonly onRows: (rows: number) => void;
  readonly options: CallOptions;
}

/** Undefined when every row is covered already. Errors: what reading and uploading throw. */
export async function buildHnswIndex(
  environment: ArrayEnvironment,
  view: ArrayView,
  dtype: ScanDtype,
  dimensions: number,
  { update = false, metric: given, m, efConstruction, onProgress, ...options }: HnswOptions = {},
): Promise<IndexDraft | undefined> {
  const before = update ? view.index(kind) : undefined;
  const metric = given ?? metricOf(before) ?? 'l2';
  const links = m ?? (before?.links || defaults.m);
  const ef = efConstruction ?? (before?.efConstruction || defaults.efConstruction);
  checkMetric(view.name, 'hnsw', metric);
  checkWhole('m', links, 2, 128);
  checkWhole('efConstruction', ef, 1, 4096);
  checkUpdate(view.name, before, metric);
  const known = before !== undefined && isOutgrown(before, view) ? undefined : before;
  const parts = await uncovered(view, known);
  if (parts.every(({ part }) => part.rows === 0)) return undefined;
  const gone = await goneRows(environment, view, options);
  const rows = parts.reduce((sum, { part }) => sum + part.rows, 0);
  const trained =
    known === undefined
      ? await trainTransform(environment, view, parts, dtype, dimensions, options)
      : undefined;
  const { transform, seed } =
    trained === undefined
      ? await readCoding(environment, defined(known, 'index').epoch, dimensions, options)
      : { transform: trained.transform, ...trained.fields };
  const { rowSets } = environment.functions;
  const total = parts.reduce((sum, { firstRowId, part }) => {
    const dead = rowSets.slice(gone, firstRowId, firstRowId + part.rows);
    return sum + part.rows - rowSets.count(dead);
  }, 0);
  let done = 0;
  const onRows = (linked: number): void => {
    done += linked;
    onProgress?.(Math.min(done, total), total);
  };
  const how = { dtype, rowBytes: rowBytesOf(view.type), metric, m: known?.links || links, seed };
  const of = { ...how, efConstruction: known?.efConstruction || ef, gone, onRows, options };
  const building: Building = { environment, view, transform, ...of };
  // What a node takes while it is linked is about a tenth more.
  const bytesOf = (rows: number): number => environment.native.hnswBytes(transform, building.m, rows);
  const fits = (rows: number): boolean => bytesOf(rows) <= environment.memoryBytes / 2;
  const stretches = stretchesOf(parts, fits);
  const runs = fewRuns(mergeRuns(planned(stretches, known?.lists ?? []), fits), fits);
  if (runs.length > mostGraphs || runs.some((run) => isMade(run) && !fits(rowsOf(run))))
    throw tooLarge(view.name, bytesOf(rowsOf(runs.flat())));
  if (trained === undefined) return { kind, ...(await addTo(building, runs)) };
  const { held } = holdOut(trained.sample, queriesWanted);
  const [epoch, made] = await Promise.all([
    writeEpoch(environment, view.entry.id, trained.fields, options),
    buildAll(building, stretches, dimensions, held),
  ]);
  const asked = { metric: indexMetric(metric), builtRows: rows, links, efConstruction: ef };
  return { kind, epoch, ...asked, ...made };
}

function tooLarge(array: string, bytes: number): NacreError {
  const needed = Math.ceil(bytes / 2 ** 20);
  return new NacreError('ResourceExhausted', `graphs of the rows of '${array}' take ${needed} MiB`, {
    context: { array, bytes },
    hint: 'Open the dataset with more memoryBytes, half of which a graph may take, or build an ivf index.',
  });
}

function checkWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const message = `${name} is ${value}; it must be a whole number from ${least} to ${most}`;
  throw new NacreError('InvalidArgument', message, {
    hint: `Leave it away: the defaults are m ${defaults.m} and efConstruction ${defaults.efConstruction}.`,
  });
}

/** Graphs without the rows that are held out, by which they are measured, and then with them. */
async function buildAll(
  building: Building,
  stretches: readonly Stretch[],
  dimensions: number,
  held: Sample,
): Promise<Pick<IndexDraft, 'segments' | 'calibrations'>> {
  const { environment, transform, metric, dtype, rowBytes } = building;
  const how = { metric, dtype, dimensions };
  const truth = await TrueNearest.start(environment, held, transform, how, Math.max(...ks));
  const { rowSets } = environment.functions;
  const heldSet = rowSets.fromSorted(held.ids);
  const graphs: { readonly stretch: Stretch; readonly graph: BuiltGraph }[] = [];
  for (const stretch of stretches) {
    const dead = rowSets.union(goneOf(building, stretch), heldSet);
    const graph = await link(building, stretch, async (builder) => {
      const add = async (bytes: Uint8Array, rows: number, firstRowId: number): Promise<void> => {
        await builder.add(bytes, firstRowId, undefined, dead);
        await truth.add(bytes, rows, firstRowId, dead);
      };
      await eachWindowOf(environment, stretch, rowBytes, add, building.options);
    });
    graphs.push({ stretch, graph });
  }
  const made = graphs.map(({ graph }) => graph);
  const calibrations = await calibrateGraphs(environment, transform, made, truth, how);
  const segments: IndexSegmentDraft[] = [];
  for (const { stretch, graph } of graphs) {
    const { firstRowId, rows } = stretch;
    const gone = goneOf(building, stretch);
    const [start, end] = [firstRowId, firstRowId + rows].map((id) => lowerBound(held.ids, id));
    const whole = await link(building, stretch, async (builder) => {
      await adopt(building, builder, graph.bytes);
      const bytes = held.bytes.subarray((start ?? 0) * rowBytes, (end ?? 0) * rowBytes);
      await builder.add(bytes, 0, held.ids.slice(start, end), gone);
    });
    segments.push(await upload(building, whole, stretch));
  }
  return { segments, calibrations };
}

/** New rows into graphs of their own, or into such that are there; the largest one keeps its links. */
function addTo(building: Building, runs: readonly (readonly Planned[])[]): Promise<MadeSegments> {
  const make = async (run: Run) =>
    upload(building, await link(building, run, (builder) => addRun(building, builder, run)), run);
  return makeRuns(runs, make, building.options);
}

/** Neighbours that fit become one, the last first, until there are few. */
function fewRuns(runs: readonly Planned[][], fits: (rows: number) => boolean): Planned[][] {
  const few = [...runs];
  for (let at = few.length - 1; few.length > mostGraphs && at > 0; at--) {
    const both = [...(few[at - 1] ?? []), ...(few[at] ?? [])];
    if (areNeighbours(both) && fits(rowsOf(both))) few.splice(at - 1, 2, both);
  }
  return few;
}

async function addRun(building: Building, builder: HnswBuilder, { stretches, lists }: Run): Promise<void> {
  const { environment, rowBytes, options } = building;
  for (const list of [...lists].sort((a, b) => b.rows - a.rows))
    await adopt(building, builder, await environment.pages.whole(list.part, options), goneOf(building, list));
  const add = (bytes: Uint8Array, rows: number, firstRowId: number): Promise<void> =>
    builder.add(bytes, firstRowId, undefined, goneOf(building, { firstRowId, rows }));
  for (const stretch of stretches) await eachWindowOf(environment, stretch, rowBytes, add, options);
}

function adopt(
  { environment, transform }: Building,
  builder: HnswBuilder,
  graph: Uint8Array,
  gone?: Uint8Array,
): Promise<void> {
  return builder.adopt(environment.native.openHnswSegment(transform, graph), graph, gone);
}

/** Of some rows those that need no node. */
function goneOf({ environment, gone }: Building, { firstRowId, rows }: Covered): Uint8Array {
  return environment.functions.rowSets.slice(gone, firstRowId, firstRowId + rows);
}

/** The graph of rows that a builder is given: all of these that need a node. */
async function link(
  building: Building,
  covered: Covered,
  give: (builder: HnswBuilder) => Promise<void>,
): Promise<BuiltGraph> {
  const { environment, transform, dtype, m, seed, metric, efConstruction, onRows, options } = building;
  const { native, runtime, functions } = environment;
  const rows = covered.rows - functions.rowSets.count(goneOf(building, covered));
  const builder = native.createHnswBuilder(transform, { dtype, m, seed, rows });
  const settled = onAbort(options.signal, () => builder.abort());
  const ended = new AbortController();
  let told = 0;
  const report = (): void => {
    const linked = builder.linked();
    onRows(linked - told);
    told = linked;
  };
  try {
    await give(builder);
    const linking = builder.link(metric, efConstruction).finally(() => ended.abort());
    linking.catch(() => undefined);
    while (!ended.signal.aborted) {
      await runtime.sleep(reportMs, ended.signal).catch(() => undefined);
      report();
    }
    return await linking;
  } catch (error) {
    throwIfAborted(options.signal);
    throw fromNative(error);
  } finally {
    settled();
  }
}

async function upload(
  { environment, view, options }: Building,
  { bytes }: BuiltGraph,
  { firstRowId, rows }: { readonly firstRowId: number; readonly rows: number },
): Promise<IndexSegmentDraft> {
  return { object: await uploadIndexObject(environment, view, [bytes], options), firstRowId, rows };
}
