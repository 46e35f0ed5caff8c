import { basename } from 'node:path';
import type { App, Outcome } from '../../app.ts';
import { noEndpoint } from '../../aws/no-endpoint.ts';
import { describeModel } from '../../aws/sagemaker.ts';
import { cannotRun } from '../../base/errors.ts';
import type { UpdateStarted } from '../../state/updates.ts';
import { newRun } from '../../resources/apply.ts';
import { type Live, productionOf, readLive, requireOurs, requireSettled } from '../../resources/live.ts';
import { checkName, chooseName } from '../../resources/naming.ts';
import { tagList } from '../../resources/tags.ts';
import { plain } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import { beginGuarded } from '../shared/begin-guarded.ts';
import { calibrationOf } from '../../state/calibration.ts';
import { calibrationEnds, calibrationText } from '../../lifecycle/calibration.ts';
import { guardedSession, reportFinished } from '../../cli/guarded.ts';
import { finishGuardedUpdate } from '../../lifecycle/guarded-update/finish.ts';
import { smokeTest } from '../../lifecycle/traffic/with-traffic.ts';
import { targetsOf } from '../shared/notify.ts';
import { type Ground, onEndpoint } from '../shared/on-endpoint.ts';
import { judgeByReport, type Judged } from '../shared/verdict.ts';
import type { PromoteOptions } from './command.ts';
import { planPromotion, shadowOf } from './plan.ts';
import { MINUTE, timeOfDay } from '../../base/units.ts';

/** Judges the shadow, and where it passes puts its model into production through a guarded update. */
export async function run(app: App, options: PromoteOptions): Promise<Outcome> {
  const { endpoint, traffic } = options;
  const session = guardedSession(app, options);
  if (options.configName !== undefined) checkName('endpoint config', options.configName, '--config-name');
  if (traffic !== undefined) await smokeTest(session, endpoint, traffic.file);
  // A wrong target is said before anything is begun.
  const targets = await targetsOf(app, options.guard.notify);
  const looked = await onEndpoint(app, { endpoint, command: 'promote', readOnly: true }, (ground) =>
    look(app, ground, options),
  );
  const judged = await judge(app, options, looked);
  if (judged.outcome !== 'pass' && !options.guard.force) {
    app.io.err(
      `${endpoint} stays as it is. End the shadow with: shadowctl keep --endpoint ${endpoint}; or overrule the verdict with --force.`,
    );
    return judged.outcome === 'fail' ? 'no' : 'inconclusive';
  }
  const started = await onEndpoint(app, { endpoint, command: 'promote', readOnly: options.plan }, (ground) =>
    begin(app, ground, options, looked, judged),
  );
  if (started === 'pending') return 'pending';
  const { metrics } = options.guard;
  return reportFinished(
    app,
    options.format,
    await finishGuardedUpdate(session, started, { targets, metrics, traffic }),
  );
}

async function look(app: App, ground: Ground, options: PromoteOptions): Promise<Live> {
  const live = await readLive(ground.aws, options.endpoint, app.signal);
  if (live === undefined) throw noEndpoint(ground.aws.target, options.endpoint);
  requireOurs(live, ground.state(), ground.journal.path, false);
  requireSettled(live);
  shadowOf(live);
  const calibration = calibrationOf(ground.state(), live.endpoint.EndpointConfigName);
  if (calibration !== undefined)
    throw cannotRun(
      `There is no candidate to promote. ${calibrationText(calibration)}.`,
      calibrationEnds(calibration, live.name),
    );
  return live;
}

/** Until a first whole minute of the shadow has passed and its metrics are published, there is nothing to read. */
const FIRST_LOOK_MS = 2 * MINUTE;

function tooEarly(since: Date): Judged {
  const clock = (ms: number) => `${timeOfDay(ms, 'seconds')} UTC`;
  return {
    outcome: 'inconclusive',
    summary: `The shadow is in service since ${clock(since.getTime())}; there is something to read from ${clock(since.getTime() + FIRST_LOOK_MS)} on.`,
    reasons: [],
  };
}

/** The verdict is on the shadow that runs now, since it has run: never on another model of the same name. */
async function judge(app: App, options: PromoteOptions, live: Live): Promise<Judged> {
  const { report } = options;
  const since = live.endpoint.LastModifiedTime;
  const judged =
    report.from === undefined && since !== undefined && app.clock.now() - since.getTime() < FIRST_LOOK_MS
      ? tooEarly(since)
      : await judgeByReport(app, options.endpoint, [
          ...(report.from === undefined
            ? since === undefined
              ? []
              : ['--from', since.toISOString()]
            : ['--from', report.from]),
          ...(report.labels === undefined ? [] : ['--labels', report.labels]),
          ...(report.policy === undefined ? [] : ['--policy', report.policy]),
        ]);
  const good = judged.outcome === 'pass';
  const shadow = shadowOf(live);
  app.io.err(
    `${paint(app.io, good ? 'good' : 'bad', good ? '✓' : '✗')} Verdict on ${shadow.model}: ${judged.outcome}. ${plain(judged.summary)}`,
  );
  for (const reason of judged.reasons) app.io.err(`    ${plain(reason)}`);
  if (!good && options.guard.force)
    app.io.err(`${paint(app.io, 'warning', '!')} Going on all the same (--force); the journal says so.`);
  return judged;
}

async function begin(
  app: App,
  ground: Ground,
  options: PromoteOptions,
  judgedLive: Live,
  judged: Judged,
): Promise<UpdateStarted | 'pending'> {
  const { endpoint } = options;
  const live = await look(app, ground, options);
  if (live.endpoint.EndpointConfigName !== judgedLive.endpoint.EndpointConfigName) {
    throw cannotRun(
      `${endpoint} was changed while its shadow was judged: it ran ${judgedLive.endpoint.EndpointConfigName}, now ${live.endpoint.EndpointConfigName}.`,
      'Run the command again.',
    );
  }
  const shadow = shadowOf(live);
  const model = await describeModel(ground.aws, shadow.model, app.signal);
  if (model === undefined)
    throw cannotRun(
      `The shadow's model ${shadow.model} has been deleted.`,
      'Create it again under the same name, or attach the shadow anew.',
    );
  const project = await app.project();
  const taken = ground.state().resources.map((tracked) => tracked.ref.name);
  const run = newRun(app.clock);
  const config = options.configName ?? chooseName(endpoint, 'config', app.clock.now(), taken);
  const tags = tagList({ project: basename(project.root), endpoint, run }, project.tags);
  const production = productionOf(live);
  return beginGuarded(
    app,
    ground,
    {
      ...options,
      command: 'promote',
      live,
      fleet: production.instances ?? 1,
      steps: planPromotion(live, shadow, { config, tags }),
      names: { model: shadow.model, config, run, tagList: tags },
      bringsTraffic: options.traffic !== undefined,
      adopt: false,
    },
    (run) =>
      run.journal.append({
        type: 'fact',
        run: run.id,
        name: 'promoted',
        value: {
          model: shadow.model,
          artifact: model.PrimaryContainer?.ModelDataUrl ?? null,
          images: shadow.images,
          verdict: judged.outcome,
          summary: judged.summary,
          forced: judged.outcome !== 'pass',
          wayBack: production.config.EndpointConfigName,
        },
      }),
  );
}
