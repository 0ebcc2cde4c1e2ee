// Instants as text: ISO 8601 with its zone to microseconds since 1970, and back. Calendar arithmetic is in
// bigints, since int64 reaches years that Date does not.
import { NacreError } from '../errors.js';
import { quoted } from './text.js';

export const minInt64 = -(2n ** 63n);
export const maxInt64 = 2n ** 63n - 1n;

const dayForm = String.raw`(\d{4}|[+-]\d{6})-(\d\d)-(\d\d)`;
const timeForm = String.raw`[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,30}))?)?`;
const form = new RegExp(String.raw`^${dayForm}(?:${timeForm})?([Zz]|[+-]\d\d:?\d\d)?$`);

const microsOfDay = 86_400_000_000n;

/**
 * `2026-01-02T03:04:05.678901Z`: a year of four digits, or of six with a sign; seconds and their fraction may
 * be left away; the zone is `Z` or as `+02:00`. Errors: `InvalidArgument` for another form, a time without
 * its zone, a day that the calendar lacks, a leap second, more than microseconds, an instant beyond int64.
 */
export function parseTimestamp(text: string): bigint {
  const found = text.length > 80 ? null : form.exec(text);
  if (found === null) throw refused(text, 'is no instant', 'Write it as 2026-01-02T03:04:05Z (ISO 8601).');
  const [, year = '', month = '', day = '', hour, minute, second = '0', fraction = '', zone] = found;
  if (hour === undefined || minute === undefined) {
    throw refused(text, 'has no time', `An instant needs a time and a zone: ${text.slice(0, 13)}T00:00:00Z.`);
  }
  if (zone === undefined) {
    throw refused(text, 'has no zone', 'Add the zone: Z for UTC, or an offset as +02:00.');
  }
  const inRange =
    between(month, 1, 12) &&
    between(day, 1, daysOfMonth(Number(year), Number(month))) &&
    between(hour, 0, 23) &&
    between(minute, 0, 59) &&
    between(second, 0, 59) &&
    year !== '-000000';
  if (!inRange) throw refused(text, 'is no time of the calendar', 'Leap seconds are not counted.');
  const seconds = BigInt(hour) * 3_600n + BigInt(minute) * 60n + BigInt(second) - offsetSeconds(text, zone);
  const micros =
    daysSince1970(BigInt(year.replace('+', '')), BigInt(month), BigInt(day)) * microsOfDay +
    seconds * 1_000_000n +
    BigInt(microsOf(text, fraction));
  if (micros >= minInt64 && micros <= maxInt64) return micros;
  throw refused(text, 'is beyond what a timestamp holds', 'Years go from about -290308 to 294247.');
}

function refused(text: string, what: string, hint: string): NacreError {
  const shown = text.slice(0, 80);
  return new NacreError('InvalidArgument', `the timestamp ${quoted(text, 80)} ${what}`, {
    context: { timestamp: shown },
    hint,
  });
}

function between(digits: string, low: number, high: number): boolean {
  return Number(digits) >= low && Number(digits) <= high;
}

function microsOf(text: string, fraction: string): string {
  if (/[1-9]/.test(fraction.slice(6))) {
    throw refused(text, 'is finer than a microsecond', 'Timestamps have microseconds: round it.');
  }
  return fraction.slice(0, 6).padEnd(6, '0');
}

function offsetSeconds(text: string, zone: string): bigint {
  if (zone === 'Z' || zone === 'z') return 0n;
  const [hours, minutes] = [zone.slice(1, 3), zone.slice(-2)];
  if (!between(hours, 0, 23) || !between(minutes, 0, 59)) {
    throw refused(text, 'has an offset of a day or more', 'Offsets go from -23:59 to +23:59.');
  }
  const seconds = BigInt(hours) * 3_600n + BigInt(minutes) * 60n;
  return zone.startsWith('-') ? -seconds : seconds;
}

function daysOfMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil. */
function daysSince1970(year: bigint, month: bigint, day: bigint): bigint {
  const y = month <= 2n ? year - 1n : year;
  const era = (y >= 0n ? y : y - 399n) / 400n;
  const yearOfEra = y - era * 400n;
  const dayOfYear = (153n * (month > 2n ? month - 3n : month + 9n) + 2n) / 5n + day - 1n;
  const dayOfEra = yearOfEra * 365n + yearOfEra / 4n - yearOfEra / 100n + dayOfYear;
  return era * 146_097n + dayOfEra - 719_468n;
}

/** The instant in UTC; parses back to the same. */
export function formatTimestamp(micros: bigint): string {
  const ofDay = ((micros % microsOfDay) + microsOfDay) % microsOfDay;
  const [year, month, day] = civilOf((micros - ofDay) / microsOfDay);
  const size = year < 0n ? -year : year;
  const years = year >= 0n && year <= 9999n ? pad(year, 4) : `${year < 0n ? '-' : '+'}${pad(size, 6)}`;
  const seconds = ofDay / 1_000_000n;
  const fraction = pad(ofDay % 1_000_000n, 6).replace(/0+$/, '');
  const time = [seconds / 3_600n, (seconds / 60n) % 60n, seconds % 60n].map((part) => pad(part, 2)).join(':');
  return `${years}-${pad(month, 2)}-${pad(day, 2)}T${time}${fraction === '' ? '' : `.${fraction}`}Z`;
}

/** The same paper, civil_from_days. */
function civilOf(days: bigint): [year: bigint, month: bigint, day: bigint] {
  const z = days + 719_468n;
  const era = (z >= 0n ? z : z - 146_096n) / 146_097n;
  const dayOfEra = z - era * 146_097n;
  const yearOfEra = (dayOfEra - dayOfEra / 1_460n + dayOfEra / 36_524n - dayOfEra / 146_096n) / 365n;
  const dayOfYear = dayOfEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const shifted = (5n * dayOfYear + 2n) / 153n;
  const month = shifted < 10n ? shifted + 3n : shifted - 9n;
  return [
    yearOfEra + era * 400n + (month <= 2n ? 1n : 0n),
    month,
    dayOfYear - (153n * shifted + 2n) / 5n + 1n,
  ];
}

function pad(value: bigint, digits: number): string {
  return value.toString().padStart(digits, '0');
}
