import type { Rows } from './execute.ts';
import { QueryFailure } from './failure.ts';
import { javaDouble } from './java-numbers.ts';
import { columnOf, printFloat } from './print.ts';

/** A Trino server, whose catalogue `awsdatacatalog` reads this emulator's Glue and S3. */
export interface TrinoSession {
  /** `http://127.0.0.1:8080` */
  url: string;
  /** The database of tables without one. */
  database: string | undefined;
  /** Properties of the catalogue: `compression_codec`. */
  properties?: Readonly<Record<string, string>>;
}

const CATALOG = 'awsdatacatalog';

/** One answer of Trino's REST API (Trino's documentation, "Trino client REST API"). */
interface Reply {
  nextUri?: string;
  columns?: { name: string; typeSignature: Signature }[];
  data?: unknown[][];
  stats?: { physicalInputBytes?: number };
  error?: { message: string; errorName: string; errorType: string };
}

interface Signature {
  rawType: string;
  arguments: { kind: string; value: unknown }[];
}

/** Runs a statement to its end. @throws QueryFailure in Trino's own words */
export async function runOnTrino(sql: string, session: TrinoSession, signal: AbortSignal): Promise<Rows> {
  const { url, database, properties = {} } = session;
  const headers: Record<string, string> = {
    'X-Trino-User': 'athena',
    'X-Trino-Source': 'shadowctl',
    'X-Trino-Catalog': CATALOG,
    'X-Trino-Time-Zone': 'UTC',
    ...(database !== undefined && { 'X-Trino-Schema': database }),
  };
  const set = Object.entries(properties).map(([name, value]) => `${CATALOG}.${name}=${encodeURIComponent(value)}`);
  if (set.length > 0) headers['X-Trino-Session'] = set.join(',');
  let columns: Reply['columns'];
  const rows: (string | null)[][] = [];
  let scanned = 0;
  let reply = await ask(`${url}/v1/statement`, { method: 'POST', headers, body: sql, signal });
  for (;;) {
    columns ??= reply.columns;
    const types = columns?.map((one) => one.typeSignature) ?? [];
    for (const row of reply.data ?? []) rows.push(row.map((value, index) => printed(value, types[index] as Signature)));
    scanned = Math.max(scanned, reply.stats?.physicalInputBytes ?? 0);
    if (reply.error !== undefined) throw new QueryFailure(reply.error.errorName, reply.error.message);
    const { nextUri } = reply;
    if (nextUri === undefined) break;
    try {
      reply = await ask(nextUri, { signal });
    } catch (error) {
      // Whoever stops a query lets it end on the server, too.
      if (signal.aborted) await fetch(nextUri, { method: 'DELETE' }).catch(() => undefined);
      throw error;
    }
  }
  const described = (columns ?? []).map(({ name, typeSignature }) => {
    const [precision, scale] =
      typeSignature.rawType === 'decimal' ? typeSignature.arguments.map((one) => Number(one.value)) : [];
    return columnOf(name, typeName(typeSignature), precision, scale);
  });
  return { columns: described, rows, scanned };
}

async function ask(url: string, init: RequestInit): Promise<Reply> {
  let reply: Response;
  try {
    reply = await fetch(url, init);
  } catch (error) {
    init.signal?.throwIfAborted();
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new QueryFailure('GENERIC_INTERNAL_ERROR', `Trino does not answer at ${url}: ${why}`);
  }
  const text = await reply.text();
  if (!reply.ok)
    throw new QueryFailure('GENERIC_INTERNAL_ERROR', `Trino answers ${reply.status}: ${text.slice(0, 200)}`);
  return JSON.parse(withLongNumbers(text)) as Reply;
}

/** Whole numbers that JavaScript would round, as texts. */
function withLongNumbers(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (found) =>
    /^-?\d{16,}$/.test(found) ? `"${found}"` : found,
  );
}

/** Athena shows `timestamp` without its precision, and of types that are made of others only what they are. */
function typeName({ rawType }: Signature): string {
  return rawType === 'real' ? 'float' : rawType;
}

/** A value as Athena prints it. */
function printed(value: unknown, type: Signature): string | null {
  if (value === null || value === undefined) return null;
  const inner = (one: unknown, of: unknown) => printed(one, of as Signature) ?? 'null';
  if (Array.isArray(value)) {
    if (type.rawType === 'row') {
      const fields = type.arguments.map(
        (one) => one.value as { fieldName?: { name: string }; typeSignature: Signature },
      );
      return `{${fields.map(({ fieldName, typeSignature }, index) => `${fieldName?.name ?? `field${index}`}=${inner(value[index], typeSignature)}`).join(', ')}}`;
    }
    return `[${value.map((one) => inner(one, type.arguments[0]?.value)).join(', ')}]`;
  }
  if (typeof value === 'object') {
    const of = type.arguments[1]?.value;
    return `{${Object.entries(value)
      .map(([key, one]) => `${key}=${inner(one, of)}`)
      .join(', ')}}`;
  }
  if (typeof value === 'boolean') return String(value);
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '';
  switch (type.rawType) {
    case 'double':
      return javaDouble(Number(text));
    case 'real':
      return printFloat(Number(text));
    case 'varbinary':
      return [...Buffer.from(text, 'base64')].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    default:
      return text;
  }
}
