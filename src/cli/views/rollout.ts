import { lines, shown, type Text, text } from '../../base/text.ts';
import { duration, milliseconds, percent, SECOND, timeOfDay } from '../../base/units.ts';
import { capacityWords } from '../../guard/capacity.ts';
import { rangeWords } from '../../guard/scaling.ts';
import type { Message } from '../../lifecycle/events.ts';
import type { RolloutPlan, RolloutReturnPlan } from '../../lifecycle/plans.ts';
import type { RolloutStopped } from '../../lifecycle/rollout/stopped.ts';
import type { StepVerdict } from '../../lifecycle/rollout/judge-step.ts';
import type { Rollout, RolloutLimits } from '../../state/rollouts.ts';
import { type Io, plain } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import { layout, wrap } from '../../ui/wrap.ts';
import { costJson, costWords, noteText, placeLine } from './plan.ts';
import { describeStep, stepsJson } from './steps.ts';

type ViewIo = Pick<Io, 'color' | 'columns' | 'command'>;

/** What would be done, what would take it back, and what it costs. */
export function rolloutPlanLines(
  io: Pick<Io, 'columns'>,
  { place, endpoint, rollout, times, steps, capacity, scaled, cost, notes }: RolloutPlan,
): string[] {
  const { model, steps: shares, bakeSeconds, limits } = rollout;
  const { leastSeconds, patienceSeconds, totalSeconds } = times;
  const first = Math.max(leastSeconds, bakeSeconds);
  return [
    placeLine(place),
    ...steps.flatMap((step) => describeStep(step, io.columns)),
    ...wrap(`~ endpoint ${endpoint}  (${model} takes ${shares.map(percent).join(', then ')})`, io.columns, '    '),
    ...wrap(
      `  The policy can pass the first step after ${duration(first * SECOND)}${shares.length < 3 ? '' : `, and each later one is watched for ${duration(bakeSeconds * SECOND)} at least`}: ${duration(totalSeconds * SECOND)} or more until 100 %, and the updates besides. A step that is not decided pauses after ${duration((bakeSeconds + patienceSeconds) * SECOND)}.`,
      io.columns,
      '  ',
    ),
    ...(limits === undefined ? [] : limitWords(limits)).flatMap((limit) =>
      wrap(`  taken back at ${limit}`, io.columns, '    '),
    ),
    ...wrap(`  Two full fleets are billed until it ends. ${costWords(cost)}.`, io.columns, '  '),
    ...wrap(
      `  At the start, ${capacityWords(capacity)} run at the same time: the quotas "… for endpoint usage" must permit them.`,
      io.columns,
      '  ',
    ),
    ...(scaled === undefined
      ? []
      : wrap(
          `  Production scales automatically, ${rangeWords(scaled)}, so it loses instances as it gets fewer requests: it is given them back before requests return to it.`,
          io.columns,
          '  ',
        )),
    ...wrap(
      '  SageMaker guards no change of weights: this command alone watches. Where it ends, requests stay divided.',
      io.columns,
      '  ',
    ),
    ...notes.flatMap((note) => wrap(`  ${noteText(note, endpoint)}`, io.columns, '  ')),
  ];
}

/** The way back out of a rollout, as `undo` shows it. */
export function rolloutReturnLines(
  io: Pick<Io, 'columns'>,
  { place, endpoint, rollout, share }: RolloutReturnPlan,
): string[] {
  const { model, previousModel, previous, config } = rollout;
  return [
    placeLine(place),
    ...wrap(
      `A rollout of ${model} is under way: it takes ${percent(share)} of the requests. It ends, and all of them go back to ${previousModel}.`,
      io.columns,
      '  ',
    ),
    `~ endpoint ${endpoint}`,
    `  from  ${config}, models ${previousModel} and ${model}`,
    `  to    ${previous}, model ${previousModel}`,
  ];
}

/** A rollout that was taken back, as JSON: as the documents of any other `undo` have it. */
export function rolloutReturnFacts({
  endpoint,
  rollout,
  share,
}: Pick<RolloutReturnPlan, 'endpoint' | 'rollout' | 'share'>) {
  const { model, previousModel, config } = rollout;
  const models = { from: { production: [previousModel, model] }, to: { production: [previousModel] } };
  return { endpoint, from: config, models, rollout: { model, previousModel, share } };
}

/** The plan of a rollout, as JSON; stable names. */
export function rolloutPlanFacts({ place, endpoint, rollout, times, steps, capacity, cost }: RolloutPlan) {
  const { account, region } = place;
  const { model, previous, config, final, steps: shares, bakeSeconds } = rollout;
  return {
    endpoint,
    account,
    region,
    model,
    configs: { from: previous, during: config, to: final },
    shares,
    bakeSeconds,
    ...times,
    steps: stepsJson(steps),
    capacity,
    cost: costJson(cost),
  };
}

/**
 * What the limits are; empty where there are none.
 * @param metric the name of the latency that is looked at
 */
export function limitWords(
  { rate5xx, rate4xx, latency, alarms = [] }: Omit<RolloutLimits, 'alarms'> & Partial<Pick<RolloutLimits, 'alarms'>>,
  metric = 'ModelLatency',
): string[] {
  const rate = (share: number | undefined, code: string) =>
    share === undefined ? [] : [`more than ${percent(share)} of the requests of a minute answered ${code}`];
  return [
    ...rate(rate5xx, '5XX'),
    ...rate(rate4xx, '4XX'),
    ...(latency === undefined
      ? []
      : [
          `${metric} ${latency.statistic} above ${milliseconds(latency.milliseconds)}, ${latency.minutes} minutes in a row`,
        ]),
    ...alarms.map((name) => `alarm ${name}`),
  ];
}

/** A step has its share. */
export function stepLine({ model, steps }: Rollout, step: number, at: number): string {
  return `${timeOfDay(at, 'seconds')}  step ${step + 1} of ${steps.length}: ${model} takes ${percent(steps[step])} of the requests`;
}

/** All requests go to production again. */
export function returnedLine({ previousModel }: Rollout, at: number): string {
  return `${timeOfDay(at, 'seconds')}  all requests go to ${previousModel} again`;
}

const MARKS = {
  pass: ['✓', 'good'],
  fail: ['✗', 'bad'],
  inconclusive: ['?', 'warning'],
} as const;

/** A step is decided, or was watched for as long as asked. */
export function verdictLines(
  io: ViewIo,
  { model }: Pick<Rollout, 'model'>,
  step: number,
  verdict: StepVerdict,
  at: number,
): string[] {
  return decidedLines(
    io,
    `step ${step + 1}: ${verdict.outcome}, ${verdict.requests} requests on ${model} so far`,
    verdict,
    at,
  );
}

/** What was decided and when, and why. */
export function decidedLines(
  io: ViewIo,
  words: string,
  { outcome, reasons }: Pick<StepVerdict, 'outcome' | 'reasons'>,
  at: number,
): string[] {
  const [mark, meaning] = MARKS[outcome];
  const indent = ' '.repeat(12);
  return [
    `${timeOfDay(at, 'seconds')}  ${paint(io, meaning, mark)} ${words}`,
    ...reasons.flatMap((reason) => wrap(`${indent}${plain(reason)}`, io.columns, indent)),
  ];
}

/** How a rollout ended, to standard output. */
export function rolloutLines(io: ViewIo, stopped: RolloutStopped): Text[] {
  const sentence = wrap(endWords(stopped), io.columns, '  ');
  return stopped.ended === 'passed' ? [...sentence, text`  ${wayBack(stopped)}`] : sentence;
}

/** For machines: of `--format json`, and of webhooks. */
export function rolloutFacts({ endpoint, ended, rollout, share, config }: RolloutStopped) {
  return { endpoint, ended, model: rollout.model, previousModel: rollout.previousModel, share, config };
}

/** How it is told to those who are notified. */
export function rolloutMessage({ command }: Pick<Io, 'command'>, stopped: RolloutStopped): Message {
  const { endpoint, ended } = stopped;
  const next =
    ended === 'passed'
      ? wayBack(stopped)
      : ended === 'paused'
        ? lines(
            text`To continue: ${shown('rollout', { endpoint, resume: true })}`,
            text`To go back: ${shown('rollout', { endpoint, cancel: true })}`,
          )
        : undefined;
  const told = layout(lines(endWords(stopped), next), Number.POSITIVE_INFINITY, '', command);
  return {
    subject: `shadowctl rollout: ${ended} - ${endpoint}`,
    text: told.join('\n'),
    facts: rolloutFacts(stopped),
  };
}

function endWords({ endpoint, ended, rollout, share, config }: RolloutStopped): string {
  const { model, previous, previousModel } = rollout;
  const now =
    config === previous
      ? `${endpoint} is back on ${previous} with ${previousModel}.`
      : config === undefined
        ? `Endpoint ${endpoint} no longer exists; the rollout of ${model} is over.`
        : `${endpoint} runs ${config}, which does not belong to this rollout; the rollout of ${model} is over.`;
  switch (ended) {
    case 'passed':
      return `${model} serves all requests of ${endpoint}.`;
    case 'failed':
      return `${model} failed. ${now}`;
    case 'cancelled':
      return now;
    case 'paused':
      return `Not decided at ${percent(share)}.`;
  }
}

function wayBack({ endpoint, rollout }: RolloutStopped): Text {
  return text`To go back: ${shown('undo', { endpoint, to: rollout.previous })}`;
}
