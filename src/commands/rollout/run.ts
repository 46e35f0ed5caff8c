import type { App, Outcome } from '../../app.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { noEndpoint } from '../../aws/no-endpoint.ts';
import { describeEndpoint } from '../../aws/sagemaker.ts';
import { cannotRun, interrupted, usage } from '../../base/errors.ts';
import { hourlyCost } from '../../guard/prices.ts';
import { type Position, positionOf, type Rollout, type RolloutEnd } from '../../state/rollouts.ts';
import { apply, shift, startRun } from '../../resources/apply.ts';
import { readLive, requireOurs, requireSettled } from '../../resources/live.ts';
import { tagList } from '../../resources/tags.ts';
import { plain } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import { wrap } from '../../ui/wrap.ts';
import { applySteps } from '../shared/apply-steps.ts';
import { awaitEndpoint } from '../shared/await-endpoint.ts';
import { adopts } from '../shared/carry-update.ts';
import { confirm } from '../../cli/confirm.ts';
import { describeStep } from '../../cli/views/steps.ts';
import type { Target } from '../../lifecycle/events.ts';
import { targetsOf } from '../shared/notify.ts';
import { type Ground, onEndpoint } from '../shared/on-endpoint.ts';
import { leaveOutStanding, prepareModel } from '../shared/prepare-model.ts';
import { requireGuardable } from '../../lifecycle/guarded-update/start.ts';
import type { RolloutOptions } from './command.ts';
import { loadPolicy } from '../../analysis/observe/policy-file.ts';
import { judgeStep, type StepVerdict } from '../../lifecycle/rollout/judge-step.ts';
import { limitWords, lookAtLimits, settleRolloutLimits } from './limits.ts';
import { planConfigs } from './plan.ts';
import { type Course, tell } from './tell.ts';
import { duration, MINUTE, percent, SECOND, timeOfDay } from '../../base/units.ts';

export async function run(app: App, options: RolloutOptions): Promise<Outcome> {
  const { endpoint } = options;
  // A wrong target is said before anything is begun.
  const targets = await targetsOf(app, options.guard.notify);
  const command = options.go === 'start' ? 'rollout' : `rollout --${options.go}`;
  return onEndpoint(app, { endpoint, command, readOnly: options.plan }, async (ground) => {
    const position = positionOf(ground.state());
    if (options.go === 'start') {
      if (position !== undefined) {
        throw cannotRun(
          `A rollout of ${position.rollout.model} on ${endpoint} is under way.`,
          `Go on with --resume, or return with --cancel.`,
        );
      }
      return begin(app, ground, options, targets);
    }
    if (position === undefined)
      throw usage(
        `No rollout on ${endpoint} is under way that was begun from this folder.`,
        `shadowctl history --endpoint ${endpoint} lists what was deployed.`,
      );
    if (options.plan) return 'pending';
    const run = await startRun(
      { aws: ground.aws, journal: ground.journal, clock: app.clock, signal: app.signal },
      command,
    );
    const course = { app, ground, run, rollout: position.rollout, options, targets };
    return options.go === 'cancel' ? giveBack(course, 'cancelled') : carryOn(course, position);
  });
}

async function begin(app: App, ground: Ground, options: RolloutOptions, targets: readonly Target[]): Promise<Outcome> {
  const { endpoint, steps: shares } = options;
  const { aws, journal } = ground;
  const live = await readLive(aws, endpoint, app.signal);
  if (live === undefined) throw noEndpoint(aws.target, endpoint);
  if (!options.adopt) requireOurs(live, ground.state(), journal.path);
  requireSettled(live);
  requireGuardable(live);
  const { own, tags, ...prepared } = await prepareModel(app, ground, options, live);
  const list = tagList(own, tags);
  const final = `${prepared.config.slice(0, 57)}-final`;
  const configs = planConfigs(live, {
    model: prepared.model,
    config: prepared.config,
    final,
    firstShare: shares[0] ?? 1,
    tags: list,
  });
  const production = live.config?.ProductionVariants?.[0];
  const rollout: Rollout = {
    previous: live.endpoint.EndpointConfigName ?? '',
    config: prepared.config,
    final,
    model: prepared.model,
    previousModel: production?.ModelName ?? '',
    production: production?.VariantName ?? '',
    candidate: configs.candidate,
    steps: shares,
    bakeSeconds: options.bakeSeconds,
    finalInput: configs.final,
    limits: await settleRolloutLimits(app, aws, options, {
      variant: production?.VariantName ?? '',
      config: live.endpoint.EndpointConfigName ?? '',
    }),
  };
  const steps = await leaveOutStanding(app, ground, [
    ...prepared.steps,
    { action: 'create', kind: 'endpoint-config', name: rollout.config, input: configs.both },
  ]);
  for (const line of steps.flatMap((step) => describeStep(step, app.io.columns))) app.io.err(line);
  app.io.err(
    `~ endpoint ${endpoint}  (${rollout.model} takes ${shares.map(percent).join(', then ')}; at least ${duration(options.bakeSeconds * SECOND)} each)`,
  );
  const limits = rollout.limits === undefined ? [] : limitWords(rollout.limits);
  for (const limit of limits)
    for (const line of wrap(`  taken back at ${limit}`, app.io.columns, '    ')) app.io.err(line);
  const { InstanceType: type, InitialInstanceCount: count = 0 } = configs.both.ProductionVariants?.[1] ?? {};
  const cost = hourlyCost(type, count);
  app.io.err(`  Two full fleets are billed until it has ended${cost === undefined ? '.' : `: ${cost} more.`}`);
  if (options.plan) return 'pending';
  await confirm(app, `Begin this rollout on endpoint ${endpoint}`, options.yes);
  const run = await startRun({ aws, journal, clock: app.clock, signal: app.signal }, 'rollout', own.run);
  if (adopts(live, ground, options.adopt))
    await journal.append({ type: 'fact', run: run.id, name: 'adopted', value: { kind: 'endpoint', name: endpoint } });
  await applySteps(app, run, steps);
  await journal.append({ type: 'fact', run: run.id, name: 'rollout-begun', value: rollout });
  return carryOn(
    { app, ground, run, rollout, options, targets },
    { rollout, step: undefined, since: undefined, began: undefined },
  );
}

/** From wherever it stands to the end, a pause or the way back. */
async function carryOn(course: Course, position: Position): Promise<Outcome> {
  const { app, rollout } = course;
  try {
    await bothStand(course);
    let { step = 0, since, began } = position;
    for (; step < rollout.steps.length - 1; step += 1, since = undefined) {
      since ??= await take(course, step);
      began ??= since;
      const verdict = await watch(course, step, since, began);
      if (verdict.outcome === 'fail') return await giveBack(course, 'failed');
      if (verdict.outcome === 'inconclusive') return await paused(course, step);
    }
    return await finish(course);
  } catch (error) {
    const { endpoint } = course.options;
    const stays = `${endpoint} stays as it is divided now.`;
    const next = `Go on: shadowctl rollout --endpoint ${endpoint} --resume\nReturn: shadowctl rollout --endpoint ${endpoint} --cancel`;
    if (app.signal.aborted) throw interrupted(`Interrupted. ${stays}`, next);
    if (error instanceof AwsProblem) throw cannotRun(`${error.message} ${stays}`, next, error);
    throw error;
  }
}

/** The endpoint runs both variants, or is brought to. */
async function bothStand(course: Course): Promise<void> {
  const { app, ground, run, rollout, options } = course;
  const live = await describeEndpoint(ground.aws, options.endpoint, app.signal);
  if (live?.EndpointConfigName === rollout.config) return;
  // An interrupted run may have asked for it already.
  if (live?.EndpointStatus === 'InService') {
    if (live.EndpointConfigName !== rollout.previous) {
      throw cannotRun(
        `${options.endpoint} runs ${live.EndpointConfigName}, which this rollout knows nothing of.`,
        'Somebody else updated it. Take your rollout out of the way with --cancel.',
      );
    }
    await apply(run, {
      action: 'update',
      kind: 'endpoint',
      name: options.endpoint,
      input: { EndpointName: options.endpoint, EndpointConfigName: rollout.config },
    });
  }
  const settled = await awaitEndpoint(app, ground.aws, options.endpoint, rollout.config, live?.LastModifiedTime);
  if (settled.kind !== 'running') {
    await end(course, 'failed');
    throw cannotRun(
      `${options.endpoint} did not take up ${rollout.config}; it serves as before.`,
      `shadowctl status --endpoint ${options.endpoint} shows what stands.`,
    );
  }
}

/** Gives the candidate its share; gives since when it has it, ms since the epoch. */
async function take(course: Course, step: number): Promise<number> {
  const { app, run, rollout } = course;
  const share = rollout.steps[step] ?? 0;
  await divide(course, share);
  const since = app.clock.now();
  await run.journal.append({ type: 'fact', run: run.id, name: 'rollout-step', value: { step, share, since } });
  app.io.err(
    `${timeOfDay(since, 'seconds')}  step ${step + 1} of ${rollout.steps.length}: ${rollout.model} takes ${percent(share)} of the requests`,
  );
  return since;
}

async function divide(course: Course, share: number): Promise<void> {
  const { app, ground, run, rollout, options } = course;
  const live = await describeEndpoint(ground.aws, options.endpoint, app.signal);
  const now = live?.ProductionVariants?.find((variant) => variant.VariantName === rollout.candidate)?.DesiredWeight;
  // AWS keeps weights as 32-bit numbers.
  if (now !== undefined && Math.abs(now - share) < 1e-6) return;
  await shift(run, options.endpoint, { [rollout.production]: 1 - share, [rollout.candidate]: share });
  await awaitEndpoint(app, ground.aws, options.endpoint, rollout.config);
}

const LOOK_MS = MINUTE;

/** Looks every minute: a failure is seen at once, a pass counts when the step has been watched for as long as asked. */
async function watch(course: Course, step: number, since: number, began: number): Promise<StepVerdict> {
  const { app, rollout, options } = course;
  const baked = since + rollout.bakeSeconds * 1000;
  const patience = baked + options.patienceSeconds * 1000;
  for (;;) {
    const verdict = await look(course, began);
    const now = app.clock.now();
    const decided = verdict.outcome === 'fail' || (now >= baked && (verdict.outcome === 'pass' || now >= patience));
    if (decided) {
      const mark = {
        pass: paint(app.io, 'good', '✓'),
        fail: paint(app.io, 'bad', '✗'),
        inconclusive: paint(app.io, 'warning', '?'),
      }[verdict.outcome];
      app.io.err(
        `${timeOfDay(now, 'seconds')}  ${mark} step ${step + 1}: ${verdict.outcome}, ${verdict.requests} requests on ${rollout.model} so far`,
      );
      for (const reason of verdict.reasons)
        for (const line of wrap(`            ${plain(reason)}`, app.io.columns, '            ')) app.io.err(line);
      return verdict;
    }
    await app.clock.sleep(Math.max(1000, Math.min(LOOK_MS, (now < baked ? baked : patience) - now)), app.signal);
  }
}

/** The policy's verdict, unless a limit or an alarm decides before. What AWS does not tell this time is not decided. */
async function look({ app, ground, rollout, options }: Course, began: number): Promise<StepVerdict> {
  const candidate = { endpoint: options.endpoint, variant: rollout.candidate };
  try {
    const { policy } = await loadPolicy(app.cwd, options.policy, () => app.project());
    const evidence = { from: began, now: app.clock.now(), policy, signal: app.signal };
    const verdict = await judgeStep(ground.aws, options.endpoint, rollout, evidence);
    if (rollout.limits === undefined) return verdict;
    const reasons = await lookAtLimits(app, ground.aws, candidate, rollout.limits, began);
    return reasons.length === 0 ? verdict : { ...verdict, outcome: 'fail', reasons };
  } catch (error) {
    if (!(error instanceof AwsProblem) || !error.transient) throw error;
    return { outcome: 'inconclusive', reasons: [error.message], requests: 0 };
  }
}

async function paused(course: Course, step: number): Promise<Outcome> {
  const { app, rollout, options } = course;
  const share = rollout.steps[step] ?? 0;
  await tell(course, 'paused', share);
  app.io.err(
    `It stays at ${percent(share)}. Go on: shadowctl rollout --endpoint ${options.endpoint} --resume; return: --cancel`,
  );
  return 'inconclusive';
}

/** All steps have passed: one variant is left, under production's name, with the new model. */
async function finish(course: Course): Promise<Outcome> {
  const { app, ground, run, rollout, options } = course;
  await divide(course, 1);
  const steps = await leaveOutStanding(app, ground, [
    { action: 'create', kind: 'endpoint-config', name: rollout.final, input: rollout.finalInput },
  ]);
  await applySteps(app, run, steps);
  await apply(run, {
    action: 'update',
    kind: 'endpoint',
    name: options.endpoint,
    input: { EndpointName: options.endpoint, EndpointConfigName: rollout.final },
  });
  const settled = await awaitEndpoint(app, ground.aws, options.endpoint, rollout.final);
  if (settled.kind !== 'running') {
    throw cannotRun(
      `${options.endpoint} did not take up ${rollout.final}; ${rollout.model} serves all requests as the variant ${rollout.candidate}.`,
      'Try again with --resume.',
    );
  }
  await end(course, 'passed');
  await tell(course, 'passed', 1);
  return 'done';
}

/** All requests to production at once, then the config from before. */
async function giveBack(course: Course, why: RolloutEnd): Promise<Outcome> {
  const { app, ground, run, rollout, options } = course;
  const live = await describeEndpoint(ground.aws, options.endpoint, app.signal);
  if (live?.EndpointConfigName === rollout.config) {
    await divide(course, 0);
    app.io.err(`${timeOfDay(app.clock.now(), 'seconds')}  all requests go to ${rollout.previousModel} again`);
    await apply(run, {
      action: 'update',
      kind: 'endpoint',
      name: options.endpoint,
      input: { EndpointName: options.endpoint, EndpointConfigName: rollout.previous },
    });
    const settled = await awaitEndpoint(app, ground.aws, options.endpoint, rollout.previous);
    if (settled.kind !== 'running')
      throw cannotRun(
        `${options.endpoint} did not return to ${rollout.previous}; production has all requests.`,
        'Try again with --cancel.',
      );
  }
  await end(course, why);
  await tell(course, why, 0);
  return why === 'cancelled' ? 'done' : 'no';
}

async function end(course: Course, outcome: RolloutEnd): Promise<void> {
  const { run, rollout, app } = course;
  await run.journal.append({
    type: 'fact',
    run: run.id,
    name: 'rollout-ended',
    value: { outcome, model: rollout.model, at: app.clock.now() },
  });
}
