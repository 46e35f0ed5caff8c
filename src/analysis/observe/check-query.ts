import { usageError } from '../../base/errors.ts';

/**
 * Refuses what cannot work before AWS is asked: a query that names its own groups, or that cuts lines off.
 * @throws Problem (usage)
 */
export function checkQuery(query: string): void {
  for (const command of commandsOf(query)) {
    if (command === 'source')
      throw usageError(
        '--logs-query names log groups (SOURCE).',
        "Leave SOURCE out: shadowctl reads the endpoint's own group.",
      );
    if (command === 'limit' || command === 'head' || command === 'tail') {
      throw usageError(
        `--logs-query ends in '${command}', which would drop predictions.`,
        'Leave the command out: shadowctl reads the window in parts until it has all lines. A shorter --last reads less.',
      );
    }
    if (command === 'stats')
      throw usageError(
        '--logs-query counts lines (stats), and predictions are compared line by line.',
        'Leave stats out.',
      );
  }
  if (query.trim() === '') throw usageError('--logs-query is empty.', "Write it like 'fields @timestamp, @message'.");
}

/** The first words of a query's commands, in lower case. Bars within texts, expressions and comments part nothing. */
function commandsOf(query: string): string[] {
  const bare = query
    .replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""')
    .replaceAll(/\b(like|parse(?:\s+[@\w.]+)?)\s*\/(?:[^/\\\n]|\\.)+\//gi, '$1 ""')
    .replaceAll(/=~\s*\/(?:[^/\\\n]|\\.)+\//g, '=~ ""')
    .replaceAll(/#[^\n]*/g, '');
  return bare.split('|').map((command) => /^\s*(\w*)/.exec(command)?.[1]?.toLowerCase() ?? '');
}
