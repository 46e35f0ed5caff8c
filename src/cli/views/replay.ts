import { count, counted, dateAndTime, duration, milliseconds, number, percent } from '../../base/units.ts';
import { shown, text } from '../../base/text.ts';
import { capacityWords } from '../../guard/capacity.ts';
import { dollars, hourlyCost, hourlySum } from '../../guard/prices.ts';
import type { LoadCheck, LoadOutcome, StepResult } from '../../lifecycle/replay/load.ts';
import { costOf } from '../../lifecycle/replay/plan.ts';
import type { Consent, ReplayPlan } from '../../lifecycle/replay/planned.ts';
import type { Flaw } from '../../lifecycle/replay/recorded.ts';
import type { RecordingFacts } from '../../lifecycle/replay/recording.ts';
import type { RecordsEvent, ReplayResult, Stopped } from '../../lifecycle/replay/replay.ts';
import type { Quantiles, SentCounts } from '../../lifecycle/replay/tally.ts';
import { type Io, plain } from '../../ui/io.ts';
import { table } from '../../ui/table.ts';
import { wrap } from '../../ui/wrap.ts';
import { nextLines } from './next.ts';

type ViewIo = Pick<Io, 'columns'>;

const CONSENT: Readonly<Record<Consent, (plan: ReplayPlan) => string>> = {
  unsafe: ({ unsafe, recording, target }) =>
    `! ${counted(unsafe, 'requests')} may change something, and are sent again to ${target}: ${recording.methods.map(({ method, requests }) => `${method} ${count(requests)}`).join(', ')}. A server can tell them by x-shadowctl-copy: replay and by their Idempotency-Key.`,
  credentials: ({ recording }) =>
    `! The credentials of ${counted(recording.withCredentials, 'recorded requests')} are used again (--with-credentials).`,
  load: ({ target, spec }) =>
    spec.kind === 'sagemaker'
      ? `! Customers whose requests ${target} answers share its instances: under this load they may wait longer, or fail. It ends as soon as a limit is exceeded.`
      : `! Whoever else uses ${target} may wait longer, or fail. It ends as soon as a limit is exceeded.`,
};

/** What is sent, where, and what is to be known before. */
export function replayPlanLines(io: ViewIo, plan: ReplayPlan): string[] {
  const { recording, target, requests, ms, concurrency, timeout, records, maxErrors, load } = plan;
  const { span, answers, latencies, statuses, withCredentials, credentials } = { ...recording, ...plan };
  const wrapped = (words: string) => wrap(plain(words), io.columns, '    ');
  const limit = maxErrors === undefined ? '' : `; it ends early where more than ${percent(maxErrors)} fail`;
  return [
    ...wrapped(
      `recording ${recording.sources.join(', ')}: ${counted(recording.requests, 'requests')}${span === undefined ? ', without times' : `, ${dateAndTime(span.from)} to ${dateAndTime(span.to)} UTC`}`,
    ),
    ...(load === undefined
      ? wrapped(
          `~ ${counted(requests, 'requests')} to ${target} at ${paceText(plan.pace)}${ms === undefined ? '' : `, in ${duration(ms)}`}; at most ${count(concurrency)} under way, ${duration(timeout)} each${limit}`,
        )
      : [
          ...wrapped(
            `~ the peak is ${number(load.peakPerSecond, 3)} requests/s${load.from === 'said' ? ' (--peak)' : `, in the minute from ${dateAndTime(recording.peak?.from ?? 0)} UTC`}`,
          ),
          ...wrapped(
            `~ ${load.steps.map(({ factor, perSecond }) => `${number(factor)}x (${number(perSecond, 3)}/s)`).join(', then ')} to ${target}, ${duration(load.stepMs)} each: about ${counted(requests, 'requests')}; at most ${count(concurrency)} under way${limit}`,
          ),
        ]),
    ...(recording.wholeSeconds
      ? wrapped('  its times are whole seconds: requests of one second are spread over it evenly')
      : []),
    ...(load === undefined
      ? wrapped(`  ${recordedText({ answers, latencies, statuses, requests: recording.requests })}`)
      : []),
    ...(withCredentials === 0 || credentials
      ? []
      : wrapped(
          `  ${counted(withCredentials, 'requests')} carried credentials, which are left out (--with-credentials sends them)`,
        )),
    ...(recording.withoutType === 0 || plan.contentType !== undefined
      ? []
      : wrapped(
          `  ${counted(recording.withoutType, 'requests')} are sent without a Content-Type, which was not recorded (--content-type)`,
        )),
    ...endpointLines(plan).flatMap(wrapped),
    ...(records === undefined ? [] : wrapped(`  pairs are kept in ${records}`)),
    ...skippedLines(io, recording),
    ...plan.consent.flatMap((one) => wrapped(CONSENT[one](plan))),
  ];
}

function paceText(pace: string): string {
  if (pace === 'max') return 'the rate at which they are answered (no latency under load comes of that)';
  return pace === '1x' ? 'recorded speed' : pace.endsWith('x') ? `${pace} recorded speed` : pace;
}

function recordedText({
  answers,
  latencies,
  statuses,
  requests,
}: Pick<RecordingFacts, 'answers' | 'latencies' | 'statuses' | 'requests'>): string {
  if (answers === 0)
    return 'it holds no answers: nothing can be compared; what answers now can be held against labels (report --live none)';
  const of = answers < requests ? `answers of ${count(answers)} of them are recorded` : 'their answers are recorded';
  if (!latencies)
    return `${of}, ${statuses ? '' : 'without statuses (each is taken for a success) and '}without how long they took: latencies are not compared`;
  return `${of}, with how long they took`;
}

function endpointLines({ endpoint, ms, spec }: ReplayPlan): string[] {
  if (endpoint === undefined || spec.kind !== 'sagemaker') return [];
  if (endpoint === 'unseen')
    return [
      '  what answers there is not seen: these credentials may not look (sagemaker:DescribeEndpoint, sagemaker:DescribeEndpointConfig). A shadow there would get copies, which count as live requests',
    ];
  const { variants, capacity, prices, captures, status } = endpoint;
  const cost = costOf(hourlySum(prices, capacity), ms);
  return [
    ...(status === 'InService' ? [] : [`  the endpoint is ${status}`]),
    `  ${variants
      .map(
        ({ variant, instances, instanceType }) =>
          `${variant}${instanceType === undefined ? '' : ` (${count(instances)} × ${instanceType})`}`,
      )
      .join(', ')} ${variants.length === 1 ? 'answers' : 'answer by their weights'}`,
    ...(capacity.length === 0
      ? []
      : [
          `  ${capacityWords(capacity)}: ${hourlyCost(prices, capacity)}${cost === undefined ? '' : `, ${dollars(cost)} while this lasts`}; requests cost nothing beside that, unless autoscaling adds instances`,
        ]),
    ...(captures
      ? [
          '  its data capture and metrics hold these requests, too: their InferenceIds begin with the name of the replay',
        ]
      : []),
  ];
}

/** What is asked before requests go out that need a yes. */
export function replayQuestion({ target, load, requests }: ReplayPlan): string {
  return load === undefined ? `Send ${counted(requests, 'requests')} to ${target}` : `Put this load on ${target}`;
}

const FLAWS: Readonly<Record<Flaw, string>> = {
  truncated: 'cut off',
  unreadable: 'cannot be read',
  'no-body': 'have no body',
  redacted: 'hold values that were not kept ([redacted])',
  'too-large': 'are too large',
  method: 'have a method that is not sent',
  'not-live': "are no request of callers, and no answer to one that is (a shadow's, or a replay's)",
};

/** What of a recording is not sent, and why. */
export function skippedLines(io: ViewIo, { left, unwanted }: RecordingFacts): string[] {
  const lines = Object.entries(left).map(
    ([flaw, { count: n, first }]) =>
      `  not sent: ${count(n)} that ${FLAWS[flaw as Flaw]}; the first is part ${first.part} of ${first.file}: ${first.why}`,
  );
  if (unwanted > 0) lines.push(`  not sent: ${count(unwanted)} on other paths (--only)`);
  return lines.flatMap((line) => wrap(plain(line), io.columns, '    '));
}

/** What happens while a replay writes its pairs, in a sentence. */
export function recordsEventText(event: RecordsEvent): string {
  return event.kind === 'records-resumed'
    ? 'Pairs are written again.'
    : `Pairs cannot be written (${plain(event.error ?? 'the disk is too slow')}): those that are missing now count for neither side.`;
}

const FAILED: Readonly<Record<string, string>> = {
  refused: 'found no connection',
  broken: 'broke off',
  timeout: 'got no answer in time',
  'too-large': 'got an answer that is too large',
  'too-slow': 'were given up, since answers filled the memory',
};

const STOPPED: Readonly<Record<Exclude<Stopped, undefined>, string>> = {
  silent: 'nothing was answered any more',
  errors: 'more failed than --max-errors permits',
  credentials: 'the credentials have ended, or were refused',
  interrupted: 'it was interrupted',
};

/** What came of a replay. */
export function replayLines(io: Io, result: Extract<ReplayResult, { kind: 'sent' }>): string[] {
  const { plan, counts, stopped, elapsed, recordsLost } = result;
  const rows = [
    ['sent', sentText(counts, plan.requests)],
    ...(stopped === undefined ? [] : [['ended early', STOPPED[stopped]]]),
    ['answered', answeredText(counts)],
    ...(counts.latency === undefined
      ? []
      : [
          [
            'latency',
            `${quantilesText(counts.latency)}${plan.pace === 'max' ? ' (from the sending: nothing of waiting)' : ', from when each was due'}`,
          ],
        ]),
    ...(counts.lag === undefined || plan.pace === 'max' ? [] : [['sent late by', quantilesText(counts.lag)]]),
    ...(plan.recording.answers === 0
      ? []
      : [
          [
            'against then',
            `${count(counts.newlyFailed)} answered then and failed now, ${count(counts.newlyAnswered)} the other way round`,
          ],
        ]),
    ['took', duration(elapsed)],
    ...(recordsLost === 0 ? [] : [['not kept', `${counted(recordsLost, 'records')} could not be written`]]),
  ];
  const width = Math.max(...rows.map(([name = '']) => name.length));
  const lines = rows.flatMap(([name = '', words = '']) =>
    wrap(`${name.padEnd(width)}  ${words}`, io.columns, ' '.repeat(width + 2)),
  );
  if (plan.records === undefined) return lines;
  return [
    ...lines,
    ...nextLines(
      io,
      text`${shown('report', { files: plan.records, live: plan.recording.answers === 0 ? 'none' : undefined })}`,
    ).map(String),
  ];
}

function sentText({ due, unsent }: SentCounts, of: number): string {
  const kept = unsent === 0 ? '' : `; ${count(unsent)} of them were not, because too many were in flight`;
  return `${count(due - unsent)}${due < of || unsent > 0 ? ` of ${count(of)}` : ''}${kept}`;
}

function answeredText({ answered, statuses, failed, lost, due, unsent }: SentCounts): string {
  const parts = [
    ...Object.entries(statuses).map(([status, n]) => `${status}: ${count(n)}`),
    ...Object.entries(failed).map(([how, n]) => `${count(n)} ${FAILED[how] ?? how}`),
    ...(lost === 0 ? [] : [`${count(lost)} were under way when it ended`]),
  ];
  const sent = due - unsent;
  return `${count(answered)}${sent === 0 ? '' : ` (${percent(answered / sent)})`}${parts.length === 0 ? '' : `; ${parts.join(', ')}`}`;
}

function quantilesText({ p50, p90, p99, max }: Quantiles): string {
  return `p50 ${milliseconds(p50)}, p90 ${milliseconds(p90)}, p99 ${milliseconds(p99)}, max ${milliseconds(max)}`;
}

const OUTCOMES: Readonly<Record<LoadOutcome, string>> = {
  holds: 'holds',
  fails: 'does not hold',
  'not-known': 'not known',
};

/** What each load came to. */
export async function loadLines(
  io: Io,
  { plan, steps, stopped }: Extract<ReplayResult, { kind: 'loaded' }>,
  outcome: LoadOutcome,
): Promise<string[]> {
  const rows = steps.map((step) => [
    `${number(step.factor)}x`,
    `${number(step.sentPerSecond, 3)} of ${number(step.perSecond, 3)}`,
    count(step.counts.due - step.counts.unsent),
    percent(errorsOf(step)?.share),
    step.counts.latency === undefined ? '–' : milliseconds(step.counts.latency.p50),
    step.counts.latency === undefined ? '–' : milliseconds(step.counts.latency.p99),
    OUTCOMES[step.outcome],
  ]);
  const head = ['load', 'requests/s', 'sent', 'failed', 'p50', 'p99', 'verdict'];
  const not = (plan.load?.steps ?? []).slice(steps.length);
  return [
    ...(await table(io, head, rows, { right: [1, 2, 3, 4, 5] })).split('\n'),
    '',
    ...steps.flatMap((step) =>
      wrap(`${number(step.factor)}x ${OUTCOMES[step.outcome]}: ${whyText(step, plan)}`, io.columns, '  '),
    ),
    ...(not.length === 0
      ? []
      : wrap(
          `Not tried: ${not.map(({ factor }) => `${number(factor)}x`).join(', ')}${stopped === undefined || stopped === 'interrupted' ? '' : ` (${STOPPED[stopped]})`}.`,
          io.columns,
          '  ',
        )),
    ...wrap(totalText(steps, outcome, plan), io.columns, '  '),
  ];
}

function errorsOf({ checks }: StepResult): LoadCheck | undefined {
  return checks.find(({ what }) => what === 'errors');
}

const FAULTS = {
  'sender-behind': (step: StepResult) =>
    `the sender itself was late, by ${milliseconds(step.counts.lag?.p99)} for 99 in 100 (20 ms are too much), so that the load was not what was asked for. Send from a faster machine, or from several.`,
  concurrency: (step: StepResult, plan: ReplayPlan) =>
    `${counted(step.counts.unsent, 'requests')} were not sent, since ${count(plan.concurrency)} were under way: at this rate more may be, within the limits. Raise --concurrency.`,
  interrupted: () => 'it did not last its time.',
};

function whyText(step: StepResult, plan: ReplayPlan): string {
  if (step.fault !== undefined && step.outcome !== 'fails') return FAULTS[step.fault](step, plan);
  const deciding = step.checks.filter(({ outcome }) => outcome === step.outcome);
  const shownChecks = deciding.length === 0 ? step.checks : deciding;
  return `${shownChecks.map(checkText).join('; ')}.`;
}

function checkText({ what, limit, share, interval: [low, high], allowed, later, outcome }: LoadCheck): string {
  const subject = what === 'errors' ? 'failed' : `took longer than ${milliseconds(limit)}, or failed`;
  const bound = outcome === 'fails' ? `at least ${percent(low)}` : `at most ${percent(high)}`;
  const grows =
    outcome === 'not-known' && later > allowed && high <= allowed ? `, ${percent(later)} in the second half` : '';
  return `${percent(share)} ${subject} (${bound}, 95 % confidence${grows}); ${percent(allowed)} may${what === 'errors' ? '' : ` for ${what}`}`;
}

function totalText(steps: readonly StepResult[], outcome: LoadOutcome, plan: ReplayPlan): string {
  const held = steps.filter((step) => step.outcome === 'holds').at(-1);
  const failed = steps.find((step) => step.outcome === 'fails');
  const up = held === undefined ? 'no load is known to hold' : `it holds ${number(held.factor)} times the peak`;
  const until = failed === undefined ? '' : `, and does not hold ${number(failed.factor)} times`;
  const first = up.charAt(0).toUpperCase() + up.slice(1);
  return outcome === 'holds'
    ? `${first}: ${number((held?.factor ?? 0) * (plan.load?.peakPerSecond ?? 0), 3)} requests/s.`
    : `${first}${until}.`;
}

function recordingFacts({
  sources,
  requests,
  unwanted,
  left,
  span,
  answers,
  statuses,
  latencies,
  methods,
  peak,
}: RecordingFacts) {
  return {
    sources,
    requests,
    otherPaths: unwanted,
    notSent: Object.entries(left).map(([why, { count: n, first }]) => ({ why, count: n, first })),
    from: span === undefined ? null : new Date(span.from).toISOString(),
    to: span === undefined ? null : new Date(span.to).toISOString(),
    answers,
    statuses,
    latencies,
    methods,
    peak: peak === undefined ? null : { from: new Date(peak.from).toISOString(), requests: peak.requests },
  };
}

/** The plan for machines; stable names. */
export function replayPlanFacts(plan: ReplayPlan) {
  const { target, pace, requests, ms, concurrency, timeout, unsafe, records, maxErrors, consent, load, endpoint } =
    plan;
  const seen = endpoint === undefined || endpoint === 'unseen' ? undefined : endpoint;
  const hourly = seen && hourlySum(seen.prices, seen.capacity);
  return {
    recording: recordingFacts(plan.recording),
    target,
    speed: load === undefined ? pace : null,
    requests,
    seconds: ms === undefined ? null : ms / 1000,
    concurrency,
    timeoutSeconds: timeout / 1000,
    unsafe,
    records: records ?? null,
    maxErrors: maxErrors ?? null,
    needsConsent: consent,
    endpoint:
      seen === undefined
        ? null
        : {
            status: seen.status,
            variants: seen.variants,
            hourlyDollars: hourly ?? null,
            dollars: costOf(hourly, ms) ?? null,
          },
    load:
      load === undefined
        ? null
        : {
            peakPerSecond: load.peakPerSecond,
            peakFrom: load.from,
            stepSeconds: load.stepMs / 1000,
            steps: load.steps,
          },
  };
}

/** What came of a replay, for machines. */
export function replayFacts({
  plan,
  run,
  counts,
  stopped,
  elapsed,
  recordsLost,
}: Extract<ReplayResult, { kind: 'sent' }>) {
  return {
    kind: 'replayed',
    ...replayPlanFacts(plan),
    run,
    ...countsFacts(counts),
    endedEarly: stopped ?? null,
    elapsedSeconds: elapsed / 1000,
    recordsLost,
  };
}

function countsFacts({ latency, lag, ...counts }: SentCounts) {
  return { counts, latencyMs: latency ?? null, lateMs: lag ?? null };
}

/** What came of loads, for machines. */
export function loadFacts({ plan, steps, stopped }: Extract<ReplayResult, { kind: 'loaded' }>, outcome: LoadOutcome) {
  return {
    kind: 'loaded',
    ...replayPlanFacts(plan),
    outcome,
    endedEarly: stopped ?? null,
    steps: steps.map(({ factor, perSecond, sentPerSecond, counts, checks, fault, outcome: own }) => ({
      factor,
      perSecond,
      sentPerSecond,
      ...countsFacts(counts),
      checks: checks.map(({ interval, ...rest }) => ({ ...rest, low: interval[0], high: interval[1] })),
      fault: fault ?? null,
      outcome: own,
    })),
  };
}
