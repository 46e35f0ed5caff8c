import type { Aws } from '../../aws/clients.ts';
import { endpointLogGroup } from '../../aws/logs.ts';
import { MAX_RESULTS, runQuery } from '../../aws/logs-insights.ts';
import type { Answer, Part } from '../../aws/logs-insights.ts';
import type { Clock } from '../../base/clock.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import type { Window } from '../observations.ts';

const AT_ONCE = 4;
const SECOND_MS = 1_000;
/** A part is cut so that its pieces should hold this share of what one query may give. */
const FILL = 0.7;
const MAX_PIECES = 64;

/** A line that a query found: its fields by name, `at` in milliseconds since the epoch. */
export interface FoundLine {
  at: number;
  fields: Record<string, string>;
}

interface Found {
  /** In order of time. */
  lines: FoundLine[];
  /** False where there were more than `most`: the first of them are here. */
  complete: boolean;
  /** Seconds that hold more lines than one query gives: the rest of them is not here. */
  overfull: number;
  queries: number;
}

/**
 * The lines of one variant that a query of CloudWatch Logs Insights finds in a window. One query gives 10,000 lines at
 * the most, so the window is cut in parts until each gives fewer; time is halved as well where AWS gives up on a part.
 */
export async function queryLines(
  aws: Aws,
  clock: Clock,
  source: { endpoint: string; variant: string; window: Window; query: string; most: number },
  options: { signal?: AbortSignal | undefined; progress?: ((lines: number) => void) | undefined },
): Promise<Found> {
  // Streams are called variant/instance (facts 3); a variant's name has no character that a pattern would read.
  const text = `filter @logStream like /^${source.variant}\\//\n| ${source.query.trim().replace(/^\|/, '')}`;
  const group = endpointLogGroup(source.endpoint);
  const waiting: Part[] = [{ from: source.window.from, to: source.window.to }];
  const lines: FoundLine[] = [];
  let [queries, overfull] = [0, 0];
  while (waiting.length > 0 && before(lines, waiting[0]) < source.most) {
    const parts = waiting.splice(0, AT_ONCE);
    const answers = await clock.all(
      parts.map((part) => () => runQuery(aws, clock, { group, text, part }, options.signal)),
    );
    queries += parts.length;
    const cut: Part[] = [];
    for (const [i, part] of parts.entries()) {
      const answer = answers[i] as Answer;
      const pieces = cutPart(part, answer);
      if (pieces.length > 0) cut.push(...pieces);
      else if (answer.kind === 'timeout') {
        throw environmentError(
          `CloudWatch Logs timed out on the second ${new Date(part.from).toISOString()} of log group "${group}".`,
          'Shorten --last, or use --log-pattern in place of --logs-query.',
        );
      } else if (answer.kind === 'rows') {
        if (answer.rows.length >= MAX_RESULTS) overfull += 1;
        for (const fields of answer.rows) {
          const at = timeOf(fields);
          // Both ends of a query are in it: what lies on a cut belongs to the part that it begins.
          if (at >= part.from && at < part.to) lines.push({ at, fields });
        }
      }
    }
    waiting.unshift(...cut);
    waiting.sort((a, b) => a.from - b.from);
    options.progress?.(lines.length);
  }
  const end = waiting[0]?.from ?? Number.POSITIVE_INFINITY;
  const sorted = lines.filter((line) => line.at < end).sort((a, b) => a.at - b.at);
  return {
    lines: sorted.slice(0, source.most),
    complete: waiting.length === 0 && sorted.length <= source.most,
    overfull,
    queries,
  };
}

/** Lines that lie before everything that is still to be read. */
function before(lines: readonly FoundLine[], next: Part | undefined): number {
  return next === undefined ? lines.length : lines.filter((line) => line.at < next.from).length;
}

/** The pieces in which a part must be asked for again; none where its answer is whole, or it is a single second. */
export function cutPart(part: Part, answer: Answer): Part[] {
  const seconds = Math.round((part.to - part.from) / SECOND_MS);
  const full = answer.kind === 'timeout' || (answer.kind === 'rows' && answer.rows.length >= MAX_RESULTS);
  if (!full || seconds <= 1) return [];
  const matched = answer.kind === 'rows' ? (answer.matched ?? 0) : 0;
  const wanted = Math.max(2, Math.ceil(matched / (FILL * MAX_RESULTS)));
  const count = Math.min(wanted, MAX_PIECES, seconds);
  const edge = (i: number) => part.from + Math.floor((seconds * i) / count) * SECOND_MS;
  return Array.from({ length: count }, (_, i) => ({ from: edge(i), to: i + 1 === count ? part.to : edge(i + 1) }));
}

function timeOf(fields: Record<string, string>): number {
  const text = fields['@timestamp'];
  const at = text === undefined ? Number.NaN : Date.parse(`${text.replace(' ', 'T')}Z`);
  if (Number.isNaN(at)) {
    throw usageError(
      text === undefined
        ? 'The results of --logs-query have no @timestamp.'
        : `The results of --logs-query have a @timestamp that is not a time: ${text}`,
      'Begin it with: fields @timestamp, …',
    );
  }
  return at;
}
