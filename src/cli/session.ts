import { basename } from 'node:path';
import type { App } from '../app.ts';
import { athenaSettings } from '../base/project.ts';
import type { LifecycleEnd, LifecycleEvent, Message } from '../lifecycle/events.ts';
import type { LifecyclePlan } from '../lifecycle/plans.ts';
import { calibrationText } from '../lifecycle/calibration.ts';
import type { Session } from '../lifecycle/session.ts';
import { BATCH_TAG, ownerTag } from '../resources/tags.ts';
import { plain } from '../ui/io.ts';
import { confirm } from './confirm.ts';
import { batchPlanLines } from './views/batch.ts';
import { parseTarget } from '../lifecycle/targets.ts';
import { drawEvents } from './views/events.ts';
import { abortPlanLines, cleanupPlanLines, cleanupQuestion, prunePlanLines, updatePlanLines } from './views/plan.ts';
import { mirrorChangeLines } from './views/mirror-rollout.ts';
import { describeEnd } from './views/message.ts';
import { releasePlanLines } from './views/release.ts';
import { replayPlanLines, replayQuestion } from './views/replay.ts';
import { rolloutReturnLines } from './views/rollout.ts';

export interface SessionOptions {
  /** Plans are shown, and approved without a question. */
  yes?: boolean;
  /** Nothing is done: plans are the result, written as `format` says. */
  plan?: boolean;
  format?: 'text' | 'json';
  /** US dollars an hour, by type, as said for this command. */
  prices?: Readonly<Record<string, number>> | undefined;
  /** Called before an event is drawn: for those that are a command's result. */
  onEvent?: (event: LifecycleEvent) => void;
  /** Not drawn: what the command's result says. */
  hides?: (event: LifecycleEvent) => boolean;
}

/** The session of a command: events are drawn as chatter, plans are shown and confirmed. */
export function sessionOf(app: App, options: SessionOptions = {}): Session {
  const draw = drawEvents(app.io, options.plan === true ? (options.format ?? 'text') : undefined);
  return {
    clock: app.clock,
    signal: app.signal,
    folder: app.cwd,
    aws: () => app.aws(),
    state: () => app.state(),
    journal: (endpoint) => app.journal(endpoint),
    captures: () => app.captures(),
    async project() {
      const project = await app.project();
      const role = project.role ?? (await app.environment()).SAGEMAKER_ROLE_ARN;
      return {
        name: basename(project.root),
        stateDir: project.stateDir,
        role: role === '' ? undefined : role,
        tags: project.tags,
        prices: project.prices,
        notify: project.notify.map((one) => parseTarget(one, { option: '`notify:` in shadowctl.yaml', env: app.env })),
        policy: project.policy,
        engine: project.engine,
        athena: athenaSettings(project.athena),
      };
    },
    prices: options.prices,
    emit(event) {
      options.onEvent?.(event);
      if (options.hides?.(event) !== true) draw(event);
    },
    approve: (plan) => approve(app, plan, options.yes === true),
    describe: (end: LifecycleEnd): Message => describeEnd(end, app.io),
  };
}

/** An endpoint, or a batch. */
function ownerWords(owner: string): [what: string, name: string] {
  const [key, name] = ownerTag(owner);
  return [key === BATCH_TAG ? 'batch' : 'endpoint', name];
}

/** Shows a plan and asks; a guarded update was shown when it was examined. */
async function approve(app: App, plan: LifecyclePlan, yes: boolean): Promise<void> {
  const show = (lines: readonly string[]) => lines.forEach((line) => app.io.err(line));
  switch (plan.kind) {
    case 'deploy':
    case 'plain-update':
      show(updatePlanLines(app.io, plan));
      return confirm(app, 'Do this', yes || (plan.kind === 'plain-update' && plan.approved));
    case 'calibration-resumed':
      app.io.err(`${calibrationText(plan.calibration)}. It continues; then the candidate is attached.`);
      return confirm(app, 'Do this', yes);
    case 'promote-without-shadow':
      app.io.err(`SageMaker refused the update beside the shadow, and nothing was changed: ${plain(plan.words)}`);
      app.io.err(
        `Instead, shadowctl removes the shadow first, and then brings ${plan.model} into production by the strategy ${plan.strategy}.`,
      );
      return confirm(app, 'Do this', yes || plan.agreed);
    case 'rollout':
      return confirm(app, `Begin this rollout on endpoint ${plan.endpoint}`, yes);
    case 'rollout-return':
      show(rolloutReturnLines(app.io, plan));
      return confirm(app, 'Do this', yes);
    case 'mirror-rollout':
      return confirm(app, `Begin this ${plan.rollout.command} on the mirror of ${plan.mirror}`, yes, { onAws: false });
    case 'mirror-change':
      show(mirrorChangeLines(app.io, plan));
      return confirm(app, 'Do this', yes, { onAws: false });
    case 'replay':
      show(replayPlanLines(app.io, plan));
      if (plan.consent.length === 0) return;
      return confirm(app, replayQuestion(plan), yes, {
        untouched: 'nothing was sent',
        onAws: plan.spec.kind === 'sagemaker',
      });
    case 'release':
      show(releasePlanLines(app.io, plan));
      return confirm(app, `Begin this release on endpoint ${plan.endpoint}`, yes);
    case 'batch':
      show(batchPlanLines(app.io, plan));
      return confirm(app, `Run ${plan.day} of batch ${plan.batch}`, yes);
    case 'guarded-update':
      return confirm(app, `Update endpoint ${plan.endpoint}`, yes);
    case 'abort':
      show(abortPlanLines(app.io, plan));
      return confirm(app, `Abort the update of endpoint ${plan.endpoint}`, yes);
    case 'cleanup': {
      show(cleanupPlanLines(app.io, plan));
      const question = cleanupQuestion(plan);
      const [what, name] = ownerWords(plan.endpoint);
      return confirm(app, question, yes, { untouched: `nothing of ${what} "${name}" was deleted` });
    }
    case 'prune': {
      show(prunePlanLines(app.io, plan));
      const question = plan.steps.length === 1 ? 'Delete this' : `Delete these ${plan.steps.length}`;
      return confirm(app, question, yes, { untouched: `nothing of endpoint "${plan.endpoint}" was deleted` });
    }
  }
}
