import { experimentOn } from '../../aws/experiments.ts';
import { describeEndpoint, describeEndpointConfig } from '../../aws/sagemaker.ts';
import { orUnseen } from '../../aws/unseen.ts';
import { MINUTE } from '../../base/units.ts';
import { isSettled, type Endpoint } from '../../resources/wait.ts';
import { type State, trackedResource } from '../../state/replay.ts';
import { isByBatch, type Release } from '../../state/releases.ts';
import { positionOf } from '../../state/rollouts.ts';
import { recordedUpdates } from '../../state/updates.ts';
import { type EndpointSession, notSeen } from '../session.ts';
import { isQuiet, type QuietHours } from './hours.ts';
import type { Seen } from './machine.ts';
import { mustCopy } from './source.ts';

/** How long an update that AWS has accepted may still look as if it had not begun. */
const BEGIN_WITHIN = MINUTE;
const BROKEN: ReadonlySet<string> = new Set(['Failed', 'OutOfService', 'UpdateRollbackFailed']);

/** Looks at the world for a release, but for its evidence. */
export async function lookForRelease(on: EndpointSession, release: Release, quiet: QuietHours): Promise<Seen> {
  const { aws, endpoint, session } = on;
  const state = on.state();
  const now = session.clock.now();
  const live = await describeEndpoint(aws, endpoint, session.signal);
  return {
    now,
    quiet: isQuiet(quiet, now),
    endpoint: endpointSeen(state, live, now),
    accepted: wasAccepted(state, release),
    own: runsOurs(state, live),
    changedBy: changedBy(state, release, live),
    busy: await busyWith(on, release, live),
    uncopied: mustCopy(release),
    evidence: undefined,
    ending: endingOf(state, release),
  };
}

function endpointSeen(state: State, live: Endpoint | undefined, now: number): Seen['endpoint'] {
  if (live === undefined) return { kind: 'gone' };
  const { EndpointStatus: status = '', EndpointConfigName: config = '' } = live;
  if (!isSettled(live)) return { kind: 'changing' };
  const last = state.configs.at(-1);
  // Whoever told it may have had another clock.
  const young = last !== undefined && last.config !== config && Math.abs(now - Date.parse(last.at)) < BEGIN_WITHIN;
  if (young && status === 'InService') return { kind: 'changing' };
  return { kind: 'settled', config, broken: BROKEN.has(status) ? status : undefined };
}

/** AWS took the update to the config that the release last announced, or made the model for its batch. */
function wasAccepted(state: State, release: Release): boolean {
  const { config, run, at, model = '', begun } = release;
  if (isByBatch(release) && at === 'attaching')
    return begun.source.kind === 'model' || trackedResource(state, { kind: 'model', name: model })?.state === 'exists';
  return state.configs.some((change) => change.config === config && sinceRun(state, run, change));
}

/** The change came with this run, or after it: by the order of the journal, since clocks of machines differ. */
function sinceRun({ runs }: State, first: string, { run }: { run: string }): boolean {
  const place = (id: string) => runs.findIndex((one) => one.run === id);
  return place(run) >= place(first);
}

/** What it runs was told to it by the release, and nobody has told it anything since, as far as the journal and AWS know. */
function runsOurs({ configs, runs }: State, live: Endpoint | undefined): boolean {
  const last = configs.at(-1);
  return (
    last !== undefined &&
    last.config === live?.EndpointConfigName &&
    runs.some(({ run, command }) => run === last.run && command === 'release')
  );
}

/** Whose the last change is, where it is none of this release: only where it is what the endpoint runs, or comes to run. */
function changedBy(state: State, release: Release, live: Endpoint | undefined): Seen['changedBy'] {
  const last = state.configs.at(-1);
  const run = last && state.runs.find((one) => one.run === last.run);
  if (last === undefined || run === undefined || !sinceRun(state, release.run, last)) return undefined;
  if (run.command === 'release' || last.config === release.config || release.shadows.includes(last.config))
    return undefined;
  const settled = live !== undefined && isSettled(live);
  if (settled && last.config !== live.EndpointConfigName) return undefined;
  return { command: run.command, by: run.by };
}

function endingOf(state: State, { config, at }: Release): Seen['ending'] {
  if (at !== 'promoting') return undefined;
  const ended = recordedUpdates(state).findLast(({ started }) => started.requested === config)?.ended;
  return ended && { kind: ended.kind, sentence: ended.sentence ?? ended.kind };
}

/** Who else is at work here: then nothing is begun. */
async function busyWith(
  on: EndpointSession,
  release: Release,
  live: Endpoint | undefined,
): Promise<string | undefined> {
  const { aws, endpoint, session } = on;
  const rollout = positionOf(on.state());
  if (rollout !== undefined) return `A rollout of ${rollout.rollout.model} is under way.`;
  if (!['begun', 'attaching', 'approved', 'promoting', 'detaching'].includes(release.at)) return undefined;
  const found = await orUnseen(
    `inference experiments: whether one has endpoint "${endpoint}"`,
    () => experimentOn(aws, endpoint, session.signal),
    notSeen(session),
  );
  if (found !== undefined && found.startsAt === undefined)
    return `Inference experiment "${found.name}" has the endpoint.`;
  const config = live?.EndpointConfigName;
  if (config === undefined || release.shadows.includes(config)) return undefined;
  const [shadow] = (await describeEndpointConfig(aws, config, session.signal))?.ShadowProductionVariants ?? [];
  return shadow === undefined
    ? undefined
    : `The endpoint carries a shadow that is not of this release: ${shadow.VariantName} with ${shadow.ModelName}.`;
}
