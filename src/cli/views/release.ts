import type { Outcome } from '../../app.ts';
import { linesOf, shown, text, type Text } from '../../base/text.ts';
import { dateAndTime, duration, percent } from '../../base/units.ts';
import type { ReleasePlan } from '../../lifecycle/plans.ts';
import { answerUntil, type WaitFor } from '../../lifecycle/release/machine.ts';
import type { ReleaseNote } from '../../lifecycle/release/note.ts';
import { noteText, outcomeWords } from '../../lifecycle/release/note-words.ts';
import type { RunResult } from '../../lifecycle/release/run.ts';
import type { Release } from '../../state/releases.ts';
import { type Io, plain } from '../../ui/io.ts';
import { records } from '../../ui/records.ts';
import { paint } from '../../ui/theme.ts';
import { writeJson } from './json.ts';
import { layout, wrap } from '../../ui/wrap.ts';

type ViewIo = Pick<Io, 'color' | 'columns' | 'command'>;

/** What a release may do by itself, before it begins. */
export function releasePlanLines(io: Pick<Io, 'columns'>, { endpoint, source, terms }: ReleasePlan): string[] {
  const { sampling, timeBox, approve, answer, unanswered, approvers } = terms;
  const who =
    approve === 'auto'
      ? 'a pass is approved by itself'
      : approvers.length === 0
        ? 'whoever may run shadowctl here, or has the link, is asked'
        : `${approvers.join(', ')} may approve`;
  const silent =
    unanswered === 'keep' ? `after ${duration(answer)} without an answer production stays` : 'it waits for an answer';
  return [
    `Release of ${plain(source)} on endpoint ${endpoint}:`,
    ...[
      `shadow: copies of ${sampling.map(percent).join(', then ')} of the requests, for ${duration(timeBox)} at most`,
      `approval: ${who}; ${silent}`,
      `then: a canary with alarms, watched for ${duration(terms.settle)} more`,
      'on fail, a no, or anything unforeseen: production stays as it is',
    ].flatMap((line) => wrap(`  ${line}`, io.columns, '    ')),
  ];
}

/** What people were told, as chatter. */
export function releaseNoteLines(io: ViewIo, note: ReleaseNote): string[] {
  return linesOf(noteText(note)).flatMap((line) =>
    typeof line === 'string' && /^(|.*\S {2,}\S.*)$/.test(line)
      ? [plain(line)]
      : layout(typeof line === 'string' ? plain(line) : line, io.columns, '  ', io.command),
  );
}

const WAITS: Readonly<Record<WaitFor, string>> = {
  'somebody-else': 'Somebody else is at work on the endpoint.',
  'quiet-hours': 'Nothing is attached or promoted in these hours (quiet).',
  endpoint: 'The endpoint is being changed.',
  errors: 'This share of the requests is held until the candidate is shown to fail no more of them.',
  evidence: 'The evidence does not decide yet.',
  answer: 'An answer is waited for.',
  update: 'The update into production is under way, guarded by its alarms.',
  settling: 'The candidate is production, and is watched.',
};

const PLACES: Readonly<Record<Release['at'], string>> = {
  begun: 'begun: nothing of it is on the endpoint',
  attaching: 'its shadow is being attached',
  gathering: 'its shadow gathers evidence',
  asking: 'an answer is waited for',
  approved: 'approved',
  promoting: 'becoming production',
  settling: 'production, and watched',
  detaching: 'its shadow is being removed',
  ended: 'ended',
};

/**
 * What a release has come to, and the exit code that says it.
 * @param command the one whose document it is in JSON
 */
export function releaseOutcome(
  io: Io,
  format: 'text' | 'json',
  result: Exclude<RunResult, { kind: 'planned' }>,
  command = 'release',
): Outcome {
  if (format === 'json') writeJson(io, command, resultFacts(result));
  else for (const line of resultLines(io, result)) io.out(line);
  return result.kind === 'ended' && result.release.ended?.outcome !== 'promoted' ? 'no' : 'done';
}

export function releasePlanned(
  io: Io,
  format: 'text' | 'json',
  { source }: Extract<RunResult, { kind: 'planned' }>,
): Outcome {
  if (format === 'json') writeJson(io, 'release', { result: 'planned', source });
  else io.out(`A release of ${plain(source.name)} could begin; nothing was changed.`);
  return 'pending';
}

function resultFacts(result: Exclude<RunResult, { kind: 'planned' }>) {
  switch (result.kind) {
    case 'idle':
      return { result: 'idle', release: null };
    case 'busy':
      return { result: 'busy', reason: result.words, release: null };
    case 'waits': {
      const { move, look } = result;
      const until = move.until === undefined ? null : new Date(move.until).toISOString();
      const verdict = look === undefined ? null : look.evidence;
      return {
        result: 'waits',
        for: move.for,
        words: move.words ?? null,
        until,
        verdict,
        release: releaseFacts(result.release),
      };
    }
    case 'ended':
      return { result: 'ended', release: releaseFacts(result.release) };
  }
}

function resultLines(io: ViewIo, result: Exclude<RunResult, { kind: 'planned' }>): Text[] {
  switch (result.kind) {
    case 'idle':
      return ['No release is under way.'];
    case 'busy':
      return wrap(`${plain(result.words)} Nothing more was done here: the next tick goes on.`, io.columns, '  ');
    case 'waits': {
      const { release, move, look } = result;
      const until = move.until === undefined ? '' : ` Until ${dateAndTime(move.until)} UTC at most.`;
      const decides = ['errors', 'evidence', 'answer'].includes(move.for);
      const verdict = look === undefined || !decides ? '' : ` ${look.evidence.summary}`;
      return wrap(
        `Release ${release.id} waits. ${WAITS[move.for]}${move.words === undefined ? '' : ` ${move.words}`}${verdict}${until}`,
        io.columns,
        '  ',
      );
    }
    case 'ended':
      return endedLines(io, result.release);
  }
}

function endedLines(io: ViewIo, { id, ended }: Release): Text[] {
  const good = ended?.outcome === 'promoted';
  const mark = paint(io, good ? 'good' : 'bad', good ? '✓' : '✗');
  return wrap(
    `${mark} Release ${id} has ended. ${outcomeWords(ended?.outcome ?? '')}. ${plain(ended?.reason ?? '')}`,
    io.columns,
    '  ',
  );
}

/** Where a release stands. */
export function statusLines(io: ViewIo, endpoint: string, release: Release): Text[] {
  const { begun, at, since, ask, trouble, ended, step } = release;
  const line = (words: string) => wrap(words, io.columns, '  ');
  if (ended !== undefined) return endedLines(io, release);
  const shares = begun.terms.sampling;
  return [
    ...line(`Release ${release.id} of ${plain(begun.source.name)}`),
    ...line(`  ${PLACES[at]}, since ${dateAndTime(since)} UTC`),
    ...(at === 'gathering'
      ? line(`  sees ${percent(shares[step])} of the requests (step ${step + 1} of ${shares.length})`)
      : []),
    ...(ask !== undefined && at === 'asking'
      ? [
          ...line(`  question ${ask.ask}: ${ask.outcome}. ${plain(ask.summary)}`),
          ...(begun.terms.unanswered === 'keep'
            ? line(`  without an answer by ${dateAndTime(answerUntil(release))} UTC production stays as it is`)
            : []),
          text`  Approve: ${shown('release approve', { endpoint, question: ask.ask })}`,
          text`  Reject:  ${shown('release reject', { endpoint, question: ask.ask })}`,
        ]
      : []),
    ...(release.answer === undefined ? [] : line(`  ${release.answer.by} answered: ${release.answer.answer}`)),
    ...(trouble === undefined ? [] : line(`  in its way since ${dateAndTime(trouble.at)} UTC: ${plain(trouble.what)}`)),
    text`  Go on now: ${shown('release', { endpoint, once: true })}`,
  ];
}

/** What is about to be answered. */
export function answerPlanLines(io: ViewIo, release: Release, answer: 'approve' | 'reject' | 'cancel'): string[] {
  const { ask, begun } = release;
  const then =
    answer === 'approve'
      ? 'It becomes production through a canary with alarms, if the verdict still holds.'
      : 'Its shadow is removed; production stays as it is.';
  const verdict = ask === undefined ? [] : wrap(`Verdict: ${ask.outcome}. ${plain(ask.summary)}`, io.columns, '  ');
  return [
    ...wrap(`Release ${release.id} of ${plain(begun.source.name)}`, io.columns, '  '),
    ...verdict,
    ...wrap(then, io.columns, '  '),
  ];
}

/** A release for machines; stable names. */
export function releaseFacts(release: Release) {
  const { id, begun, at, since, step, model, config, ask, answer, ended, trouble } = release;
  return {
    id,
    source: begun.source,
    from: begun.from,
    begunAt: new Date(begun.at).toISOString(),
    at,
    since: new Date(since).toISOString(),
    step,
    sampling: begun.terms.sampling,
    model: model ?? null,
    config: config ?? null,
    question:
      ask === undefined ? null : { number: ask.ask, about: ask.about, outcome: ask.outcome, summary: ask.summary },
    answer:
      answer === undefined
        ? null
        : { answer: answer.answer, by: answer.by, how: answer.how, reason: answer.reason ?? null },
    trouble: trouble?.what ?? null,
    outcome: ended?.outcome ?? null,
    reason: ended?.reason ?? null,
    endedAt: ended === undefined ? null : new Date(ended.at).toISOString(),
  };
}

/** Every release, oldest first. */
export function historyLines(io: Pick<Io, 'color' | 'columns'>, all: readonly Release[]): Promise<string> {
  return records(
    io,
    ['release', 'began (UTC)', 'of', 'how it ended', 'answered by'],
    all.map(({ id, begun, ended, at, answer }) => [
      id,
      dateAndTime(begun.at),
      begun.source.name,
      ended?.outcome ?? at,
      answer?.by ?? '',
    ]),
  );
}
