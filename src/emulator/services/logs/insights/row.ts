import type { StoredLogEvent } from '../../../world/logs/logs.ts';

/** "CloudWatch Logs Insights can extract a maximum of 200 log event fields from a JSON log" (docs, discovered fields). */
const MAX_FIELDS = 200;

/** An event of a query: its own fields, those discovered in a JSON message, those that the query made. */
export class Row {
  readonly event: StoredLogEvent;
  readonly #log: string;
  readonly #made = new Map<string, string>();
  #discovered: Map<string, string> | undefined;

  /** @param log `account:group`, the field `@log` */
  constructor(event: StoredLogEvent, log: string) {
    this.event = event;
    this.#log = log;
  }

  /** Undefined where the event has no such field. Times are milliseconds since the epoch. */
  get(name: string): string | undefined {
    const made = this.#made.get(name);
    if (made !== undefined) return made;
    switch (name) {
      case '@message':
        return this.event.message;
      case '@timestamp':
        return String(this.event.timestamp);
      case '@ingestionTime':
        return String(this.event.ingestionTime);
      case '@logStream':
        return this.event.stream;
      case '@log':
        return this.#log;
      default:
        this.#discovered ??= discover(this.event.message);
        return this.#discovered.get(name);
    }
  }

  set(name: string, value: string | undefined): void {
    if (value !== undefined) this.#made.set(name, value);
  }
}

/** As GetQueryResults shows a value: times as `2026-01-05 09:00:00.000`. */
export function shown(name: string, value: string): string {
  if (name !== '@timestamp' && name !== '@ingestionTime') return value;
  return new Date(Number(value)).toISOString().replace('T', ' ').replace('Z', '');
}

/** Fields of a JSON message: `a.b`, lists as `a.0.b`; a name that begins with @ gets another one (docs). */
function discover(message: string): Map<string, string> {
  const found = new Map<string, string>();
  if (!/^\s*\{/.test(message)) return found;
  let value: unknown;
  try {
    value = JSON.parse(message);
  } catch {
    return found;
  }
  const walk = (one: unknown, name: string): void => {
    if (found.size >= MAX_FIELDS || one === null) return;
    if (typeof one === 'object') {
      for (const [key, inner] of Object.entries(one))
        walk(inner, name === '' ? key.replace(/^@/, '@@') : `${name}.${key}`);
    } else if (typeof one === 'boolean') {
      // As Insights has them (aws-powertools/powertools-lambda-dotnet#667).
      found.set(name, one ? '1' : '0');
    } else found.set(name, typeof one === 'string' ? one : JSON.stringify(one));
  };
  walk(value, '');
  return found;
}
