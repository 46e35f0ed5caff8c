/** A moment that a log line shows. */
export interface LineTime {
  /** Milliseconds since the epoch. */
  at: number;
  /** It names no time zone, and is taken for UTC. */
  zoneless: boolean;
}

const ISO = /(\d{4})[-/](\d\d)[-/](\d\d)[T _](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:\s?(Z|UTC|[+-]\d\d:?\d\d))?/;
/** As web servers write it: 02/Mar/2026:09:00:00 +0000. */
const COMMON_LOG = /(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d)(?: ([+-]\d{4}))?/;
const EPOCH = /^\s*(\d{10})(?:(\d{3})|(\.\d+))?(?=\s|$|[\]:,])/;

/** The first moment that stands in a text: ISO 8601 and what resembles it, as web servers write it, or since the epoch. */
export function timeIn(text: string): LineTime | undefined {
  const iso = ISO.exec(text);
  if (iso !== null) {
    const [, year, month, day, hour, minute, second = '00', fraction = '0', zone] = iso;
    const where = zone === undefined || zone === 'UTC' ? 'Z' : zone;
    const at = Date.parse(
      `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}${zoneOf(where)}`,
    );
    return Number.isNaN(at) ? undefined : { at, zoneless: zone === undefined };
  }
  const common = COMMON_LOG.exec(text);
  if (common !== null) {
    const [, day, month, year, time, zone] = common;
    const at = Date.parse(`${day} ${month} ${year} ${time} ${zone ?? '+0000'}`);
    return Number.isNaN(at) ? undefined : { at, zoneless: zone === undefined };
  }
  const [, seconds, millis, fraction] = EPOCH.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  return { at: Number(seconds) * 1000 + Math.round(Number(millis ?? 1000 * Number(fraction ?? 0))), zoneless: false };
}

function zoneOf(zone: string): string {
  return zone === 'Z' || zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
}
