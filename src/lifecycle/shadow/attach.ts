import type { Capacity } from '../../guard/capacity.ts';
import type { PriceList } from '../../guard/prices.ts';
import { endpointNotFound } from '../../aws/endpoint-not-found.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { bucketExists } from '../../aws/s3.ts';
import { s3Place } from '../../aws/s3-uri.ts';
import { orUnseen } from '../../aws/unseen.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import { defaultBucket, ourPrefix } from '../../resources/artifact/candidate.ts';
import { type Live, productionOf, readLive, requireOurs, requireSettled } from '../../resources/live.ts';
import { checkName } from '../../resources/naming.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import type { Step } from '../../resources/steps.ts';
import { calibrationOf } from '../../state/calibration.ts';
import {
  type CandidateNames,
  checkCandidateNames,
  examineCandidate,
  leaveOutExisting,
  nameCandidate,
  namesModel,
  planModel,
  variantSettings,
} from '../candidate.ts';
import { type PlainUpdateResult, runPlainUpdate } from '../plain-update.ts';
import type { PlanNote } from '../plans.ts';
import { adopts, type EndpointSession, onEndpoint, openRun, type Session } from '../session.ts';
import { lookAtLiveArtifact } from '../live-artifact.ts';
import { pricesOf } from '../prices.ts';
import { autoscaleShadow, likeProduction, scalingNote } from './autoscale.ts';
import { attachedAlready } from './attached.ts';
import { calibrate } from './calibrate.ts';
import { type DecidedShadow, SHADOW_DEFAULTS, type ShadowOptions, type ShadowRequest } from './options.ts';
import { type DetachesFirst, detachOverdue, requireAffordable } from './time-box.ts';
import { notInherited, planShadow, requireShadowable } from './plan.ts';

/**
 * Attaches a candidate as shadow variant to a live endpoint, after a calibration where one is asked for. Where that
 * does not come up, its result is returned. A candidate that is attached already leaves nothing to do.
 */
export async function attachShadow(
  session: Session,
  request: ShadowRequest,
): Promise<PlainUpdateResult | DetachesFirst> {
  const { endpoint, plan = false } = request;
  const options = { ...SHADOW_DEFAULTS, ...request };
  checkNames(options);
  const first = await detachOverdue(session, { endpoint, plan });
  if (first !== undefined) return first;
  return onEndpoint(
    session,
    { endpoint, command: 'shadow', readOnly: plan },
    async (on) => (await attachedAlready(on, options)) ?? attachShadowOn(on, request),
  );
}

/**
 * The same on an endpoint that is open.
 * @param announce may write facts before the first step, of the names that were chosen
 */
export async function attachShadowOn(
  on: EndpointSession,
  request: ShadowRequest,
  announce: (run: JournaledRun, names: Pick<CandidateNames, 'model' | 'config'>) => Promise<void> = async () =>
    undefined,
): Promise<PlainUpdateResult> {
  const options = { ...SHADOW_DEFAULTS, ...request };
  checkNames(options);
  const { aws, journal, session, endpoint } = on;
  const found = await readLive(aws, endpoint, session.signal);
  if (found === undefined) throw endpointNotFound(aws.target, endpoint);
  const adopt = adopts(found, on.state(), options.adopt);
  if (!adopt) requireOurs(found, on.state(), journal.path, 'adopt');
  requireSettled(found, on.state());
  const standing = calibrationOf(on.state(), found.endpoint.EndpointConfigName);
  requireShadowable(found, { ...options, calibrates: options.calibrate !== undefined }, standing);
  const fleet = shadowFleet(options, found);
  const prices = await pricesOf(session, fleet);
  // Before it is calibrated: who says what it may cost waits for no refusal.
  const box = boxOf(options, fleet, prices);
  const first = await decide(on, options, found);
  const calibrated =
    on.locked && options.calibrate !== undefined
      ? await calibrate(on, options, { wanted: options.calibrate, live: found, adopt, first, standing })
      : undefined;
  if (calibrated?.kind === 'not-attached') return calibrated.result;
  const live = calibrated?.live ?? found;
  const decided = calibrated === undefined ? first : await decide(on, options, live);
  const { names, steps } = decided;
  const artifact = await lookAtLiveArtifact(aws, live, session.signal);
  const before = standing?.before ?? found.endpoint.EndpointConfigName;
  const until = box && session.clock.now() + box.ms;
  const value = {
    config: names.config,
    before,
    sample: options.sample,
    variant: options.variantName,
    ...(until !== undefined && { until }),
  };
  const attached = runPlainUpdate(
    on,
    {
      command: 'shadow',
      run: names.own.run,
      live,
      config: names.config,
      steps,
      adopt: adopt && calibrated === undefined,
      notes: [
        ...(artifact?.kind === 'unreadable' ? [{ kind: 'production-unreadable', words: artifact.words } as const] : []),
        ...notesOf(options, decided, live, { begun: standing !== undefined, prices, box }),
      ],
      // What comes after the calibration was approved before it.
      approved: calibrated !== undefined,
    },
    options,
    async (run) => {
      await announce(run, names);
      await journal.append({ type: 'fact', run: run.id, name: 'shadow', value });
    },
  );
  const result = await attached.catch((error: unknown) => {
    throw aboutCapture(error);
  });
  const { scaling } = decided;
  if (on.locked && scaling !== undefined && result.kind === 'done' && result.settled?.kind === 'running')
    await autoscaleShadow(session, await openRun(on, 'shadow: autoscale'), options, scaling.scaling);
  return result;
}

/** How long the shadow is to be attached, and what is billed for it meanwhile. */
interface ShadowBox {
  ms: number;
  fleet: readonly Capacity[];
}

/** The shadow's instances; none where production has no instance type. */
function shadowFleet({ instanceType, instances }: ShadowOptions, live: Live): Capacity[] {
  const production = productionOf(live);
  const type = instanceType ?? production.variant.InstanceType;
  return type === undefined ? [] : [{ instanceType: type, count: instances ?? production.instances ?? 1 }];
}

/** @throws Problem (usage) where it may cost more than was said, or nobody knows what it costs */
function boxOf(
  { lasts, maxCost }: ShadowOptions,
  fleet: readonly Capacity[],
  prices: PriceList,
): ShadowBox | undefined {
  if (lasts === undefined) return undefined;
  if (maxCost !== undefined) requireAffordable(prices, fleet, { ms: lasts, maxCost });
  return { ms: lasts, fleet };
}

function notesOf(
  { plan, calibrate, instanceType, instances, variantName }: ShadowOptions,
  { destination, steps, scaling }: DecidedShadow,
  live: Live,
  { begun, prices, box }: { begun: boolean; prices: PriceList; box: ShadowBox | undefined },
): PlanNote[] {
  const production = productionOf(live);
  const left = notInherited(production.variant, instanceType);
  const type = instanceType ?? production.variant.InstanceType;
  const own = production.instances ?? 1;
  const captures: PlanNote[] = [
    ...(type === undefined
      ? []
      : [{ kind: 'shadow-cost', instanceType: type, count: instances ?? own, prices } as const]),
    ...(box === undefined ? [] : [{ kind: 'time-box', ms: box.ms, prices, fleet: box.fleet } as const]),
    ...(own === 1 ? [{ kind: 'single-instance' } as const] : []),
    ...(destination === undefined
      ? []
      : [{ kind: 'captures', under: destination, roles: rolesOf(steps, live) } as const]),
    ...(left.length === 0 ? [] : [{ kind: 'not-inherited', settings: left } as const]),
    ...(scaling === undefined ? [] : [scalingNote(scaling, variantName)]),
  ];
  return plan && calibrate !== undefined
    ? [{ kind: 'calibrates-first', ms: calibrate.length, begun }, ...captures]
    : captures;
}

/** Data capture belongs to Model Monitor, which is closed to new customers: an account may be refused it. */
function aboutCapture(error: unknown): unknown {
  if (!(error instanceof AwsProblem) || !/data ?capture|model monitor/i.test(error.words)) return error;
  return environmentError(
    error.message,
    'The endpoint was not changed. If this account may not capture, shadow --no-capture attaches one without: errors and latency are compared then, but no predictions.',
    error,
  );
}

/** The roles that SageMaker writes captures with: those of both models. */
function rolesOf(steps: readonly Step[], live: Live): string[] {
  const made = steps.flatMap((step) =>
    step.action === 'create' && step.kind === 'model' ? [step.input.ExecutionRoleArn] : [],
  );
  return [...new Set([live.model?.ExecutionRoleArn, ...made])].filter((role) => role !== undefined);
}

function checkNames({ endpoint, variantName, candidate }: ShadowOptions): void {
  checkName('endpoint', endpoint, '--endpoint');
  checkName('variant', variantName, '--variant-name');
  checkCandidateNames(candidate);
  // Algorithm alone names no model.
  if (!namesModel({ ...candidate, algorithm: undefined }))
    throw usageError('No candidate was named.', 'Give --artifact, --model-package, or --model for an existing model.');
}

async function decide(on: EndpointSession, options: ShadowOptions, live: Live): Promise<DecidedShadow> {
  const { aws, account, endpoint, session } = on;
  const { candidate } = options;
  const names = await nameCandidate(on, candidate, { model: 'model', config: 'shadow-config' });
  const checked = await examineCandidate(session, candidate, live.model);
  const modelSteps = await planModel(on, candidate, names, checked, live.model);
  const destination = options.capture
    ? (options.captureTo ??
      live.config?.DataCaptureConfig?.DestinationS3Uri ??
      `${ourPrefix(aws.target.region, account, endpoint)}captures`)
    : undefined;
  const captureSteps = destination === undefined ? [] : await planCaptures(on, destination, modelSteps);
  const settings = { modelName: names.model, variant: variantSettings(candidate) };
  const steps = planShadow({ ...options, ...settings, names, modelSteps, destination, captureSteps }, live);
  const scaling = options.autoscale === undefined ? undefined : await likeProduction(on, options, live, names.own.run);
  return { names, steps: await leaveOutExisting(on, steps), captureSteps, destination, scaling };
}

/** The bucket for the captures, where it is the default one and missing; and the note that what will lie there is ours. */
async function planCaptures(
  { aws, account, endpoint, state, session }: EndpointSession,
  destination: string,
  before: readonly Step[],
): Promise<Step[]> {
  const place = s3Place(destination);
  if (place === undefined || place.key === '')
    throw usageError(
      `--capture-to: "${destination}" is not an S3 URI with a prefix.`,
      'Give one like s3://bucket/captures',
    );
  const steps: Step[] = [];
  const bucket = defaultBucket(aws.target.region, account);
  const planned = before.some((step) => step.kind === 's3-bucket' && step.name === place.bucket);
  // Whoever may not look at a bucket of another team can still have SageMaker write there.
  const there = await orUnseen(
    `whether bucket ${place.bucket}, which captures go to, exists`,
    () => bucketExists(aws, place.bucket),
    (unseen) => session.emit({ kind: 'not-seen', unseen }),
  );
  if (!planned && there === false) {
    if (place.bucket !== bucket)
      throw usageError(
        `--capture-to: there is no bucket "${place.bucket}".`,
        'Create it first, in the region of the endpoint.',
      );
    steps.push({ action: 'create', kind: 's3-bucket', name: bucket });
  }
  const prefix = `${ourPrefix(aws.target.region, account, endpoint)}captures/`;
  const known = state().resources.some(
    (tracked) => tracked.ref.kind === 's3-prefix' && tracked.ref.name === prefix && tracked.state === 'exists',
  );
  // Captures somewhere else lie where their owner wanted them: they are not ours to delete.
  if (`${destination}/`.startsWith(prefix) && !known) steps.push({ action: 'create', kind: 's3-prefix', name: prefix });
  return steps;
}
