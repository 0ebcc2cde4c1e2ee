// Repair: puts the same bytes back under the same keys, from whoever has them. A plan first, then object by
// object; what nobody has is named with its rows and versions.
import { isNacreError, NacreError } from '../errors.js';
import { readHint, writeHint } from '../manifest/hint.js';
import { healedKey, isLinkedKey, rootKey } from '../manifest/keys.js';
import { asHealed, defaultBlockBytes, type StoredObject } from '../manifest/objects.js';
import type { LoadedRoot } from '../manifest/root.js';
import type { CallOptions } from '../storage/object-store.js';
import { inOrderAhead } from '../util/ahead.js';
import { equalBytes } from '../util/bytes.js';
import type { ReadEnvironment, UpkeepEnvironment } from './environment.js';
import { type DamagedShard, shardId } from './parity/check.js';
import { mendShard } from './parity/mend.js';
import { ParitySource, paritySourceName } from './parity/source.js';
import { type Mended, putBack } from './repair/mend.js';
import { readRight } from './whole.js';
import { digestObject } from './digest.js';
import type { DamagedObject } from './scrub/finding.js';
import { knownCopies } from './scrub/report.js';
import type { ScrubNotes } from './scrub/notes.js';
import { damagedHint, damagedRoot } from './scrub/report.js';
import { takenSlots } from './scrub/roots.js';
import { type Surveyed, type SurveyedRoot, versionsOf } from './scrub/survey.js';
import { type LookOptions, type Scrubbed, scrubWith } from './scrub.js';
import { storeNowMs } from '../storage/store-time.js';

export interface RepairOptions extends CallOptions {
  /**
   * How damage is looked for. `structure`: what is missing or of another length. `found`: also what the last
   * full scrub on this machine did not find right. `full` (default): every byte is read.
   */
  readonly mode?: 'structure' | 'found' | 'full';
  /** Says what would be done, and does nothing. Default false. */
  readonly dryRun?: boolean;
  /** Told of the plan before anything is written; what it throws ends the repair. */
  readonly onPlan?: (plan: readonly RepairStep[]) => Promise<void> | void;
  /** Versions and bytes of the scrub, then objects that are put back. */
  readonly onProgress?: (done: number, total: number, phase: 'versions' | 'bytes' | 'objects') => void;
}

/** Why a source was not used. */
export interface PassedOver {
  readonly source: string;
  readonly reason: string;
}

export interface RepairStep extends DamagedObject {
  /**
   * `planned`: it would be put back. `mended`: it was, and read back. `healed`: the store refuses that, by
   * `reason`; the right bytes are under the key `healed`, where reads find them. `lost`: nobody has the right
   * bytes. `left`: it could not be put back, by `reason`.
   */
  readonly outcome: 'planned' | 'mended' | 'healed' | 'lost' | 'left';
  /**
   * Who has the right bytes: `healed/<hash>`, where an earlier repair put them, the URI of a source, `latest`
   * for the hint's copy of a root, or `parity`, of which they are made.
   */
  readonly from?: string;
  readonly passedOver: readonly PassedOver[];
  readonly reason?: string;
  /** Where the bad bytes are now. */
  readonly quarantine?: string;
}

export interface RepairReport {
  readonly uri: string;
  readonly version: number;
  readonly dryRun: boolean;
  /** Whether all that was damaged is mended or healed, in a dry run whether it would be. */
  readonly isWhole: boolean;
  /** Every damaged object, in the order in which they are put back. */
  readonly steps: readonly RepairStep[];
  /** Replicas that were told of here and that were no source, where something is not mended; else none. */
  readonly copies: readonly string[];
}

/** Another place of the same dataset. */
export interface RepairSource extends ReadEnvironment {
  readonly name: string;
}

/** Objects put back at once. */
const atOnce = 2;

/**
 * Cost: that of a scrub of `mode`; for each damaged object the right bytes twice, the bad ones once, and two
 * or three PUTs. Errors: as scrub; `NotFound` and `InvalidArgument` for a source that is empty, is this place
 * or has another dataset. What cannot be put back is in the report.
 */
export async function repair(
  environment: UpkeepEnvironment,
  sources: readonly RepairSource[],
  options: RepairOptions = {},
): Promise<RepairReport> {
  const { mode = 'full', signal, onProgress } = options;
  const call = signal === undefined ? {} : { signal };
  const { head } = await readHint(environment.store, environment.functions, call);
  for (const source of sources) {
    checkPlace(environment, source);
    await checkDataset(source, head, call);
  }
  const look: LookOptions = {
    mode: mode === 'structure' ? mode : 'full',
    ...(mode === 'full' ? { restart: true } : { trustsNotes: true }),
    ...call,
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  const parity = new ParitySource(environment, sources, call);
  const all = [...sources, parity.environment];
  return scrubWith(environment, all, look, async (scrubbed, notes) => {
    for (const source of sources) await checkDataset(source, scrubbed.found.head, call);
    return new Repair(environment, sources, parity, scrubbed, notes, options).run();
  });
}

function checkPlace({ store }: UpkeepEnvironment, source: RepairSource): void {
  const { uri, capabilities } = source.store;
  if (uri !== store.uri || capabilities.server !== store.capabilities.server) return;
  throw new NacreError('InvalidArgument', `${uri} cannot be repaired from itself`, {
    hint: 'Name a replica or another copy.',
  });
}

/** `head`: what is known of the dataset. */
async function checkDataset(
  source: RepairSource,
  head: LoadedRoot | undefined,
  call: CallOptions,
): Promise<void> {
  const { store, functions } = source;
  const hint = await readHint(store, functions, call);
  if (hint.head === undefined && hint.problem === 'absent' && (await takenSlots(store, call)).length === 0)
    throw new NacreError('NotFound', `there is no dataset at ${store.uri}`, {
      context: { uri: store.uri },
      hint: 'Check the address of the source.',
    });
  // One whose hint is lost is believed object by object, by their hashes.
  if (hint.head === undefined || head === undefined) return;
  if (equalBytes(hint.head.root.dataset, head.root.dataset)) return;
  throw new NacreError('InvalidArgument', `${store.uri} is another dataset`, {
    context: { uri: store.uri },
    hint: 'Name a replica or a copy of the dataset that is repaired.',
  });
}

/** A step, and how its right bytes are put back. */
interface Planned {
  readonly step: RepairStep;
  readonly mend?: () => Promise<Mended>;
}

/** A key of a place under which the right bytes of an object may be. */
interface ObjectPlace {
  readonly name: string;
  readonly environment: ReadEnvironment;
  readonly object: StoredObject;
  /** That it has none is no news. */
  readonly isQuiet?: boolean;
}

class Repair {
  readonly #environment: UpkeepEnvironment;
  readonly #sources: readonly RepairSource[];
  readonly #parity: ParitySource;
  readonly #scrubbed: Scrubbed;
  readonly #notes: ScrubNotes;
  readonly #options: RepairOptions;
  readonly #call: CallOptions;

  constructor(
    environment: UpkeepEnvironment,
    sources: readonly RepairSource[],
    parity: ParitySource,
    scrubbed: Scrubbed,
    notes: ScrubNotes,
    options: RepairOptions,
  ) {
    this.#environment = environment;
    this.#sources = sources;
    this.#parity = parity;
    this.#scrubbed = scrubbed;
    this.#notes = notes;
    this.#options = options;
    this.#call = options.signal === undefined ? {} : { signal: options.signal };
  }

  async run(): Promise<RepairReport> {
    const { found, damaged } = this.#scrubbed;
    // Objects before the roots that name them: nothing becomes visible before it is whole.
    const plan: Planned[] = [];
    for (const [one, what] of damaged) plan.push(await this.#planObject(one, what));
    for (const shard of this.#scrubbed.parity) plan.push(await this.#planShard(shard));
    for (const root of found.damagedRoots) plan.push(this.#planRoot(root));
    for (const what of damagedHint(found.hint)) plan.push(this.#planHint(what));
    await this.#options.onPlan?.(plan.map(({ step }) => step));
    const dryRun = this.#options.dryRun === true;
    const steps = dryRun ? plan.map(({ step }) => step) : await this.#mendAll(plan);
    const { uri } = this.#environment.store;
    const isLeft = ({ outcome }: RepairStep): boolean => outcome === 'lost' || outcome === 'left';
    const isWhole = !steps.some(isLeft);
    if (!dryRun) this.#notes.leave(steps.filter(isLeft).length);
    const asked = new Set(this.#sources.map(({ store }) => store.uri));
    const known = isWhole ? [] : await knownCopies(this.#environment, found.head.root, this.#call);
    const copies = known.filter((copy) => !asked.has(copy));
    return { uri, version: found.head.root.version, dryRun, isWhole, steps, copies };
  }

  async #planObject(one: Surveyed, what: DamagedObject): Promise<Planned> {
    const { object } = one;
    const passedOver: PassedOver[] = [];
    if (what.damage === 'manifest') {
      const reason = 'its bytes are right: the manifest, or whoever wrote them, is wrong';
      return { step: { ...what, outcome: 'left', reason, passedOver } };
    }
    for (const source of await this.#placesOf(object, what)) {
      const reason = await this.#whyNot(source);
      if (reason !== undefined) {
        if (source.isQuiet !== true) passedOver.push({ source: source.name, reason });
        continue;
      }
      const mend = async (): Promise<Mended> => {
        const right = await readRight(source.environment, source.object, this.#call);
        if (right === undefined) return { outcome: 'left', reason: `${source.name} changed meanwhile` };
        try {
          const isUnreadable = what.damage === 'unreadable';
          const wanted = { ...object, isUnreadable, ...this.#refusalOf(one) };
          const mended = await putBack(this.#environment, wanted, right.bytes, this.#call);
          if (mended.outcome === 'mended') this.#notes.note(one.id, storeNowMs(this.#environment));
          return mended;
        } finally {
          right.release();
        }
      };
      return { step: { ...what, outcome: 'planned', from: source.name, passedOver }, mend };
    }
    return { step: { ...what, outcome: 'lost', passedOver } };
  }

  /** What was linked, changed and linked again: the newer version's bytes are to stand there. */
  #refusalOf(one: Surveyed): { refusal?: string } {
    const { key } = one.object;
    if (!isLinkedKey(key)) return {};
    const newestOf = (other: Surveyed): number => versionsOf(other).at(-1)?.to ?? 0;
    const others = [...this.#scrubbed.found.objects.values()].filter(({ object }) => object.key === key);
    if (!others.some((other) => newestOf(other) > newestOf(one))) return {};
    return { refusal: 'a newer version has other bytes under this key' };
  }

  /** Where the right bytes of an object may be: what an earlier repair healed needs nobody else. */
  async #placesOf(object: StoredObject, { healed }: DamagedObject): Promise<ObjectPlace[]> {
    const own = { name: healed ?? '', environment: this.#environment, object: asHealed(object) };
    const sources = this.#sources.map((source) => ({ name: source.name, environment: source, object }));
    // A source may have them healed, too.
    const healedThere = this.#sources.map((source) => ({
      name: `${source.name}/${healedKey(object.hash)}`,
      ...{ environment: source, object: asHealed(object), isQuiet: true },
    }));
    const { environment } = this.#parity;
    const isCovered = (await this.#parity.groupsOf(object.key)).length > 0;
    return [
      ...(healed === undefined ? [] : [own]),
      ...sources,
      ...healedThere,
      ...(isCovered ? [{ name: environment.name, environment, object }] : []),
    ];
  }

  /** Why a source cannot give an object; undefined when it can. */
  async #whyNot({ environment, object }: ObjectPlace): Promise<string | undefined> {
    const { key, blockBytes, hash } = object;
    try {
      // Twice: bytes may be hurt on their way.
      for (let read = 0; read < 2; read++) {
        const found = await digestObject(environment, key, { ...this.#call, blockBytes });
        if (found === undefined) return 'it does not have it';
        if (equalBytes(found.digest.blake3, hash)) return undefined;
      }
      return 'its bytes are damaged, too';
    } catch (error) {
      if (!isNacreError(error) || error.code === 'Aborted') throw error;
      return error.message;
    }
  }

  /** Parity itself is encoded anew. */
  async #planShard(shard: DamagedShard): Promise<Planned> {
    const { object: what } = shard;
    const reason = await this.#parity.whyNot(shard.group);
    if (reason !== undefined) {
      const passedOver = [{ source: paritySourceName, reason }];
      return { step: { ...what, outcome: 'lost', passedOver } };
    }
    const isUnreadable = what.damage === 'unreadable';
    const mend = async (): Promise<Mended> => {
      const mended = await mendShard(this.#environment, this.#parity, shard, isUnreadable, this.#call);
      if (mended.outcome === 'mended') this.#notes.note(shardId(shard), storeNowMs(this.#environment));
      return mended;
    };
    return { step: { ...what, outcome: 'planned', from: paritySourceName, passedOver: [] }, mend };
  }

  #planRoot(root: SurveyedRoot): Planned {
    const what = damagedRoot(root);
    const { version, hash, from } = root;
    if (hash === undefined || from === undefined) {
      const reason = hash === undefined ? { reason: 'nothing that is left says what it was' } : {};
      return { step: { ...what, outcome: 'lost', passedOver: [], ...reason } };
    }
    const { roots } = this.#scrubbed.found;
    const mend = async (): Promise<Mended> => {
      const { loaded } = await roots.at({ version, hash });
      if (loaded === undefined) return { outcome: 'left', reason: `${from} did not give it once more` };
      const { bytes } = loaded;
      const crc32c = this.#environment.functions.crc32c(bytes);
      const wanted = { key: rootKey(version), hash, crc32c, blockBytes: defaultBlockBytes };
      const mended = await putBack(this.#environment, wanted, bytes, this.#call);
      return mended.outcome === 'healed' ? this.#nameRoot(loaded, mended) : mended;
    };
    return { step: { ...what, outcome: 'planned', from, passedOver: [] }, mend };
  }

  /** Nothing but the hint names the newest root: one that is healed elsewhere is found by that alone. */
  async #nameRoot(loaded: LoadedRoot, mended: Mended): Promise<Mended> {
    const { head, hint } = this.#scrubbed.found;
    if (loaded.root.version !== head.root.version) return mended;
    if (hint.problem === undefined && hint.head?.root.version === head.root.version) return mended;
    const { store, functions } = this.#environment;
    const call = { ...this.#call, role: hint.role };
    // The hint of a copy is for its first writer.
    const mayWrite = hint.problem !== 'elsewhere';
    const isNamed = async (): Promise<boolean> => {
      if ((await writeHint(store, loaded, hint.token, functions, call)) !== undefined) return true;
      // Somebody else has moved it.
      const now = await readHint(store, functions, this.#call);
      return (now.head?.root.version ?? 0) >= loaded.root.version;
    };
    const refused = (error: unknown): false => {
      if (isNacreError(error, 'PermissionDenied')) return false;
      throw error;
    };
    if (mayWrite && (await isNamed().catch(refused))) return mended;
    const reason = `it is right under ${healedKey(loaded.hash)}, where nobody finds it without a hint that names it`;
    return { outcome: 'left', reason };
  }

  /** It is no copy of anything: a new one says where the head is. */
  #planHint(what: DamagedObject): Planned {
    const { head, hint, damagedRoots } = this.#scrubbed.found;
    const { store, functions } = this.#environment;
    const lost = damagedRoots.find(({ hash }) => hash === undefined);
    if (lost !== undefined) {
      const reason = `what the newest version is cannot be said while ${rootKey(lost.version)} is lost`;
      return { step: { ...what, outcome: 'left', passedOver: [], reason } };
    }
    const mend = async (): Promise<Mended> => {
      // Refused: somebody who commits has written it meanwhile.
      await writeHint(store, head, hint.token, functions, { ...this.#call, role: hint.role });
      return { outcome: 'mended' };
    };
    return { step: { ...what, outcome: 'planned', from: rootKey(head.root.version), passedOver: [] }, mend };
  }

  async #mendAll(plan: readonly Planned[]): Promise<RepairStep[]> {
    const steps: RepairStep[] = [];
    const objects = plan.filter(({ step }) => step.kind !== 'root' && step.kind !== 'hint');
    const others = plan.slice(objects.length);
    const { signal, onProgress } = this.#options;
    const mend = async ({ step, mend: run }: Planned): Promise<RepairStep> =>
      run === undefined ? step : { ...step, ...(await run()) };
    for (const [group, ahead] of [
      [objects, atOnce],
      [others, 1],
    ] as const) {
      for await (const step of inOrderAhead(group, ahead, mend, signal)) {
        steps.push(step);
        onProgress?.(steps.length, plan.length, 'objects');
      }
    }
    return steps;
  }
}
