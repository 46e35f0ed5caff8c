import { environmentError } from '../base/errors.ts';
import { parseEvent, type Recorded } from './events.ts';

/**
 * The event that a line of a journal holds.
 *
 * @param path the journal, for people
 * @param where in it, such as `line 3`
 * @param mayBeTorn the line may have been cut off while it was written: then it is `torn`, not damaged
 * @throws Problem (cannot-run) where it is damaged, or of a newer version
 */
export function recordedOf(line: string, path: string, where: string, mayBeTorn = false): Recorded | 'torn' {
  const parsed = parseJson(line);
  if (parsed === undefined && mayBeTorn) return 'torn';
  const found = parsed === undefined ? { wrong: `not JSON: ${line.slice(0, 60)}` } : parseEvent(parsed.content);
  // Before the lines that follow are looked at: another version may write them in another shape.
  if ('event' in found && found.event.type === 'open' && found.event.version !== 1)
    throw environmentError(
      `The journal ${path} is of version ${found.event.version}; this shadowctl knows version 1.`,
      'Use the shadowctl that wrote it, or a newer one.',
    );
  if ('event' in found) return found.event;
  throw environmentError(
    `The journal ${path} is damaged at ${where}: ${found.wrong}.`,
    'Restore it from a copy, or correct that place: each line is one JSON object.',
  );
}

/** The content of a line; undefined where it is not JSON. */
function parseJson(line: string): { content: unknown } | undefined {
  try {
    return { content: JSON.parse(line) as unknown };
  } catch {
    return undefined;
  }
}
