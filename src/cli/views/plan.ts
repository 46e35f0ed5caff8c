import { duration } from '../../base/units.ts';
import { capacityWords } from '../../guard/capacity.ts';
import { changedText, noLongerExist } from '../../guard/restorable.ts';
import { OBSERVABILITY } from '../../guard/observability.ts';
import { dollars, hourlyCost, hourlySum, pricesFrom, unpriced } from '../../guard/prices.ts';
import { rangeWords } from '../../guard/scaling.ts';
import { instances, type Strategy } from '../../guard/strategy.ts';
import { HOUR, SECOND } from '../../base/units.ts';
import type {
  AbortPlan,
  CleanupPlan,
  ConfigModels,
  DeployPlan,
  GuardedUpdatePlan,
  Place,
  PlainUpdatePlan,
  PlanCost,
  PlanNote,
  PrunePlan,
} from '../../lifecycle/plans.ts';
import type { Needed } from '../../resources/prune.ts';
import { nameOf } from '../../resources/steps.ts';
import type { Io } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import { wrap } from '../../ui/wrap.ts';
import { describeStep, notKnownLines, planLines, staysLines, stepsJson } from './steps.ts';
import { phaseWords } from './update-live.ts';

type PlanIo = Pick<Io, 'color' | 'columns'>;

/** The first line of every plan: whose AWS it is for. */
export function placeLine({ account, region, profile, endpointUrl }: Place): string {
  const to = endpointUrl === undefined ? [] : [LOOPBACK.test(endpointUrl) ? 'on this machine' : `at ${endpointUrl}`];
  const as = profile === undefined ? [] : [`profile ${profile}`];
  return [`Account ${account}`, region, ...as, ...to].join(', ');
}

/** The emulator's port says nothing: it changes. */
const LOOPBACK = /^https?:\/\/(127\.|localhost|\[::1\])/;

/** A plan that is applied all at once. */
export function updatePlanLines(io: PlanIo, plan: DeployPlan | PlainUpdatePlan): string[] {
  const models = plan.kind === 'plain-update' ? plan.models : undefined;
  const lines = [
    placeLine(plan.place),
    ...(plan.kind === 'plain-update' && models !== undefined
      ? [
          `Endpoint ${paint(io, 'name', plan.endpoint)}`,
          ...wrap(`  from  ${plan.from}, ${modelWords(models.from)}`, io.columns, ' '.repeat(8)),
          ...wrap(`  to    ${plan.config}, ${modelWords(models.to)}`, io.columns, ' '.repeat(8)),
        ]
      : []),
    ...plan.steps.flatMap((step) => describeStep(step, io.columns)),
  ];
  if (plan.adopt)
    lines.push(`~ ${nameOf({ kind: 'endpoint', name: plan.endpoint })}  (adopted: cleanup will not delete it)`);
  return [...lines, ...plan.notes.flatMap((note) => wrap(noteText(note, plan.endpoint), io.columns, '  '))];
}

/** `model m2`, `model m2 and shadow m3` */
export function modelWords({ production, shadow }: ConfigModels): string {
  const models = `${production.length === 1 ? 'model' : 'models'} ${production.join(', ')}`;
  return shadow === undefined ? models : `${models} and shadow ${shadow}`;
}

/** A note of a plan in a sentence, with `note:` or `warning:` before it. */
export function noteText(note: PlanNote, endpoint: string): string {
  switch (note.kind) {
    case 'shadow-lost':
      return `note: this removes the shadow variant ${note.variant}.`;
    case 'one-instance':
      return 'note: it gets 1 instance. A canary, and promote, need at least 2 (--instances 2), or --strategy all-at-once.';
    case 'unknown-type':
      return `warning: shadowctl does not know the instance type ${note.instanceType}.${note.nearest === undefined ? '' : ` Did you mean ${note.nearest}?`} If AWS does not know it either, it refuses the endpoint config.`;
    case 'capacity':
      return `note: during the update, ${capacityWords(note.capacity)} run at the same time; the quotas "for endpoint usage" count them all.`;
    case 'scales':
      return note.shadows.length === 0
        ? `note: ${note.target.variant} scales automatically, ${rangeWords(note.target)}, but not while the endpoint is being updated.`
        : `note: ${note.target.variant} scales automatically, ${rangeWords(note.target)}, and ${note.shadows.join(', ')} does not: when production has more instances, each of the shadow's takes more requests.`;
    case 'autoscale':
      return `Once it is in service, ${note.variant} is registered to scale as production does: ${rangeWords(note.target)}, by ${note.policies === 1 ? 'its policy' : `its ${note.policies} policies`} of target tracking. ${note.left.length === 0 ? '' : `Not taken over: ${note.left.map(({ name, type }) => `${name} (${type})`).join(', ')}. `}Whether SageMaker takes a shadow as a target, no document says.`;
    case 'observability':
      return `note: ${OBSERVABILITY}.`;
    case 'no-way-back':
      return `warning: there is no way back to what runs now: ${noLongerExist(note.lost)}.`;
    case 'changed-since':
      return `warning: ${note.of} would not come back as it was: ${note.changed.map(changedText).join('; ')}.`;
    case 'single-instance':
      return 'note: production has 1 instance, and a canary needs at least 2: promote will then need --strategy all-at-once. The fleet cannot be made larger while the shadow is attached: to promote through a canary, give production 2 instances first (deploy --instances 2).';
    case 'shadow-cost': {
      const cost = hourlyCost(note.prices, [note]);
      return `The shadow's ${instances(note.count)} of ${note.instanceType} ${note.count === 1 ? 'is' : 'are'} billed as long as it is attached: ${cost}.`;
    }
    case 'time-box': {
      const hourly = hourlySum(note.prices, note.fleet);
      const cost =
        hourly === undefined
          ? hourlyCost(note.prices, note.fleet)
          : `about ${dollars((hourly * note.ms) / HOUR)} for its instances`;
      return `It is to end in ${duration(note.ms)}: ${cost}. The command after that which changes the endpoint detaches it first.`;
    }
    case 'cost':
      return `${costWords(note.cost)}.`;
    case 'production-unreadable':
      return `warning: production, which the shadow will be compared with: ${note.words}`;
    case 'not-inherited':
      return `note: the shadow does not inherit production's ${note.settings.join(', ')}.`;
    case 'captures':
      return `SageMaker captures requests and answers of both variants under ${note.under}/${endpoint}/, with ${note.roles.length === 0 ? "the models' roles" : note.roles.join(' and ')}: if that may not write there (s3:PutObject), captures are missing, and SageMaker does not say so.`;
    case 'calibrates':
      return `For ${duration(note.ms)} production's own model is the shadow, to see how much it differs from itself; then the candidate is attached.`;
    case 'calibrates-first':
      return `Before that, for ${duration(note.ms)}, production's own model is the shadow${note.begun ? ' (it is already)' : ''}.`;
  }
}

/** `Costs while both fleets stand (12 min or more): about $0.70 an hour …; then about $0.35 an hour` */
export function costWords({ prices, during, after, seconds }: PlanCost): string {
  if (during === undefined) return `Costs: ${hourlyCost(prices, after)}`;
  const lasts = seconds === undefined ? '' : ` (${duration(seconds * SECOND)} or more)`;
  const [both, one] = [hourlySum(prices, during), hourlySum(prices, after)];
  if (both === undefined || one === undefined) {
    const unknown = [...new Set([...unpriced(prices, during), ...unpriced(prices, after)])].join(', ');
    return `Costs: price not known (${unknown} in ${prices.region}); --price or prices: in shadowctl.yaml says it`;
  }
  return `Costs while both fleets stand${lasts}: about ${dollars(both)} an hour; then about ${dollars(one)} an hour (${pricesFrom(prices, [...during, ...after])})`;
}

/** Costs of a plan as JSON: US dollars an hour, null where a price is not known. */
export function costJson({ prices, during, after, seconds }: PlanCost) {
  return {
    during: during === undefined ? null : (hourlySum(prices, during) ?? null),
    after: hourlySum(prices, after) ?? null,
    seconds: seconds ?? null,
    unknown: [...new Set([...unpriced(prices, during ?? []), ...unpriced(prices, after)])],
  };
}

/** A guarded update: from where to where, what is created for it, and how its traffic moves. */
export function guardedPlanLines(io: PlanIo, plan: GuardedUpdatePlan): string[] {
  const { strategy } = plan;
  return [
    placeLine(plan.place),
    `Endpoint ${paint(io, 'name', plan.endpoint)}`,
    ...wrap(`  from  ${plan.previous}, model ${plan.models.previous}`, io.columns, ' '.repeat(8)),
    ...wrap(`  to    ${plan.requested}, model ${plan.models.requested}`, io.columns, ' '.repeat(8)),
    ...plan.steps.flatMap((step) => describeStep(step, io.columns, '  ')),
    ...plan.alarms.flatMap(({ input, limit }) =>
      planLines(
        `${plan.standingAlarms.includes(input.AlarmName ?? '') ? '~' : '+'} alarm ${input.AlarmName}`,
        limit,
        io.columns,
        '  ',
      ),
    ),
    ...planLines(`~ endpoint ${plan.endpoint}`, `${strategy.name}: ${stageWords(strategy)}`, io.columns, '  '),
    ...wrap(`  ${costWords(plan.cost)}.`, io.columns, '  '),
  ];
}

/** `1 of 3 for 5 min, then all 3 instances for 5 min` */
export function stageWords({ stages, fleet, bakeSeconds, finalBakeSeconds }: Strategy): string {
  const watched = stages.map((count, index) => {
    if (index < stages.length - 1) return `${count} of ${fleet} for ${duration(bakeSeconds * SECOND)}`;
    const bake = finalBakeSeconds === 0 ? '' : ` for ${duration(finalBakeSeconds * SECOND)}`;
    return `all ${instances(count)}${bake}`;
  });
  return watched.join(', then ');
}

/** The plan of a guarded update, as JSON; stable names. */
export function guardedPlanFacts(plan: GuardedUpdatePlan) {
  const { place, endpoint, previous, requested, models, steps, strategy, alarms, teamAlarms, findings } = plan;
  const { account, region } = place;
  return {
    endpoint,
    account,
    region,
    from: { config: previous, model: models.previous },
    to: { config: requested, model: models.requested },
    steps: stepsJson(steps),
    strategy: {
      name: strategy.name,
      instances: strategy.stages,
      bakeSeconds: strategy.bakeSeconds,
      finalBakeSeconds: strategy.finalBakeSeconds,
    },
    alarms: [...alarms.map(({ input }) => input.AlarmName), ...teamAlarms],
    cost: costJson(plan.cost),
    findings: findings.map(({ severity, check, subject, message }) => ({ severity, check, subject, message })),
  };
}

/** The plan of an abort: what is under way, and when it takes effect. */
export function abortPlanLines(io: PlanIo, plan: AbortPlan): string[] {
  const when = plan.atOnce
    ? 'SageMaker looks at it while the fleet bakes, so traffic returns within about a minute'
    : 'SageMaker looks at it only while a fleet bakes, so this takes effect when the new fleet first gets traffic';
  return [
    placeLine(plan.place),
    ...wrap(
      `${plan.endpoint} is ${phaseWords(plan.stage)}, on its way from ${plan.previous} to ${plan.requested}.`,
      io.columns,
      '  ',
    ),
    ...wrap(
      `shadowctl will set off the alarm ${plan.alarm}. ${when}; then it removes the new fleet.`,
      io.columns,
      '  ',
    ),
  ];
}

/** The plan of a cleanup: what is deleted, what stays and why, and what tags could not tell. */
export function cleanupPlanLines(io: PlanIo, plan: CleanupPlan): string[] {
  return [
    placeLine(plan.place),
    ...shadowEndLines(io, plan),
    ...plan.steps.flatMap((step) => describeStep(step, io.columns)),
    ...staysLines(plan.left, io.columns),
    ...notKnownLines(plan.notKnown, io.columns),
  ];
}

/** What a cleanup does before it deletes anything: a shadow of shadowctl's on an endpoint that stays ends. */
export function shadowEndLines(io: Pick<Io, 'columns'>, { shadow }: Pick<CleanupPlan, 'shadow'>): string[] {
  if (shadow === undefined) return [];
  const { variant, update } = shadow;
  return [
    ...wrap(`First the shadow ${variant} ends, which shadowctl attached; production stays as it is:`, io.columns, '  '),
    ...update.steps.flatMap((step) => describeStep(step, io.columns)),
    ...update.notes.flatMap((note) => wrap(noteText(note, update.endpoint), io.columns, '  ')),
  ];
}

/** What is asked before a cleanup. */
export function cleanupQuestion({ shadow, steps }: CleanupPlan): string {
  if (steps.length === 0) return 'End the shadow';
  const deletes = steps.length === 1 ? 'elete this' : `elete these ${steps.length}`;
  return shadow === undefined ? `D${deletes}` : `End the shadow, and d${deletes}`;
}

/** What goes, and what stays for what reason. */
export function prunePlanLines(io: PlanIo, plan: PrunePlan): string[] {
  return [
    placeLine(plan.place),
    ...plan.steps.flatMap((step) => describeStep(step, io.columns)),
    ...keptLines(io, plan.kept),
  ];
}

/** What stays. */
export function keptLines(io: PlanIo, kept: readonly Needed[]): string[] {
  return kept.flatMap(({ ref, why }) => planLines(`= ${nameOf(ref)}`, `stays: ${why}`, io.columns));
}
