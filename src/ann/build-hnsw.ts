// Builds the index of approximate search of what is at hand: graphs of rows that are near each other.
//
// Rows that are dropped or overridden by then get no node: their links would be kept for nothing. A graph
// lies in memory while it is built. Queries that tell how far a walk has to go are rows that are not
// in the graph yet: they come in at the end.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/row-type.js';
import type { BasePart } from '../arrays/row-map.js';
import { NacreError } from '../errors.js';
import { v1 } from '../manifest/message.js';
import type { NewObject } from '../manifest/objects.js';
import type { IndexDraft, IndexSegmentDraft } from '../manifest/transaction.js';
import { type CodeTransform, fromNative, type ScanDtype, type ScanMetric } from '../native.js';
import type { BuiltGraph, HnswBuilder } from '../native/hnsw.js';
import type { CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { toHex } from '../util/bytes.js';
import { lowerBound } from '../util/sorted.js';
import { onAbort, throwIfAborted } from '../util/runtime.js';
import { type BuildJournal, type BuiltIndex, journaled, runOfStretch } from './build-journal.js';
import { ks } from './calibrate.js';
import { graphCalibrations, measureGraph } from './calibrate-graphs.js';
import { readCoding } from './epoch.js';
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
  runOf,
} from './merge.js';
import { indexMetric } from './metrics.js';
import { mergeNearest, noNearest } from './nearest-rows.js';
import type { OnProgress } from './progress.js';
import { holdOut, type Sample, sampleRows } from './sample.js';
import { trainEpoch, type Training } from './train.js';
import { queriesWanted, TrueNearest } from './truth.js';
import { eachWindowOf, extentOf, goneRows, type Stretch, stretchesOf, uncovered } from './uncovered.js';
import { beginningOf } from './update.js';
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
  /** Told how far it is: `sample`, `train`, `link`, `calibrate`; of an update `link`. */
  readonly onProgress?: OnProgress;
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
  readonly journal: BuildJournal;
  /** Once it is known what of the build is there. */
  readonly onResume: () => void;
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
): Promise<BuiltIndex | undefined> {
  const { before, known, metric } = beginningOf(view, kind, 'hnsw', { update, metric: given });
  const links = m ?? (before?.links || defaults.m);
  const ef = efConstruction ?? (before?.efConstruction || defaults.efConstruction);
  checkWhole('m', links, 2, 128);
  checkWhole('efConstruction', ef, 1, 4096);
  const parts = await uncovered(view, known);
  if (parts.every(({ part }) => part.rows === 0)) return undefined;
  const gone = await goneRows(environment, view, options);
  const { rowSets } = environment.functions;
  const total = parts.reduce((sum, { firstRowId, part }) => {
    const dead = rowSets.slice(gone, firstRowId, firstRowId + part.rows);
    return sum + part.rows - rowSets.count(dead);
  }, 0);
  const of = { metric: indexMetric(metric), links, efConstruction: ef };
  const parameters = known === undefined ? { epoch: null, ...of } : { epoch: toHex(known.epoch.hash) };
  const build = async (journal: BuildJournal): Promise<IndexDraft> => {
    const training = { dtype, dimensions, onProgress };
    const trained =
      known === undefined ? await train(environment, view, parts, training, journal, options) : undefined;
    const { transform, seed } =
      trained ?? (await readCoding(environment, defined(known, 'index').epoch, dimensions, options));
    let done = 0;
    const onResume = (): void => {
      done = Math.min(journal.coveredRows, total);
      if (journal.isResumed) onProgress?.(done, total, 'resume');
    };
    const onRows = (rows: number): void => {
      done += rows;
      onProgress?.(Math.min(done, total), total, 'link');
    };
    const how = { dtype, rowBytes: rowBytesOf(view.type), metric, m: known?.links || links, seed };
    const coded = { environment, view, transform, gone, journal, onResume, onRows, options };
    const building: Building = { ...how, ...coded, efConstruction: known?.efConstruction || ef };
    // What a node takes while it is linked is about a tenth more.
    const bytesOf = (rows: number): number => environment.native.hnswBytes(transform, building.m, rows);
    const fits = (rows: number): boolean => bytesOf(rows) <= environment.memoryBytes / 2;
    const stretches = stretchesOf(parts, fits);
    const runs = fewRuns(mergeRuns(planned(stretches, known?.lists ?? []), fits), fits);
    if (runs.length > mostGraphs || runs.some((run) => isMade(run) && !fits(rowsOf(run))))
      throw tooLarge(view.name, bytesOf(rowsOf(runs.flat())));
    if (trained === undefined) return { kind, ...(await addTo(building, runs)) };
    const { epoch, held, rows: builtRows } = trained;
    const made = await buildAll(building, stretches, { dimensions, held, total, onProgress });
    return { kind, epoch, builtRows, ...of, ...made };
  };
  return journaled(environment, view, { kind, parameters }, build, options);
}

interface Trained {
  readonly transform: CodeTransform;
  readonly seed: number;
  readonly epoch: NewObject;
  /** How many rows there were. */
  readonly rows: number;
  /** Rows that graphs are measured by. */
  readonly held: Sample;
}

async function train(
  environment: ArrayEnvironment,
  view: ArrayView,
  parts: readonly BasePart[],
  training: Training,
  journal: BuildJournal,
  options: CallOptions,
): Promise<Trained> {
  // A build that goes on is measured by the same rows, whatever came since.
  const extent = journal.trained ?? extentOf(parts);
  const { rows, endRowId } = extent;
  const sampled = parts.filter(({ firstRowId }) => firstRowId < endRowId);
  const { dimensions, onProgress } = training;
  const sample = await sampleRows(environment, sampled, rowBytesOf(view.type), { ...options, onProgress });
  const { held } = holdOut(sample, queriesWanted);
  const known = await journal.coding((epoch) => readCoding(environment, epoch, dimensions, options));
  if (known !== undefined && journal.trained !== undefined)
    return { ...known, epoch: journal.trained.epoch, rows, held };
  const noted = { journal, rows, endRowId };
  return { ...(await trainEpoch(environment, view, sample, training, noted, options)), rows, held };
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

interface Measured {
  readonly dimensions: number;
  readonly held: Sample;
  readonly total: number;
  readonly onProgress: OnProgress | undefined;
}

/**
 * Each graph without the rows that are held out, by which it is measured, and then with them: one is in
 * memory at a time.
 */
async function buildAll(
  building: Building,
  stretches: readonly Stretch[],
  { dimensions, held, total, onProgress }: Measured,
): Promise<Pick<IndexDraft, 'segments' | 'calibrations'>> {
  const { environment, transform, metric, dtype, rowBytes, journal, options } = building;
  const how = { metric, dtype, dimensions, signal: options.signal };
  const most = Math.max(...ks);
  const { rowSets } = environment.functions;
  const heldSet = rowSets.fromSorted(held.ids);
  const segments: IndexSegmentDraft[] = [];
  const named = (stretch: Stretch): Run => withoutGone(building, runOfStretch(stretch));
  let nearest = journal.planMeasured(stretches.map(named), held);
  let before = Math.min(journal.coveredRows, total);
  building.onResume();
  for (const stretch of stretches) {
    const { firstRowId } = stretch;
    const there = journal.segment(named(stretch));
    if (there !== undefined) {
      segments.push({ ...there, firstRowId });
      continue;
    }
    let linked = 0;
    const onRows = (rows: number): void => onProgress?.(before + (linked += rows), total, 'link');
    const truth = await TrueNearest.start(environment, held, transform, how, most);
    const gone = goneOf(building, stretch);
    const dead = rowSets.union(gone, heldSet);
    const graph = await link({ ...building, onRows }, stretch, async (builder) => {
      const add = async (bytes: Uint8Array, rows: number, firstRowId: number): Promise<void> => {
        await builder.add(bytes, firstRowId, undefined, dead);
        await truth.add(bytes, rows, firstRowId, dead);
      };
      await eachWindowOf(environment, stretch, rowBytes, add, options);
    });
    const measured = await measureGraph(environment, transform, graph, truth, how, onProgress);
    nearest = measured && nearest?.map((one, q) => mergeNearest(one, measured[q] ?? noNearest, most));
    const segment = await upload(building, await linkHeld(building, graph, stretch, held), stretch);
    await journal.noteSegment(named(stretch), segment, async () => nearest);
    segments.push(segment);
    before = Math.min(before + stretch.rows - rowSets.count(gone), total);
    onProgress?.(before, total, 'link');
  }
  return { segments, calibrations: nearest === undefined ? [] : graphCalibrations(nearest, segments.length) };
}

/** A graph with those of the held rows that are of its stretch. */
function linkHeld(
  building: Building,
  graph: BuiltGraph,
  stretch: Stretch,
  held: Sample,
): Promise<BuiltGraph> {
  const { firstRowId, rows } = stretch;
  const [start, end] = [firstRowId, firstRowId + rows].map((id) => lowerBound(held.ids, id));
  const { rowBytes } = building;
  return link({ ...building, onRows: () => undefined }, stretch, async (builder) => {
    await adopt(building, builder, graph.bytes);
    const bytes = held.bytes.subarray((start ?? 0) * rowBytes, (end ?? 0) * rowBytes);
    await builder.add(bytes, 0, held.ids.slice(start, end), goneOf(building, stretch));
  });
}

/** New rows into graphs of their own, or into such that are there; the largest one keeps its links. */
function addTo(building: Building, runs: readonly (readonly Planned[])[]): Promise<MadeSegments> {
  const { journal, onResume } = building;
  const named = (run: Run): Run => withoutGone(building, run);
  journal.plan(runs.map(runOf).map(named));
  onResume();
  const make = async (run: Run) => {
    const there = journal.segment(named(run));
    if (there !== undefined) return there;
    const graph = await link(building, run, (builder) => addRun(building, builder, run));
    const made = await upload(building, graph, run);
    await journal.noteSegment(named(run), made);
    return made;
  };
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

/** A run as it is noted: with the rows that its graph leaves out. */
function withoutGone(building: Building, run: Run): Run {
  return { ...run, gone: goneOf(building, run) };
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
