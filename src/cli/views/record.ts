import { count, counted } from '../../base/units.ts';
import type { RecordEvent, RecordResult, RefusedLine } from '../../lifecycle/mirror/record.ts';

/** What happens while `record` writes, in a sentence. */
export function recordEventText(event: RecordEvent): string {
  return event.kind === 'records-resumed'
    ? 'Records are written again.'
    : `Records cannot be written (${event.error ?? 'the disk is too slow'}): those that are missing now count for neither side.`;
}

/** A line that was refused, and why: `FILE:LINE: WHY`. */
export function refusedLine({ file, line, why }: RefusedLine): string {
  return `${file}:${line}: ${why}`;
}

/** What became of all lines. */
export function resultLines(result: RecordResult): string[] {
  const { recorded, repeated, late, full, malformed, unanswered, unlogged, lost } = result;
  const refused: [number, string][] = [
    [malformed, 'no such line'],
    [result['other-answer'], 'an id that was recorded with another answer'],
    [late, 'too late'],
    [full, 'too many ids for one folder'],
  ];
  const why = refused.flatMap(([n, words]) => (n === 0 ? [] : [`${count(n)}: ${words}`]));
  return [
    `${counted(recorded, 'lines')} recorded${repeated === 0 ? '' : `, ${count(repeated)} repeated with the same answer`}.`,
    ...(why.length === 0 ? [] : [`Refused: ${why.join('; ')}.`]),
    ...(unanswered === 0
      ? []
      : [`${counted(unanswered, 'requests')} without a line of the shadow: they count against it.`]),
    ...(unlogged === 0
      ? []
      : [`${counted(unlogged, 'requests')} without a line of the live side: they count for neither.`]),
    ...(lost === 0 ? [] : [`${counted(lost, 'records')} could not be written.`]),
  ];
}
