import { type CommandLine, lines, linesOf, printText, shown, type Text, text } from '../../base/text.ts';
import { dateAndTime, duration, percent } from '../../base/units.ts';
import type { Message } from '../events.ts';
import type { ReleaseNote, SideBySide, ToldVerdict } from './note.ts';

/** A mail is read on a phone, and SNS takes 262,144 bytes: so many reasons, of so many characters each. */
const MAX_REASONS = 8;
const MAX_REASON = 400;

const OUTCOMES: Readonly<Record<string, string>> = {
  promoted: 'The candidate is production',
  kept: 'Production stays as it is',
  cancelled: 'The release was cancelled; production stays as it is',
  'rolled-back': 'The update was rolled back; production stays as it was',
  'did-not-start': 'The candidate did not start; production serves as before',
  expired: 'The release has ended without beginning; production was not touched',
  undone: 'The candidate was production, and was taken back',
  overtaken: 'The release has ended, because the endpoint was changed',
  'cleaned-up': 'The release has ended with a cleanup',
};

/** What an outcome means, as a sentence without its end. */
export function outcomeWords(outcome: string): string {
  return OUTCOMES[outcome] ?? outcome;
}

// Control characters with the ends of lines, those that turn the direction of writing, and those that nobody sees.
// oxlint-disable-next-line no-control-regex
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/**
 * The same, with every text of it on one line: a key in S3 and a label of a model are whatever somebody wrote there, and must not
 * begin a line of a mail that asks for an answer. Pure.
 */
function onOneLine<Value>(value: Value): Value {
  if (typeof value === 'string') return value.replace(UNSEEN, ' ') as Value;
  if (Array.isArray(value)) return value.map((one: unknown) => onOneLine(one)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, onOneLine(one as unknown)])) as Value;
}

/** A note in words: the lines of a mail. Pure. */
export function noteText(raw: ReleaseNote): Text {
  const note = onOneLine(raw);
  const { endpoint, release, source } = note;
  const of = `Release ${release} of ${source} on endpoint ${endpoint}`;
  switch (note.about) {
    case 'begun': {
      const cost = note.cost === undefined ? '' : ` While it runs, it costs ${note.cost}.`;
      if (note.evidence === 'batch')
        return `${of} has begun: the candidate will answer the recorded inputs of each day, for ${duration(note.timeBox)} at most; nothing of it is on the endpoint.${note.cost === undefined ? '' : ` It costs ${note.cost}.`}`;
      return `${of} has begun: the candidate will see copies of ${note.sampling.map((share) => percent(share)).join(', then ')} of the requests, for ${duration(note.timeBox)} at most. Only production answers.${cost}`;
    }
    case 'asked':
    case 'reminder':
      return askText(note, of);
    case 'turned':
      return lines(
        `${of} was approved (question ${note.ask}), but the verdict is ${note.verdict.outcome} by now. Nothing was changed.`,
        ...verdictText(note.verdict),
      );
    case 'trouble':
      return lines(
        `${of} cannot go on now; production was not touched. The next look tries again.`,
        note.what,
        note.elsewhere
          ? text`Decide it where there is more time and room: ${shown('release', { endpoint, once: true })}`
          : undefined,
      );
    case 'settling':
      return `${of}: the candidate serves all requests (${note.config}), and is watched until ${dateAndTime(note.until)} UTC.`;
    case 'alarm':
      return lines(
        `${of}: after the candidate became production, alarms fired: ${note.alarms.join(', ')}.`,
        note.wayBack === undefined ? undefined : text`To go back: ${shown('undo', { endpoint, to: note.wayBack })}`,
      );
    case 'passed-over':
      return `${source} starts no release on endpoint ${endpoint}: ${note.why}.`;
    case 'ended':
      return lines(
        `${of} has ended. ${outcomeWords(note.outcome)}.`,
        note.reason,
        note.wayBack === undefined ? undefined : text`To go back: ${shown('undo', { endpoint, to: note.wayBack })}`,
      );
  }
}

type Ask = Extract<ReleaseNote, { about: 'asked' | 'reminder' }>;

function askText(note: Ask, of: string): Text {
  const { endpoint, ask, asks, until, unanswered, approvers, pageAnswers, registry, link } = note;
  const question =
    asks === 'pass'
      ? note.verdict.outcome === 'pass'
        ? `${of}: the candidate has passed. Promote the candidate?`
        : `${of}: what was to be shown holds in this window, and the policy accepts that (accept: window). Promote the candidate?`
      : `${of}: inconclusive at the deadline. Promote anyway?`;
  const stays = 'production stays as it is';
  const byBatch = note.evidence === 'batch';
  const still = unanswered === 'keep' ? (byBatch ? stays : `the shadow is removed, and ${stays}`) : undefined;
  return lines(
    ...(note.about === 'reminder' ? ['Reminder: no one has answered yet.'] : []),
    question,
    '',
    ...verdictText(note.verdict),
    '',
    ...table(note.sides),
    '',
    'If you approve, the candidate becomes production through a canary, with alarms that roll it back.',
    text`Approve: ${shown('release approve', { endpoint, question: ask })}`,
    text`Reject:  ${shown('release reject', { endpoint, question: ask })}`,
    link === undefined ? undefined : `${pageAnswers ? 'Or decide on this page' : 'Look at it'}: ${link}`,
    registry === undefined
      ? undefined
      : registry === 'Approved'
        ? 'In the Model Registry it was Approved before this question: to answer there, set it to PendingManualApproval, and then to Approved or Rejected.'
        : 'Or set it to Approved, or to Rejected, in the Model Registry.',
    approvers.length === 0 ? undefined : `Only these may approve: ${approvers.join(', ')}`,
    still === undefined
      ? byBatch
        ? 'Until someone answers, each day is run and billed; production stays as it is.'
        : 'Until someone answers, the shadow stays attached and is billed; production stays as it is.'
      : `If nobody answers by ${dateAndTime(until)} UTC, ${still}.`,
  );
}

/** The verdict in a few lines. */
function verdictText({ outcome, summary, reasons }: ToldVerdict): string[] {
  const more = reasons.length - MAX_REASONS;
  return [
    `Verdict: ${outcome.toUpperCase()}. ${cut(summary)}`,
    ...reasons.slice(0, MAX_REASONS).map((reason) => `- ${cut(reason)}`),
    ...(more > 0 ? [`- and ${more} more: see the report`] : []),
    ...[flagsWords(summary, ...reasons.slice(0, MAX_REASONS)) ?? []].flat(),
  ];
}

/** Flags are those of `report`; undefined where none is named. */
export function flagsWords(...words: readonly string[]): string | undefined {
  return words.some((one) => /(^|[\s(])--[a-z]/.test(one))
    ? 'Flags named here are those of report: a release takes labels: under release: in shadowctl.yaml, and the rest from its policy.'
    : undefined;
}

function cut(words: string): string {
  return words.length <= MAX_REASON ? words : `${words.slice(0, MAX_REASON - 1)}…`;
}

function table(sides: readonly SideBySide[]): string[] {
  if (sides.length === 0) return [];
  const head: SideBySide = { measure: '', production: 'production', candidate: 'candidate' };
  const rows = [head, ...sides];
  const width = (key: keyof SideBySide) => Math.max(...rows.map((row) => row[key].length));
  const [first, second] = [width('measure'), width('production')];
  return rows.map(({ measure, production, candidate }) =>
    `${measure.padEnd(first)}  ${production.padEnd(second)}  ${candidate}`.trimEnd(),
  );
}

const SUBJECTS: Readonly<Record<ReleaseNote['about'], string>> = {
  begun: 'begun',
  asked: 'approve?',
  reminder: 'approve? (reminder)',
  turned: 'not promoted, the verdict has turned',
  trouble: 'cannot go on',
  settling: 'promoted, being watched',
  alarm: 'alarms after the promotion',
  'passed-over': 'no release',
  ended: 'ended',
};

/** A note as it is sent. `facts` hold no link: whoever reads logs could answer by it. Pure. */
export function noteMessage(note: ReleaseNote, command: (line: CommandLine) => string): Message {
  const what = note.about === 'ended' ? note.outcome : SUBJECTS[note.about];
  const { link: _, ...facts } = { link: undefined, ...note };
  return {
    subject: `shadowctl release: ${what} - ${note.endpoint}`,
    text: linesOf(noteText(note))
      .map((line) => printText(line, command))
      .join('\n'),
    facts,
  };
}
