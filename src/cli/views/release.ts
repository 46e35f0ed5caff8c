import type { Outcome } from '../../app.ts';
import { linesOf, shown, text, type Text } from '../../base/text.ts';
import { bytes, dateAndTime, duration, HOUR, percent, SECOND } from '../../base/units.ts';
import { capacityWords } from '../../guard/capacity.ts';
import { dollars, hourlyCost, hourlySum, type PriceList, unpriced } from '../../guard/prices.ts';
import type { ReleasePlan } from '../../lifecycle/plans.ts';
import type { ReleaseBatch } from '../../lifecycle/release/batch-settings.ts';
import type { EvidenceLook } from '../../lifecycle/release/evidence.ts';
import type { Move, OpenGate, WaitFor } from '../../lifecycle/release/machine.ts';
import type { ReleaseNote } from '../../lifecycle/release/note.ts';
import { flagsWords, noteText as tidings, outcomeWords } from '../../lifecycle/release/note-words.ts';
import type { AnswerResult, RunResult } from '../../lifecycle/release/run.ts';
import type { ReleaseStatus } from '../../lifecycle/release/status.ts';
import { nameOf } from '../../resources/steps.ts';
import { isByBatch, type Release } from '../../state/releases.ts';
import { type Io, plain } from '../../ui/io.ts';
import { records } from '../../ui/records.ts';
import { paint } from '../../ui/theme.ts';
import { layout, wrap } from '../../ui/wrap.ts';
import { writeJson } from './json.ts';
import { nextLines } from './next.ts';
import { noteText, placeLine, stageWords } from './plan.ts';
import { describeStep, planLines, stepsJson } from './steps.ts';

type ViewIo = Pick<Io, 'color' | 'columns' | 'command'>;

/** What a release does, before it begins: its steps until the shadow is attached, and what it may then do by itself. */
export function releasePlanLines(io: Pick<Io, 'columns' | 'color'>, plan: ReleasePlan): string[] {
  const { endpoint, source, steps, notes, waits, adopt, prices, fleets } = plan;
  const put = (words: string) => wrap(words, io.columns, '    ');
  const size = source.bytes === undefined ? '' : ` (${bytes(source.bytes)})`;
  return [
    placeLine(plan.place),
    ...wrap(`Release of ${plain(source.name)}${size} on endpoint ${paint(io, 'name', endpoint)}`, io.columns, '  '),
    ...(waits === undefined ? [] : put(`  ${plain(waits)}`)),
    ...steps.flatMap((step) => describeStep(step, io.columns, '  ')),
    ...(adopt
      ? planLines(
          `~ ${nameOf({ kind: 'endpoint', name: endpoint })}`,
          'adopted: cleanup will not delete it',
          io.columns,
          '  ',
        )
      : []),
    ...thenWords(plan).flatMap((line) => put(`  ${line}`)),
    ...(plan.batch === undefined ? [] : [jobCost(prices, plan.batch)]).flatMap((line) =>
      wrap(`  ${line}`, io.columns, '  '),
    ),
    ...costLines(prices, fleets, plan.terms.timeBox).flatMap((line) => wrap(`  ${line}`, io.columns, '  ')),
    ...notes.flatMap((note) => wrap(`  ${noteText(note, endpoint)}`, io.columns, '  ')),
  ];
}

/** What a release may do by itself once its shadow is attached. */
function thenWords({ terms, settle, strategy, batch }: ReleasePlan): string[] {
  const { sampling, timeBox, approve, answer, unanswered, approvers, author, fallback, registry } = terms;
  const there = registry === 'answers' ? 'may approve in the Model Registry, ' : '';
  const except = author === 'excluded' ? ', but not whoever began it' : '';
  const who =
    approve === 'auto'
      ? 'a pass is approved by itself'
      : approvers.length === 0
        ? `whoever may run shadowctl here, ${there}or has the link, is asked${except}`
        : `${approvers.join(', ')} may approve${except}`;
  const silent =
    unanswered === 'keep' ? `after ${duration(answer)} without an answer production stays` : 'it waits for an answer';
  const way = strategy === undefined ? 'a guarded update' : `${strategy.name}: ${stageWords(strategy)}`;
  const refused = fallback === 'canary' ? 'the shadow goes first, and the same follows' : 'production stays';
  const gathers =
    batch === undefined
      ? `shadow: copies of ${sampling.map(percent).join(', then ')} of the requests, for ${duration(timeBox)} at most`
      : `batch: ${daysWords(batch)}, for ${duration(timeBox)} at most`;
  return [
    gathers,
    `approval: ${who}; ${silent}`,
    `then: ${way}, with alarms; production is watched for ${duration(settle)} more`,
    ...(batch === undefined ? [`where SageMaker refuses guardrails beside a shadow: ${refused}`] : []),
    'on fail, a no, or anything unforeseen: production stays as it is',
  ];
}

/** Which days a batch runs, and beside what. */
function daysWords({ input, against, zone, delay, daysBefore, captured }: ReleaseBatch): string {
  const before = daysBefore === 0 ? '' : ` and of the ${daysBefore} before`;
  const beside = against === 'production' ? "production's model" : against;
  return `the ${captured ? 'captured requests' : 'inputs'} of each day (${zone}) from today on${before}, in ${plain(input)}, ${duration(delay)} after its end, against ${plain(beside)}`;
}

function jobCost(prices: PriceList, { instanceType, instances, maxCost }: ReleaseBatch): string {
  const fleet = [{ instanceType, count: instances }];
  const most =
    maxCost === undefined ? '' : `; the jobs of a day are stopped where they cost more than ${dollars(maxCost)}`;
  return `Costs: ${capacityWords(fleet)} for each transform job: ${hourlyCost(prices, fleet)}, while it runs${most}.`;
}

/** What the shadow costs, an hour and until its time box is over, and what the update adds. */
function costLines(prices: PriceList, { shadow, canary }: ReleasePlan['fleets'], timeBox: number): string[] {
  if (shadow.length === 0) return [];
  const hourly = hourlySum(prices, shadow);
  const box = hourly === undefined ? '' : `; about ${dollars((hourly * timeBox) / HOUR)} until the time box is over`;
  const update =
    canary.length === 0
      ? ''
      : ` The update adds ${capacityWords(canary)} while it lasts: ${hourlyCost(prices, canary)}.`;
  return [`Costs: the shadow's ${capacityWords(shadow)} ${hourlyCost(prices, shadow)}${box}.${update}`];
}

/** What people were told, as chatter. A link is drawn on a terminal alone: whoever reads a log could answer by it. */
export function releaseNoteLines(io: ViewIo & Pick<Io, 'interactive'>, note: ReleaseNote): string[] {
  const hides = 'link' in note && note.link !== undefined && !io.interactive;
  const drawn = hides ? { ...note, link: undefined } : note;
  const kept = hides
    ? ['The link to its page is sent only in messages (notify:): anyone who reads this log could use it to answer.']
    : [];
  return [...linesOf(tidings(drawn)), ...kept].flatMap((line) =>
    typeof line === 'string' && /^(|.*\S {2,}\S.*)$/.test(line)
      ? [plain(line)]
      : layout(typeof line === 'string' ? plain(line) : line, io.columns, '  ', io.command),
  );
}

const WAITS: Readonly<Record<WaitFor, string>> = {
  'somebody-else': 'Waiting until the endpoint is available.',
  'quiet-hours': 'Quiet hours: nothing is attached or promoted now.',
  endpoint: 'Waiting for the endpoint: it is being changed.',
  errors: 'The share of requests stays as it is until the candidate is shown not to fail more often.',
  evidence: 'Waiting for more evidence.',
  answer: 'Waiting for approval.',
  update: 'Promoting the candidate, guarded by alarms.',
  settling: 'The candidate is in production and is being watched.',
};

const PLACES: Readonly<Record<Release['at'], string>> = {
  begun: 'begun: the endpoint is unchanged',
  attaching: 'its shadow is being attached',
  gathering: 'its shadow gathers evidence',
  asking: 'waiting for approval',
  approved: 'approved',
  promoting: 'becoming production',
  settling: 'in production, being watched',
  detaching: 'its shadow is being removed',
  ended: 'ended',
};

/** What a release is at, where a batch gathers its evidence. */
const BY_BATCH: Readonly<Partial<Record<Release['at'], string>>> = {
  attaching: 'the model of its batch is being made',
  gathering: 'its batch gathers evidence',
};

function placeOf(release: Release): string {
  return (isByBatch(release) ? BY_BATCH[release.at] : undefined) ?? PLACES[release.at];
}

/**
 * What a release has come to, and the exit code that says it.
 * @param command the one whose document it is in JSON
 */
export function releaseOutcome(
  io: Io,
  format: 'text' | 'json',
  result: Exclude<RunResult, { kind: 'planned' }> | AnswerResult,
  command = 'release',
): Outcome {
  if (format === 'json') writeJson(io, command, resultFacts(result));
  else for (const line of resultLines(io, result)) io.out(line);
  return result.kind === 'ended' && result.release.ended?.outcome !== 'promoted' ? 'no' : 'done';
}

/** A plan as the result: nothing was changed. */
export function releasePlanned(
  io: Io,
  format: 'text' | 'json',
  { plan }: Extract<RunResult, { kind: 'planned' }>,
): Outcome {
  if (format === 'json') writeJson(io, 'release', planFacts(plan));
  else for (const line of releasePlanLines(io, plan)) io.out(line);
  return 'pending';
}

/** The plan of a release, as JSON; stable names. Times in seconds, costs in US dollars, null where a price is not known. */
function planFacts(plan: ReleasePlan) {
  const { place, endpoint, source, adopt, terms, settle, waits, steps, strategy, fleets, prices } = plan;
  const { timeBox, sampling, approve, approvers, author, answer, unanswered, fallback } = terms;
  const hourly = hourlySum(prices, fleets.shadow);
  return {
    result: 'planned',
    endpoint,
    account: place.account,
    region: place.region,
    source,
    adopt,
    waits: waits ?? null,
    steps: stepsJson(steps),
    sampling,
    timeBoxSeconds: timeBox / SECOND,
    approval: { approve, approvers, author, answerSeconds: answer / SECOND, unanswered },
    strategy:
      strategy === undefined
        ? null
        : {
            name: strategy.name,
            instances: strategy.stages,
            bakeSeconds: strategy.bakeSeconds,
            finalBakeSeconds: strategy.finalBakeSeconds,
          },
    fallback,
    evidence: plan.batch === undefined ? 'shadow' : 'batch',
    settleSeconds: settle / SECOND,
    cost: {
      hourly: hourly ?? null,
      untilTimeBox: hourly === undefined ? null : (hourly * timeBox) / HOUR,
      updateHourly: hourlySum(prices, fleets.canary) ?? null,
      unknown: [...new Set(unpriced(prices, [...fleets.shadow, ...fleets.canary]))],
    },
  };
}

function resultFacts(result: Exclude<RunResult, { kind: 'planned' }> | AnswerResult) {
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
    case 'noted':
    case 'known':
      return { result: result.kind, release: releaseFacts(result.release) };
    case 'ended':
      return { result: 'ended', release: releaseFacts(result.release) };
  }
}

function resultLines(io: ViewIo, result: Exclude<RunResult, { kind: 'planned' }> | AnswerResult): Text[] {
  switch (result.kind) {
    case 'idle':
      return result.last === undefined
        ? ['No release is under way.']
        : wrap(
            `Nothing new to release. The last release, ${result.last.id}, has ended (${result.last.ended?.outcome ?? ''}).`,
            io.columns,
            '  ',
          );
    case 'busy':
      return wrap(`${plain(result.words)} Nothing more was done here: the next tick goes on.`, io.columns, '  ');
    case 'waits': {
      const { release, move, look } = result;
      const until = move.until === undefined ? '' : ` Until ${dateAndTime(move.until)} UTC at most.`;
      return wrap(`Release ${release.id} waits. ${waitWords(move, look)}${until}`, io.columns, '  ');
    }
    case 'noted':
      return wrap(
        `Written down. What is set here for releases (policy, labels, alarms, hours) is not what the question rests on: the next look where that is set carries the answer out. Nothing more was done here.`,
        io.columns,
        '  ',
      );
    case 'known':
      return [
        ...wrap(
          `Release ${result.release.id} of ${plain(result.release.begun.source.name)} is under way: nothing would be begun, and nothing was changed.`,
          io.columns,
          '  ',
        ),
        ...nextLines(io, text`${shown('release status', { endpoint: result.endpoint })}`),
      ];
    case 'ended':
      return [
        ...endedLines(io, result.release),
        ...('earlier' in result && result.earlier === true
          ? wrap('To release this candidate again, add --again.', io.columns, '  ')
          : []),
      ];
  }
}

type Wait = Extract<Move, { kind: 'wait' }>;

/** What is waited for, and what was last seen of it. While a share is held, it is the errors gate that decides. */
function waitWords(move: Wait, look: EvidenceLook | undefined): string {
  const said = move.words === undefined ? '' : ` ${plain(move.words)}`;
  if (look === undefined || !['errors', 'evidence', 'answer'].includes(move.for)) return `${WAITS[move.for]}${said}`;
  const gate = move.for === 'errors' ? look.evidence.open.find(({ id }) => id === 'errors') : undefined;
  const verdict = plain(gate === undefined ? look.evidence.summary : gateWords(gate));
  const flags = flagsWords(verdict);
  return `${WAITS[move.for]}${said} ${verdict}${flags === undefined ? '' : ` ${flags}`}`;
}

/** `errors: It fails … Needs about 12 min more traffic.` */
function gateWords({ id, reason, needs }: OpenGate): string {
  return `${id}: ${reason}${/[.]$/.test(reason) ? '' : '.'}${needs === undefined ? '' : ` Needs ${needs}.`}`;
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

/** Where a release stands: what it waits for, the verdict so far, when its time is over, and what comes then. */
export function statusLines(io: ViewIo, endpoint: string, status: ReleaseStatus): Text[] {
  const { release, next, look, problem } = status;
  const { begun, at, since, ask, trouble, ended, step } = release;
  if (ended !== undefined) return endedLines(io, release);
  const line = (words: string, indent = '    ') => wrap(words, io.columns, indent);
  const { sampling, unanswered } = begun.terms;
  const seeing =
    at === 'gathering' && !isByBatch(release)
      ? `; it sees ${percent(sampling[step])} of the requests (share ${step + 1} of ${sampling.length})`
      : '';
  const question = at === 'asking' ? ask : undefined;
  return [
    ...line(`Release ${release.id} of ${plain(begun.source.name)} on endpoint ${endpoint}`, '  '),
    ...line(`  now: ${placeOf(release)}, since ${dateAndTime(since)} UTC${seeing}`),
    ...(isByBatch(release) && release.production !== undefined
      ? line(`  its days: batch ${release.id}, judged beside what runs with ${release.production}`)
      : []),
    ...(next === undefined ? [] : line(`  ${nextMoveWords(next, look, release)}`)),
    ...(question === undefined
      ? []
      : line(
          `  question ${question.ask}: asked ${dateAndTime(question.at)} UTC, with the verdict ${question.outcome}`,
        )),
    ...(look === undefined ? [] : verdictLines(io, look)),
    ...(problem === undefined ? [] : line(`  the evidence cannot be read: ${plain(problem.message)}`)),
    ...(status.boxEnds === undefined
      ? []
      : line(
          `  time box: until ${dateAndTime(status.boxEnds)} UTC; if nothing is proven by then, approval is requested anyway`,
        )),
    ...(status.answerUntil === undefined
      ? question !== undefined && unanswered === 'wait'
        ? line('  it waits for an answer, however long that takes')
        : []
      : line(`  without an answer by ${dateAndTime(status.answerUntil)} UTC production stays as it is`)),
    ...line(`  then: ${comesThen(status)}`),
    ...(release.answer === undefined ? [] : line(`  ${plain(release.answer.by)} answered: ${release.answer.answer}`)),
    ...(trouble === undefined ? [] : line(`  in its way since ${dateAndTime(trouble.at)} UTC: ${plain(trouble.what)}`)),
    ...(question === undefined
      ? []
      : [
          text`  Approve: ${shown('release approve', { endpoint, question: question.ask })}`,
          text`  Reject:  ${shown('release reject', { endpoint, question: question.ask })}`,
        ]),
    text`  Go on now: ${shown('release', { endpoint, once: true })}`,
  ];
}

/** The verdict as it is now, and the gates that keep it open. */
function verdictLines(io: ViewIo, { evidence }: EvidenceLook): string[] {
  const { outcome, summary, open, reasons } = evidence;
  const gates = outcome === 'inconclusive' ? open.map(gateWords) : reasons;
  return [
    ...wrap(`  verdict so far: ${outcome.toUpperCase()}. ${plain(summary)}`, io.columns, '    '),
    ...gates.flatMap((gate) => wrap(`    ${plain(gate)}`, io.columns, '      ')),
    ...[flagsWords(summary, ...gates) ?? []].flat().flatMap((line) => wrap(`    ${line}`, io.columns, '      ')),
  ];
}

/** What the next look would do, or what is waited for. */
function nextMoveWords(move: Move, look: EvidenceLook | undefined, release: Release): string {
  switch (move.kind) {
    case 'wait': {
      const until =
        move.until === undefined || look !== undefined ? '' : ` Until ${dateAndTime(move.until)} UTC at most.`;
      const said = move.words === undefined ? '' : ` ${plain(move.words)}`;
      return `waits: ${WAITS[move.for]}${said}${until}`;
    }
    case 'detach':
    case 'end':
      return `next look: ${NEXT_LOOK[move.kind]}${move.reason === '' ? '' : ` ${plain(move.reason)}`}`;
    case 'attach':
    case 'gather': {
      const byBatch = { attach: 'The model that its batch runs is made.', gather: 'Days are run from then on.' };
      return `next look: ${isByBatch(release) ? byBatch[move.kind] : NEXT_LOOK[move.kind]}`;
    }
    default:
      return `next look: ${NEXT_LOOK[move.kind]}`;
  }
}

const NEXT_LOOK: Readonly<Record<Exclude<Move['kind'], 'wait'>, string>> = {
  copy: 'The artifact is copied to a key that never changes.',
  attach: 'The shadow is attached, or given its next share of the requests.',
  gather: 'The shadow runs: evidence gathers from then on.',
  judge: 'The evidence is looked at.',
  ask: 'People are asked.',
  approve: 'The pass is approved, as the settings say.',
  turn: 'The verdict has turned: the approval is not carried out.',
  promote: 'The update into production begins.',
  follow: 'How the update has ended is found out.',
  settle: 'The candidate is production, and is watched from then on.',
  detach: 'The shadow is removed; production stays as it is.',
  end: 'The release ends.',
};

/** What comes after what is waited for now. */
function comesThen({ release, settings }: ReleaseStatus): string {
  const { at, begun, step, ask } = release;
  const { sampling, approve } = begun.terms;
  const asks = approve === 'auto' ? 'a pass is taken without asking' : 'people are asked whether to take it';
  const follows = 'a canary with alarms brings it into production';
  const byBatch = isByBatch(release);
  switch (at) {
    case 'begun':
      return byBatch
        ? 'its batch runs each day that has ended'
        : `its shadow sees copies of ${percent(sampling[0])} of the requests`;
    case 'attaching':
      return 'evidence gathers';
    case 'gathering':
      return step < sampling.length - 1
        ? `its shadow sees ${percent(sampling[step + 1])} of the requests`
        : `on a pass ${asks}; on a fail ${byBatch ? 'production stays' : 'its shadow is removed'}`;
    case 'asking':
    case 'approved':
      return `${at === 'approved' ? '' : 'approved, '}${follows}${ask?.about === 'inconclusive' ? '' : ', if it still passes'}`;
    case 'promoting':
      return `production is watched for ${duration(settings.settle)} more`;
    case 'settling':
      return 'the release ends, and the candidate stays production';
    default:
      return release.leaving?.why === 'to-promote' ? follows : 'the release ends, and production stays as it is';
  }
}

/** A release as it stands, as JSON; stable names. */
export function statusFacts({ release, next, look, problem, boxEnds, answerUntil }: ReleaseStatus) {
  const iso = (at: number | undefined) => (at === undefined ? null : new Date(at).toISOString());
  const waits = next?.kind === 'wait' ? next : undefined;
  return {
    release: releaseFacts(release),
    next: next?.kind ?? null,
    for: waits?.for ?? null,
    words: waits?.words ?? null,
    until: iso(waits?.until),
    verdict: look?.evidence ?? null,
    problem: problem?.message ?? null,
    timeBoxEnds: iso(boxEnds),
    answersUntil: iso(answerUntil),
  };
}

/** What is about to be answered. */
export function answerPlanLines(io: ViewIo, release: Release, answer: 'approve' | 'reject' | 'cancel'): string[] {
  const { ask, begun } = release;
  const then =
    answer === 'approve'
      ? 'It becomes production through a canary with alarms, if the verdict still holds.'
      : isByBatch(release)
        ? 'The release ends; production stays as it is.'
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
    evidence: isByBatch(release) ? 'batch' : 'shadow',
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
    ['release', 'began (UTC)', 'of', 'state', 'answered by'],
    all.map((release) => [
      release.id,
      dateAndTime(release.begun.at),
      release.begun.source.name,
      release.ended?.outcome ?? `under way: ${placeOf(release)}`,
      release.answer?.by ?? '',
    ]),
  );
}
