// Builds the index of approximate search: rows in lists around centroids (an inverted file, IVF), and how
// many of the lists a query has to look into.
//
// Rows are streamed twice: once as a sample that centroids are trained on, once into their lists. What is in
// memory is the sample, a window of rows, and the codes of one segment. Dropped and overridden rows are coded
// too, as in `build-exact.ts`.
import type { ArrayView } from '../arrays/array-view.js';
import type { ArrayEnvironment } from '../arrays/environment.js';
import { rowBytesOf } from '../arrays/row-type.js';
import type { BasePart } from '../arrays/row-map.js';
import { v1 } from '../manifest/message.js';
import type { NewObject } from '../manifest/objects.js';
import type { CalibrationDraft, IndexDraft } from '../manifest/transaction.js';
import { type CodeTransform, fromNative, type ScanDtype, type ScanMetric } from '../native.js';
import { untilCancelled } from '../native/cancel.js';
import type { BuiltLists, Centroids, IvfQuantizer } from '../native/ivf.js';
import type { CallOptions } from '../storage/object-store.js';
import { NacreError } from '../errors.js';
import { defined } from '../util/assert.js';
import { toHex } from '../util/bytes.js';
import { type BuildJournal, type BuiltIndex, journaled } from './build-journal.js';
import { Calibrator } from './calibrate.js';
import { makeQuantizer, readListCoding, writeEpoch } from './epoch.js';
import {
  loadSegment,
  type MadeSegments,
  makeRuns,
  mergeRuns,
  mergeSegments,
  planned,
  type Planned,
  type Run,
  runOf,
  type SegmentInMemory,
  segmentInMemory,
  uploadSegment,
} from './merge.js';
import { indexMetric, isByDirection } from './metrics.js';
import type { OnProgress } from './progress.js';
import { holdOut, type Sample, sampleBytesLimit, sampleRows } from './sample.js';
import { trainTransform } from './train.js';
import { type CalibratedScan, queriesWanted } from './truth.js';
import { eachWindowOf, extentOf, type Stretch, stretchesOf, uncovered, WindowAhead } from './uncovered.js';
import { beginningOf } from './update.js';

export interface IvfOptions extends CallOptions {
  /**
   * Puts only rows into lists that are in none yet; centroids stay, until the array has four times the rows
   * that they were made for: then the index is built anew. Default false.
   */
  readonly update?: boolean;
  /** By which metric it will be asked. Default `l2`, which serves `l2sq` too; with `update`, as it is. */
  readonly metric?: ScanMetric;
  /**
   * Lists that rows are put into, up to 65,536; up to half more where some grow too large. Default: twice the
   * root of the rows.
   */
  readonly nlist?: number;
  /** Told how far it is: `sample`, `train`, `code`, `calibrate`; of an update `code`. */
  readonly onProgress?: OnProgress;
}

/** Rows of the sample for each list, as far as they fit its bytes. */
const rowsOfList = 64;

/** Turns of the iteration; in those before the last few, lists that are too large are split. */
const turns = 8;
const splittingTurns = 6;

/**
 * Codes of one segment at most, and a quarter of the memory budget: those of all its lists lie in memory
 * while it is built.
 */
const segmentBytes = 512 * 2 ** 20;

interface Building {
  readonly environment: ArrayEnvironment;
  readonly view: ArrayView;
  readonly dtype: ScanDtype;
  readonly rowBytes: number;
  readonly byDirection: boolean;
  readonly quantizer: IvfQuantizer;
  readonly calibrator: Calibrator | undefined;
  readonly ahead: WindowAhead;
  readonly journal: BuildJournal;
  readonly onRows: (rows: number) => void;
  readonly options: CallOptions;
}

/** Undefined when every row is covered already. Errors: what reading and uploading throw. */
export async function buildIvfIndex(
  environment: ArrayEnvironment,
  view: ArrayView,
  dtype: ScanDtype,
  dimensions: number,
  { update = false, metric: given, nlist, onProgress, ...options }: IvfOptions = {},
): Promise<BuiltIndex | undefined> {
  const kind = v1.IndexKind.INDEX_KIND_IVF;
  const { known, metric } = beginningOf(view, kind, 'ivf', { update, metric: given });
  checkLists(nlist);
  const parts = await uncovered(view, known);
  const total = parts.reduce((sum, { part }) => sum + part.rows, 0);
  if (total === 0 && known === undefined) return undefined;
  const parameters =
    known === undefined
      ? { epoch: null, metric: indexMetric(metric), nlist: nlist ?? null }
      : { epoch: toHex(known.epoch.hash) };
  const byDirection = isByDirection(metric);
  const rowBytes = rowBytesOf(view.type);
  const ahead = new WindowAhead(environment, parts, rowBytes, options);
  const build = async (journal: BuildJournal): Promise<IndexDraft | undefined> => {
    const training = { dtype, dimensions, nlist, byDirection, ahead, onProgress };
    const trained =
      known === undefined ? await train(environment, view, parts, training, journal, options) : undefined;
    const coding = known && (await readListCoding(environment, known.epoch, dimensions, options));
    const { transform, quantizer } = defined(trained ?? coding, 'coding of rows');
    const most = Math.min(segmentBytes, environment.memoryBytes / 4);
    const fits = (rows: number): boolean => transform.listBytes(rows) <= most;
    const runs = mergeRuns(planned(stretchesOf(parts, fits), known?.lists ?? []), fits);
    const how = { metric, dtype, dimensions, signal: options.signal };
    const all = runs.map(runOf);
    const calibrator = trained && (await calibratorOf(environment, trained, journal, all, how));
    if (trained === undefined) journal.plan(all);
    let done = journal.coveredRows;
    if (journal.isResumed) onProgress?.(done, total, 'resume');
    let calibrations: Promise<readonly CalibrationDraft[]> | undefined;
    const onRows = (rows: number): void => {
      done += rows;
      onProgress?.(done, total, 'code');
      // Beside the upload of the last segment.
      if (done === total) calibrations = calibrator?.finish(quantizer, onProgress);
      calibrations?.catch(() => undefined);
    };
    const of = { dtype, rowBytes, byDirection, quantizer, calibrator, ahead };
    const building = { environment, view, ...of, journal, onRows, options };
    const { segments, merges } = await put(building, runs);
    if (trained === undefined || calibrator === undefined)
      return segments.length + merges.length === 0 ? undefined : { kind, segments, merges };
    const { epoch, rows: builtRows } = trained;
    const measured = await (calibrations ?? calibrator.finish(quantizer, onProgress));
    return { kind, epoch, segments, metric: indexMetric(metric), builtRows, calibrations: measured };
  };
  try {
    return await journaled(environment, view, { kind, parameters }, build, options);
  } finally {
    ahead.end();
  }
}

/** Goes on from the nearest rows that were found before the build was left. */
async function calibratorOf(
  environment: ArrayEnvironment,
  { held, transform }: Trained,
  journal: BuildJournal,
  runs: readonly Run[],
  how: CalibratedScan,
): Promise<Calibrator> {
  const before = journal.planMeasured(runs, held) ?? [];
  return Calibrator.start(environment, held, transform, how, before);
}

/** More would be read as centroids alone than most arrays have rows. */
const mostLists = 65_536;

function checkLists(nlist: number | undefined): void {
  if (nlist === undefined || (Number.isSafeInteger(nlist) && nlist >= 1 && nlist <= mostLists)) return;
  throw new NacreError(
    'InvalidArgument',
    `nlist is ${nlist}; it must be a whole number from 1 to ${mostLists}`,
    {
      hint: 'Leave it away: the default is twice the root of the rows.',
    },
  );
}

/** Twice the root of the rows. */
function defaultLists(rows: number): number {
  return Math.min(mostLists, Math.max(1, Math.round(2 * Math.sqrt(rows))));
}

interface Trained {
  readonly transform: CodeTransform;
  readonly quantizer: IvfQuantizer;
  readonly epoch: NewObject;
  /** How many rows there were. */
  readonly rows: number;
  /** Rows that nothing was trained on, but for the rotation and the mean. */
  readonly held: Sample;
}

interface Training {
  readonly dtype: ScanDtype;
  readonly dimensions: number;
  readonly nlist: number | undefined;
  readonly byDirection: boolean;
  /** Rows that are coded first: they come while centroids are trained. */
  readonly ahead: WindowAhead;
  readonly onProgress: OnProgress | undefined;
}

async function train(
  environment: ArrayEnvironment,
  view: ArrayView,
  parts: readonly BasePart[],
  { dtype, dimensions, nlist, byDirection, ahead, onProgress }: Training,
  journal: BuildJournal,
  options: CallOptions,
): Promise<Trained> {
  // A build that goes on is measured by the same rows, whatever came since.
  const extent = journal.trained ?? extentOf(parts);
  const { rows } = extent;
  const lists = nlist ?? defaultLists(rows);
  const singles = Math.floor(sampleBytesLimit / (4 * dimensions));
  const wanted = Math.max(16_384, lists * rowsOfList);
  // Directions are float32, whatever the rows are.
  const rowsLimit = byDirection ? Math.min(wanted, Math.max(1, singles)) : wanted;
  const how = { ...options, rowsLimit, onProgress };
  const sampled = parts.filter(({ firstRowId }) => firstRowId < extent.endRowId);
  const sample = await sampleRows(environment, sampled, rowBytesOf(view.type), how);
  const { held, rest } = holdOut(sample, queriesWanted);
  const known = await journal.coding((epoch) => readListCoding(environment, epoch, dimensions, options));
  if (known !== undefined && journal.trained !== undefined)
    return { ...known, epoch: journal.trained.epoch, rows, held };
  // One before the turns of the iteration, and one after them.
  let steps = 0;
  const step = (): void => onProgress?.(steps++, turns + 2, 'train');
  step();
  const { transform, fields } = await trainTransform(environment, dtype, dimensions, sample, options);
  step();
  ahead.begin();
  const iteration = { dtype, dimensions, byDirection, lists, seed: fields.seed, step };
  const centroids = await trainCentroids(environment, transform, rest, iteration, options);
  const of = { centroidScales: centroids.scales, centroidSteps: centroids.steps };
  const [epoch, quantizer] = await Promise.all([
    writeEpoch(environment, view.entry.id, { ...fields, ...of }, options),
    makeQuantizer(environment, transform, centroids),
  ]);
  await journal.noteTrained({ epoch, rows, endRowId: extent.endRowId });
  step();
  return { transform, quantizer, epoch, rows, held };
}

interface Iteration extends Pick<Training, 'dtype' | 'dimensions' | 'byDirection'> {
  readonly lists: number;
  readonly seed: number;
  /** Told of each turn. */
  readonly step: () => void;
}

async function trainCentroids(
  { native }: ArrayEnvironment,
  transform: CodeTransform,
  sample: Sample,
  { dtype, dimensions, byDirection, lists, seed, step }: Iteration,
  { signal }: CallOptions,
): Promise<Centroids> {
  const typed = (error: unknown): never => {
    throw fromNative(error);
  };
  const rows = byDirection
    ? await native.directionsOf(dtype, dimensions, sample.bytes).catch(typed)
    : sample.bytes;
  const training = { dtype: byDirection ? 'float32' : dtype, lists, seed } as const;
  const trainer = await native.createIvfTrainer(transform, training, rows).catch(typed);
  for (let turn = 0; turn < turns; turn++) {
    await untilCancelled(trainer, signal, () => trainer.turn(rows, turn < splittingTurns));
    step();
  }
  return untilCancelled(trainer, signal, () => trainer.finish(byDirection));
}

function put(building: Building, runs: readonly (readonly Planned[])[]): Promise<MadeSegments> {
  const { environment, view, quantizer, calibrator, journal, options } = building;
  const make = async (run: Run) => {
    const there = journal.segment(run);
    if (there !== undefined) return there;
    const made = await build(run);
    await journal.noteSegment(run, made, async () => calibrator?.nearest());
    return made;
  };
  const build = async ({ stretches: [stretch, ...others], lists }: Run) => {
    if (stretch !== undefined && others.length + lists.length === 0)
      return uploadSegment(environment, view, await listsOf(building, stretch), options);
    const pieces: SegmentInMemory[] = [];
    for (const list of lists) pieces.push(await loadSegment(environment, quantizer, list, options));
    for (const one of [stretch, ...others]) {
      if (one === undefined) continue;
      const built = await listsOf(building, one);
      pieces.push(segmentInMemory(environment, quantizer, built, one.firstRowId));
    }
    pieces.sort((a, b) => a.firstRowId - b.firstRowId);
    return uploadSegment(environment, view, await mergeSegments(environment, quantizer, pieces), options);
  };
  return makeRuns(runs, make, options);
}

async function listsOf(building: Building, stretch: Stretch): Promise<BuiltLists> {
  const { environment, dtype, rowBytes, quantizer, calibrator, ahead, onRows, options } = building;
  const builder = environment.native.createIvfBuilder(quantizer, dtype, building.byDirection);
  try {
    const work = async (bytes: Uint8Array, rows: number, firstRowId: number): Promise<void> => {
      const lists = await untilCancelled(builder, options.signal, () => builder.assign(bytes));
      await builder.add(bytes, lists, firstRowId - stretch.firstRowId);
      await calibrator?.add(bytes, lists, firstRowId);
      onRows(rows);
    };
    await eachWindowOf(environment, stretch, rowBytes, work, options, ahead);
    return await builder.finish();
  } catch (error) {
    throw fromNative(error);
  }
}
