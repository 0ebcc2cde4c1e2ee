// An index of an attribute of few values, one object for the rows of a segment: a directory of the values,
// and behind it the rows of each as a set. What is read is checked before it is used; a directory that passes
// says where every byte of its object belongs.
import type { Attribute } from '../attributes/column.js';
import { compareValues } from '../attributes/statistics.js';
import type { Value } from '../attributes/values.js';
import { NacreError } from '../errors.js';
import { decodeFrame, encodeFrame, frameCap } from '../manifest/frame.js';
import { indexPattern } from '../manifest/keys.js';
import { type AttributeDirectory, decode, encode, make, v1 } from '../manifest/message.js';
import { checkFeatures } from '../manifest/root.js';
import type { AttributeIndexSegmentDraft } from '../manifest/transaction.js';
import type { ValueSet } from '../native/value-sets.js';
import type { ByteRange, CallOptions } from '../storage/object-store.js';
import { defined } from '../util/assert.js';
import { toHex } from '../util/bytes.js';
import { decodeValue, numberOfType, typeOfNumber } from './column-message.js';
import type { ArrayEnvironment } from './environment.js';
import { Kept } from './kept.js';
import { uploadLarge } from './upload-large.js';
import type { Part } from './runs.js';

/** The rows `[firstRowId, firstRowId + rows)` in an index, as the manifest describes it. */
export interface IndexedRows {
  readonly part: Part;
  readonly firstRowId: number;
  readonly rows: number;
  readonly directoryBytes: number;
  readonly kind: AttributeIndexKind;
}

/** `other` is of a newer release: it is passed over. */
export type AttributeIndexKind = 'bitmaps' | 'sorted' | 'other';

/** By the number that a segment has. */
export function attributeIndexKind(kind: number): AttributeIndexKind {
  if (kind === v1.AttributeIndexKind.ATTRIBUTE_INDEX_KIND_BITMAPS) return 'bitmaps';
  return kind === v1.AttributeIndexKind.ATTRIBUTE_INDEX_KIND_SORTED ? 'sorted' : 'other';
}

/** Which values there are, and where their rows stand. */
export interface ValueDirectory {
  /** Each once, ascending, NaN last; of lists their items. The set of value i is that of number i + 1. */
  readonly values: readonly Value[];
  /** Whether a row may have several values. */
  readonly ofLists: boolean;
  /** How many rows each set has: the nulls, which are number 0, then the values. */
  readonly counts: Uint32Array;
  /** How long each set is; none for nulls that there are none of. */
  readonly lengths: Uint32Array;
  /** Where each set begins in the object. */
  readonly starts: Float64Array;
}

/** Rows of a segment at most, by the format. */
const mostRows = 2 ** 32 - 1;

/** Sums of the blocks stand in the root. A piece of the page cache is as long. */
export const blockBytes = 2 ** 18;

/** By the hash of the object and what the manifest says of it: a few KiB each, at most some 40. */
const directories = new Kept<ValueDirectory>(1_024);

/** Uploads an index of some rows. */
export async function writeAttributeIndex(
  environment: ArrayEnvironment,
  arrayId: Uint8Array,
  type: Attribute['type'],
  covered: { readonly firstRowId: number; readonly rows: number },
  sets: { readonly nulls?: ValueSet | null; readonly values: readonly ValueSet[] },
  options: CallOptions,
): Promise<AttributeIndexSegmentDraft> {
  const messageOf = ({ value, rows, set }: ValueSet) =>
    make(v1.ValueSet, { value, rows, bytes: set.byteLength });
  const message = make(v1.AttributeDirectory, {
    ...{ type: numberOfType(type), rows: covered.rows, values: sets.values.map(messageOf) },
    nulls: sets.nulls ? messageOf(sets.nulls) : null,
  });
  const body = encode(v1.AttributeDirectory, message);
  const directory = encodeFrame('attribute directory', body, environment.functions);
  const all = [...(sets.nulls ? [sets.nulls] : []), ...sets.values];
  const pieces = [directory, ...all.map(({ set }) => set)];
  const object = await uploadLarge(environment, indexPattern(arrayId), pieces, options, blockBytes);
  return { object, ...covered, directoryBytes: directory.byteLength };
}

/** Cost: one request, the first time. Errors: `Corrupt`, and `UnsupportedFormat` of a newer release. */
export function readDirectory(
  environment: ArrayEnvironment,
  segment: IndexedRows,
  attribute: Attribute,
  options: CallOptions,
): Promise<ValueDirectory> {
  const { part, rows, directoryBytes } = segment;
  const name = `${toHex(part.object.hash)} ${attribute.type} ${rows} ${directoryBytes}`;
  return directories.get(environment, name, () => loadDirectory(environment, segment, attribute), options);
}

/** The directory of a segment as far as it is one of it, and how to refuse it. `read` gives its bytes. */
export async function decodeDirectory(
  { functions }: ArrayEnvironment,
  { part, rows, directoryBytes }: IndexedRows,
  { name, type }: Attribute,
  read: (range: ByteRange) => Promise<Uint8Array>,
): Promise<{ readonly message: AttributeDirectory; readonly fail: (why: string) => never }> {
  const { key } = part.object;
  const fail = (why: string): never => {
    throw new NacreError('Corrupt', `${key}: ${why}`, { context: { key, attribute: name } });
  };
  // Before it is read: no directory of this size decodes, and no number of a set is above.
  if (directoryBytes > frameCap['attribute directory']) fail(`a directory of ${directoryBytes} bytes`);
  if (rows > mostRows) fail(`${rows} rows`);
  const frame = await read({ start: 0, end: directoryBytes });
  const body = decodeFrame('attribute directory', frame, key, functions);
  const message = decode(v1.AttributeDirectory, body, key);
  checkFeatures(message.requiredFeatures, key);
  const found = typeOfNumber(message.type, name);
  if (found !== type) fail(`it is of ${found}, '${name}' is of ${type}`);
  if (message.rows !== rows) fail(`it has ${message.rows} rows, the manifest says ${rows}`);
  return { message, fail };
}

async function loadDirectory(
  environment: ArrayEnvironment,
  segment: IndexedRows,
  attribute: Attribute,
): Promise<ValueDirectory> {
  const { part, rows, directoryBytes } = segment;
  const { name, type } = attribute;
  const { message, fail } = await decodeDirectory(environment, segment, attribute, async (range) => {
    const [frame] = await environment.pages.read(part, [range]);
    return defined(frame, 'directory');
  });
  if (message.blocks !== null) fail('it has blocks where the manifest says that it has sets');
  const values = message.values.map(({ value }) => decodeValue(type, value, name));
  if (values.some((value, i) => i > 0 && !isBelow(values[i - 1] ?? null, value))) {
    fail('its values are out of order');
  }
  const { nulls } = message;
  const sets = [nulls ?? { rows: 0, bytes: 0 }, ...message.values];
  const counts = Uint32Array.from(sets, (set) => set.rows);
  const lengths = Uint32Array.from(sets, ({ bytes }) => bytes);
  const starts = new Float64Array(sets.length);
  let at = directoryBytes;
  for (const [i, { bytes }] of sets.entries()) {
    starts[i] = at;
    at += bytes;
  }
  const { sizeBytes } = part.object;
  if (at !== sizeBytes) fail(`its sets end at ${at} of ${sizeBytes} bytes`);
  if (sets.some((set) => set.rows === 0 && set !== sets[0])) fail('it has a value of no row');
  const ofLists = type === 'strings';
  const known = rows - (nulls?.rows ?? 0);
  const told = counts.subarray(1).reduce((sum, count) => sum + count, 0);
  const isWhole = ofLists ? counts.subarray(1).every((count) => count <= known) : told === known;
  if (!isWhole) fail(`its values have ${told} rows of ${known}`);
  return { values, ofLists, counts, lengths, starts };
}

/** NaN is above all others. */
function isBelow(a: Value, b: Value): boolean {
  if (Number.isNaN(a)) return false;
  return Number.isNaN(b) || compareValues(a, b) < 0;
}
