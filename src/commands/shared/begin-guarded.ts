import type { Tag } from '@aws-sdk/client-sagemaker';
import type { App } from '../../app.ts';
import { type GuardedUpdatePlan, startGuardedUpdate } from '../../lifecycle/guarded-update/start.ts';
import type { UpdateStarted } from '../../state/updates.ts';
import { instances } from '../../guard/quantity.ts';
import { planStrategy } from '../../guard/strategy.ts';
import { startRun, type JournaledRun } from '../../resources/apply.ts';
import { type Live, productionOf } from '../../resources/live.ts';
import type { Step } from '../../resources/steps.ts';
import { paint } from '../../ui/theme.ts';
import { sayDone } from './apply-steps.ts';
import { adopts } from './carry-update.ts';
import { confirm } from '../../cli/confirm.ts';
import { describeStep, planLines } from '../../cli/views/steps.ts';
import { examineUpdate, heedFindings } from './guard-examine.ts';
import type { GuardOptions } from '../../cli/flags/guard.ts';
import type { Ground } from './on-endpoint.ts';
import { duration, SECOND } from '../../base/units.ts';

/** An update that is to be guarded, as far as the command that wants it has decided. */
interface Wanted {
  command: UpdateStarted['command'];
  endpoint: string;
  live: Live;
  /** Instances of the fleet. */
  fleet: number;
  guard: GuardOptions;
  /** What must be created before the update. */
  steps: readonly Step[];
  names: { model: string; config: string; run: string; tags: Tag[] };
  bringsTraffic: boolean;
  adopt: boolean;
  plan: boolean;
  yes: boolean;
}

/**
 * Examines, shows, asks, and begins a guarded update. Needs the journal's lock.
 * @param record may write facts before the first step
 * @returns `pending` where only the plan was wanted
 */
export async function beginGuarded(
  app: App,
  ground: Ground,
  wanted: Wanted,
  record: (run: JournaledRun) => Promise<void> = async () => undefined,
): Promise<UpdateStarted | 'pending'> {
  const { endpoint, live, names, guard } = wanted;
  const { variant } = productionOf(live);
  const previous = live.endpoint.EndpointConfigName ?? '';
  const strategy = planStrategy(guard.strategy, wanted.fleet);
  const { alarms, findings } = await examineUpdate(app, { ...ground, state: ground.state() }, guard, {
    endpoint,
    variant: variant.VariantName,
    liveConfig: previous,
    newConfig: names.config,
    instanceType: variant.InstanceType,
    modelPackage: live.model?.PrimaryContainer?.ModelPackageName,
    strategy,
    bringsTraffic: wanted.bringsTraffic,
    live,
    newImage: imageOf(wanted.steps),
  });
  const plan: GuardedUpdatePlan = {
    command: wanted.command,
    endpoint,
    variant: variant.VariantName,
    previous,
    requested: names.config,
    models: { previous: variant.ModelName ?? '', requested: names.model },
    strategy,
    alarms: alarms.map((alarm) => ({ ...alarm, Tags: names.tags })),
    teamAlarms: guard.alarms,
    before: { reason: live.endpoint.FailureReason, modified: live.endpoint.LastModifiedTime?.getTime() },
  };
  showPlan(app, plan, wanted.steps);
  heedFindings(app, findings, guard.force);
  if (wanted.plan) return 'pending';
  await confirm(app, `Update endpoint ${endpoint}`, wanted.yes);
  const { aws, journal } = ground;
  const run = await startRun({ aws, journal, clock: app.clock, signal: app.signal }, wanted.command, names.run);
  if (adopts(live, ground, wanted.adopt)) {
    await journal.append({ type: 'fact', run: run.id, name: 'adopted', value: { kind: 'endpoint', name: endpoint } });
  }
  await record(run);
  return startGuardedUpdate(
    run,
    plan,
    wanted.steps,
    (line) => app.io.err(line),
    (words) => sayDone(app.io, words),
  );
}

/** The image of the model that the steps create, where they create one. */
function imageOf(steps: readonly Step[]): string | undefined {
  for (const step of steps)
    if (step.action === 'create' && step.kind === 'model') return step.input.PrimaryContainer?.Image;
  return undefined;
}

function showPlan(app: App, plan: GuardedUpdatePlan, steps: readonly Step[]): void {
  const { strategy } = plan;
  app.io.err(`Endpoint ${paint(app.io, 'name', plan.endpoint)}`);
  app.io.err(`  from  ${plan.previous}, model ${plan.models.previous}`);
  app.io.err(`  to    ${plan.requested}, model ${plan.models.requested}`);
  const say = (lines: readonly string[]) => lines.forEach((line) => app.io.err(line));
  for (const step of steps) say(describeStep(step, app.io.columns, '  '));
  for (const alarm of plan.alarms)
    say(
      planLines(
        `+ alarm ${alarm.AlarmName}`,
        alarm.AlarmDescription?.replace(/^shadowctl: rolls back .*? at /, '') ?? '',
        app.io.columns,
        '  ',
      ),
    );
  const watched = strategy.stages.map((count, index) => {
    if (index < strategy.stages.length - 1)
      return `${count} of ${strategy.fleet} for ${duration(strategy.bakeSeconds * SECOND)}`;
    const bake = strategy.finalBakeSeconds === 0 ? '' : ` for ${duration(strategy.finalBakeSeconds * SECOND)}`;
    return `all ${instances(count)}${bake}`;
  });
  say(planLines(`~ endpoint ${plan.endpoint}`, `${strategy.name}: ${watched.join(', then ')}`, app.io.columns, '  '));
}
