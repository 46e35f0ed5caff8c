import { lines, shown, type Text, text } from '../../base/text.ts';
import type { SliceRanking } from '../../analysis/statistics/slice-risk.ts';
import { count, dateAndTime, duration, number, percent, SECOND, timeOfDay } from '../../base/units.ts';
import type { Message } from '../../lifecycle/events.ts';
import type { MirrorStopped } from '../../lifecycle/mirror/stopped.ts';
import type { MirrorStatus } from '../../lifecycle/mirror/status.ts';
import type { MirrorChangePlan, MirrorRolloutPlan } from '../../lifecycle/plans.ts';
import type { DivisionWords, MirrorRollout, RouterEntry } from '../../mirror/router/state.ts';
import { type Io, plain } from '../../ui/io.ts';
import { reachWords } from './mirror-reach.ts';
import { limitWords } from './rollout.ts';
import { layout, wrap } from '../../ui/wrap.ts';

type ViewIo = Pick<Io, 'columns'>;

const FALLBACK: Readonly<Record<string, string>> = {
  unreachable: 'Where the candidate cannot be reached, the live side answers.',
  failures: 'Where the candidate fails before its answer begins, the live side answers.',
  none: 'Where the candidate fails, no other side answers (fallback: none).',
};

/** What would be done, and what would take it back. */
export function mirrorPlanLines(
  io: ViewIo,
  { mirror, rollout, fallback, division, ranking }: MirrorRolloutPlan,
): string[] {
  const { shadow, candidate, production, steps, step = 0, bakeSeconds, by, limits, judging } = rollout;
  const wrapped = (words: string) => wrap(words, io.columns, '    ');
  return [
    ...wrapped(`mirror ${mirror}: ${production} answers`),
    ...wrapped(
      `~ ${shadow} at ${candidate} answers ${steps
        .slice(step)
        .map(({ words }) => words)
        .join(', then ')}, for at least ${duration(bakeSeconds * SECOND)}${steps.length - step > 1 ? ' each' : ''}`,
    ),
    ...(ranking === undefined ? [] : rankingLines(ranking).flatMap(wrapped)),
    ...(by === 'request' ? [] : wrapped(`  shares are drawn by ${by}, and stay with their side`)),
    ...(division === undefined ? [] : wrapped(`  it answers ${partWords(division)} already`)),
    ...wrapped(
      judging === 'forced'
        ? '  the verdict does not decide (--force); limits do'
        : '  a verdict of fail returns all requests at once; one that is open pauses',
    ),
    ...limitWords(limits, 'latency').flatMap((limit) => wrapped(`  taken back at ${limit}`)),
    ...wrapped(`  ${FALLBACK[fallback] ?? fallback}`),
    ...wrapped(`  In the end the sides are swapped: ${production} stays as the way back, and gets copies.`),
  ];
}

const RATES: Readonly<Record<SliceRanking['basis'], (seen: number) => string>> = {
  disagreement: (seen) => `${percent(seen)} differ`,
  loss: (seen) => `loses ${number(seen, 2)} a row more`,
  cost: (seen) => `costs ${number(seen, 2)} a row more`,
};

/** Why the slices come in this order. */
function rankingLines({ column, basis, differs, order, parts }: SliceRanking): string[] {
  const of = (name: string) => parts.find(({ part }) => part === name);
  return [
    `  by ${column}, the least risky first: ${order
      .map((name) => {
        const { rows = 0, seen = 0, standsOut = false } = of(name) ?? {};
        return `${plain(name)} (${count(rows)} rows, ${RATES[basis](seen)}${standsOut ? ', stands out' : ''})`;
      })
      .join(', ')}`,
    ...(differs ? [] : ['  these differ no more than by chance: the smallest come first']),
  ];
}

/** The plan of a rollout on a mirror, as JSON; stable names. */
export function mirrorPlanFacts({ mirror, rollout, fallback, ranking }: MirrorRolloutPlan) {
  const { command, shadow, candidate, production, steps, step, by, bakeSeconds, limits, judging } = rollout;
  const shown = steps.map(({ words }) => words);
  return {
    mirror,
    command,
    shadow,
    candidate,
    live: production,
    steps: shown,
    step: step === undefined ? null : step + 1,
    by,
    bakeSeconds,
    limits,
    judging,
    fallback,
    ranking: ranking ?? null,
  };
}

/** What a candidate answers: `10% and header:x-country=DE`. */
export function partWords({ share, slices }: Pick<DivisionWords, 'share' | 'slices'>): string {
  const parts = [...(share > 0 ? [`${percent(share)} of the requests`] : []), ...slices];
  return parts.length === 0 ? 'nothing' : parts.join(' and ');
}

/** A step holds. */
export function mirrorStepLines(io: ViewIo, { shadow, steps }: MirrorRollout, step: number, at: number): string[] {
  const now = steps[step] ?? { share: 0, slices: [] };
  const indent = ' '.repeat(12);
  return wrap(
    `${timeOfDay(at, 'seconds')}  step ${step + 1} of ${steps.length}: ${shadow} answers ${partWords(now)}`,
    io.columns,
    indent,
  );
}

/** How a rollout on a mirror ended, to standard output. */
export function mirrorStoppedLines(io: ViewIo, stopped: MirrorStopped): Text[] {
  const sentence = wrap(endWords(stopped), io.columns, '  ');
  return stopped.ended === 'passed' ? [...sentence, text`  ${wayBack(stopped)}`] : sentence;
}

/** For machines: of `--format json`, and of webhooks. */
export function mirrorStoppedFacts({ mirror, ended, rollout, now, live, wayBack: back }: MirrorStopped) {
  const { command, shadow, candidate, production } = rollout;
  return { mirror, command, ended, shadow, candidate, previous: production, answers: now, live, wayBack: back ?? null };
}

/** How it is told to those who are notified. */
export function mirrorRolloutMessage({ command }: Pick<Io, 'command'>, stopped: MirrorStopped): Message {
  const { mirror, ended, rollout } = stopped;
  const next =
    ended === 'passed'
      ? wayBack(stopped)
      : ended === 'paused'
        ? lines(
            text`To continue: ${shown('rollout', { mirror, resume: true })}`,
            text`To go back: ${shown('rollout', { mirror, cancel: true })}`,
          )
        : undefined;
  return {
    subject: `shadowctl ${rollout.command}: ${ended === 'passed' && rollout.command === 'promote' ? 'promoted' : ended} - ${mirror}`,
    text: layout(lines(endWords(stopped), next), Number.POSITIVE_INFINITY, '', command).join('\n'),
    facts: mirrorStoppedFacts(stopped),
  };
}

function endWords({ mirror, ended, rollout, now, live, wayBack: back }: MirrorStopped): string {
  const { shadow, candidate, production } = rollout;
  switch (ended) {
    case 'passed':
      return `${candidate} answers all requests of the mirror of ${mirror}; ${production} stays as the way back${back === undefined ? '' : ` (${back})`}.`;
    case 'failed':
      return `${shadow} failed. ${live} answers all requests again.`;
    case 'cancelled':
      return `${live} answers all requests again.`;
    case 'paused':
      return `Not decided at ${now}.`;
  }
}

function wayBack({ mirror }: MirrorStopped): Text {
  return text`To go back: ${shown('undo', { mirror })}`;
}

/** What would be changed at once. */
export function mirrorChangeLines(io: ViewIo, { mirror, what, shadow, live, after }: MirrorChangePlan): string[] {
  const words = {
    returned: `~ mirror ${mirror}: ${live} answers all requests again; ${shadow} gets copies, as before`,
    undone: `~ mirror ${mirror}: ${after} answers in place of ${live}, all requests at once; ${live} gets copies`,
    kept: `~ mirror ${mirror}: ${live} answers all requests; ${shadow} gets nothing any more`,
  }[what];
  return wrap(words, io.columns, '    ');
}

/** A change of who answers on a mirror, as JSON; stable names. @param done it was, and is not only planned */
export function mirrorChangeFacts(plan: MirrorChangePlan, done: boolean) {
  const { kind: _, ...facts } = plan;
  return { ...facts, done };
}

/** What was changed at once. */
export function mirrorChangedWords({ mirror, what, shadow, live, after }: MirrorChangePlan): string {
  return {
    returned: `${live} answers all requests of the mirror of ${mirror} again; ${shadow} gets copies.`,
    undone: `${after} answers all requests of the mirror of ${mirror}; ${live} gets copies.`,
    kept: `The mirror of ${mirror} stays with ${live}; ${shadow} has ended, and gets nothing any more.`,
  }[what];
}

/** What stands of a mirror. */
export function mirrorStatusLines(status: MirrorStatus): string[] {
  const { mirror, running, live, shadows, wayBack: back, fallback, state, counted, wholeUntil, lock } = status;
  const { division, rollout, promoted, ended } = state;
  const ends = (outcomes: Readonly<Record<string, number>> | undefined) =>
    Object.entries(outcomes ?? {})
      .filter(([, n]) => n > 0)
      .map(([outcome, n]) => `${n} ${outcome}`)
      .join(', ') || 'nothing yet';
  return [
    `mirror ${mirror}  ${running ? 'running' : 'not running'}`,
    ...(counted?.unreachable ?? []).map(({ side, why }) => `  ! ${side} takes no connections now: ${reachWords(why)}`),
    `  live      ${live}${counted === undefined ? '' : `  (${ends(counted.live)})`}`,
    ...shadows.map(
      ({ name, side, share }) =>
        `  ${name.padEnd(8)}  ${side}  ${division?.shadow === name ? `answers ${partWords(division)}` : name === back ? 'the way back' : 'shadow'}; gets ${share === 1 ? 'copies' : `copies of ${percent(share)}`}${counted === undefined ? '' : `  (${ends(counted.shadows[name])})`}`,
    ),
    ...ended.map(({ name, side }) => `  ${name.padEnd(8)}  ${side}  ended: gets nothing`),
    ...(fallback === undefined || division === undefined ? [] : [`  fallback  ${fallback}`]),
    ...(counted === undefined || Object.values(counted.fallbacks).every((n) => n === 0)
      ? []
      : [`  fell back ${ends(counted.fallbacks)}: answered by the live side`]),
    ...unmirroredLines(counted),
    ...(promoted === undefined
      ? []
      : [
          `  ${promoted.undone === true ? 'undone  ' : 'promoted'}  ${promoted.side} in place of ${promoted.before}, ${dateAndTime(promoted.at)} UTC`,
        ]),
    ...(rollout === undefined
      ? []
      : [
          `  ${rollout.command.padEnd(8)}  ${rollout.step === undefined ? 'begins' : `step ${rollout.step + 1} of ${rollout.steps.length}`}: ${rollout.steps.map(({ words }) => words).join(', ')}${rollout.since === undefined ? '' : `, since ${dateAndTime(rollout.since)} UTC`}`,
        ]),
    ...(wholeUntil === undefined ? [] : [`  records   whole up to ${dateAndTime(wholeUntil)} UTC`]),
    ...(lock === undefined
      ? []
      : [
          `  at work   ${lock.by} (process ${lock.pid})${lock.why === undefined ? '' : `, ${lock.why}`}, since ${dateAndTime(Date.parse(lock.since))} UTC`,
        ]),
  ].map((line) => plain(line));
}

/** That requests were answered and no shadow got them, as where --path was forgotten. */
export function unmirroredLines(counted: MirrorStatus['counted']): string[] {
  const { requests, paths } = counted?.unmirrored ?? { requests: 0, paths: {} };
  if (requests === 0) return [];
  const named = Object.entries(paths).map(([path, n]) => `${plain(path)} (${count(n)})`);
  const where = named.length === 0 ? '' : `: ${named.join(', ')}`;
  return [
    `  ! not mirrored: ${count(requests)} POSTs to paths that the mirror was not told of${where}. --path PATH of \`shadowctl mirror\` mirrors one.`,
  ];
}

/** What to do next about a mirror, as it stands. */
export function mirrorNext({ mirror, running, state, wayBack: back, shadows, lock }: MirrorStatus): Text[] {
  if (!running) return [text`See what was done: ${shown('history', { mirror })}`];
  if (state.rollout !== undefined && lock !== undefined)
    return [text`To watch it: ${shown('watch', { mirror })}`, text`To go back: ${shown('undo', { mirror })}`];
  if (state.rollout !== undefined)
    return [
      text`To continue the rollout: ${shown('rollout', { mirror, resume: true })}`,
      text`To go back: ${shown('rollout', { mirror, cancel: true })}`,
    ];
  const candidates = shadows.filter(({ name }) => name !== back);
  if (state.division === undefined && candidates.length === 0)
    return back === undefined ? [] : [text`To go back: ${shown('undo', { mirror })}`];
  // Of several, a report is about one.
  const name = state.division?.shadow ?? candidates[0]?.name;
  const variants = candidates.length === 1 && name === candidates[0]?.name ? undefined : `live,${name}`;
  return [text`Judge it: ${shown('report', { mirror, variants })}`];
}

/** What a verdict says of single gates. */
function judgedWords({ failed = [], passed = [] }: Pick<RouterEntry, 'failed' | 'passed'>): string {
  return [
    ...(failed.length === 0 ? [] : [`${failed.map(({ gate }) => gate).join(', ')} failed`]),
    ...(passed.length === 0 ? [] : [`${passed.join(', ')} passed after it had failed`]),
  ].join(', ');
}

/** One line of a mirror's history for a table: when, what, how. */
export function mirrorHistoryRow({ at, command, what, shadow, side, before, by, ...more }: RouterEntry): string[] {
  const { share, slices, outcome, verdict, reason, waived } = more;
  const words: Record<RouterEntry['what'], string> = {
    began: `began: ${shadow ?? ''}`,
    step: `${shadow ?? ''} answers ${partWords({ share: share ?? 0, slices: slices ?? [] })}`,
    // By --force, or by limits alone, nothing has passed.
    ended: outcome === 'passed' ? 'all steps were taken' : (outcome ?? 'ended'),
    divided: `${shadow ?? ''} answers ${partWords({ share: share ?? 0, slices: slices ?? [] })}`,
    returned: 'all requests returned',
    promoted: 'promoted',
    undone: 'undone',
    kept: `${shadow ?? ''} ended`,
    passed: `${shadow ?? ''} passed: callers are to use its answers`,
    judged: judgedWords(more),
  };
  const forced = verdict?.forced === true ? `, forced (the verdict was ${verdict.outcome})` : '';
  const judged = verdict !== undefined && !verdict.forced ? `, verdict: ${verdict.outcome}` : '';
  const gates = (waived ?? []).map(({ gate }) => `, ${gate} waived`).join('');
  const sides = side === undefined ? '' : before === undefined || before === side ? side : `${before} → ${side}`;
  return [
    dateAndTime(at),
    command,
    sides,
    `${words[what]}${judged}${forced}${gates}${reason === undefined ? '' : `: ${reason}`}`,
    by,
  ].map((cell) => plain(cell));
}
