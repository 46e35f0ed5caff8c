import { type ScalableTarget, scalableTargets } from '../aws/autoscaling.ts';
import { describeEndpointConfig } from '../aws/sagemaker.ts';
import { environmentError } from '../base/errors.ts';
import { capacityDuring, capacityOf, countIn, type Fleets } from '../guard/capacity.ts';
import { turnsOnObservability } from '../guard/observability.ts';
import { deregisterAdvice, rangeWords } from '../guard/scaling.ts';
import { lookAside, type Unseen } from '../aws/unseen.ts';
import type { Aws } from '../aws/clients.ts';
import type { Live } from '../resources/live.ts';
import type { Step } from '../resources/steps.ts';
import { unknownTypes } from './instance-types.ts';
import type { PlanNote } from './plans.ts';
import { restorable } from './restorable.ts';
import { type EndpointSession } from './session.ts';
import { pricesOf } from './prices.ts';
import type { EndpointFacts } from '../guard/doctor/endpoint.ts';

/*
 * What stands of an endpoint that an update has to reckon with: targets of autoscaling, instances that quotas count, and
 * whether what runs now could be started again.
 */

/**
 * The endpoint's variants that scale by themselves; undefined where that cannot be looked at: no update needs to know.
 * @param unseen is told then
 */
export async function scalingOf(
  aws: Aws,
  { name, endpoint }: Pick<Live, 'name' | 'endpoint'>,
  unseen: (one: Unseen) => void,
  signal?: AbortSignal,
): Promise<ScalableTarget[] | undefined> {
  const variants = [...(endpoint.ProductionVariants ?? []), ...(endpoint.ShadowProductionVariants ?? [])];
  const names = variants.flatMap(({ VariantName }) => (VariantName === undefined ? [] : [VariantName]));
  const what = `whether endpoint ${name} scales automatically`;
  const needs = 'application-autoscaling:DescribeScalableTargets';
  return lookAside(
    { aws, service: 'APPLICATION_AUTO_SCALING', what, needs },
    () => scalableTargets(aws, name, names, signal),
    unseen,
  );
}

/**
 * Refuses what SageMaker refuses: "If the update would change the instance type for any model that is a target for auto
 * scaling, the update fails" (SageMaker Developer Guide, "Update endpoints that use automatic scaling").
 * @throws Problem (cannot-run)
 */
export function refuseScaledType(
  endpoint: string,
  targets: readonly ScalableTarget[] | undefined,
  now: Fleets | undefined,
  next: Fleets,
): void {
  for (const target of targets ?? []) {
    const typeIn = (config: Fleets | undefined) =>
      config?.ProductionVariants?.find(({ VariantName }) => VariantName === target.variant)?.InstanceType;
    const [before, after] = [typeIn(now), typeIn(next)];
    if (before === undefined || after === undefined || before === after) continue;
    throw environmentError(
      `The variant "${target.variant}" of endpoint "${endpoint}" scales automatically (${rangeWords(target)}), and SageMaker refuses to update it from ${before} to ${after}.`,
      deregisterAdvice(endpoint, target.variant),
    );
  }
}

/**
 * What is worth knowing of any update all at once: instances, autoscaling, the way back.
 * @param more.registered shadows that the update's own command will let scale
 * @param more.steps what brings the endpoint to its next config
 */
export async function standingNotes(
  on: EndpointSession,
  live: Live,
  next: Fleets,
  targets: readonly ScalableTarget[] | undefined,
  { registered = [], steps }: { registered?: readonly string[]; steps: readonly Step[] },
): Promise<PlanNote[]> {
  const { session } = on;
  const notes: PlanNote[] = unknownTypes(next, live.config);
  const capacity = capacityDuring(live, next);
  if (capacity.length > 0) notes.push({ kind: 'capacity', capacity });
  const scaledTo = keepsCounts(steps) ? countIn(live.endpoint) : undefined;
  const after = capacityOf([{ config: next, scaled: scaledTo }]);
  if (after.length > 0)
    notes.push({
      kind: 'cost',
      cost: { prices: await pricesOf(session, capacity, after), during: capacity, after, seconds: undefined },
    });
  const scaled = [...registered, ...(targets ?? []).map(({ variant }) => variant)];
  const shadows = (next.ShadowProductionVariants ?? [])
    .map(({ VariantName = '' }) => VariantName)
    .filter((shadow) => !scaled.includes(shadow));
  for (const target of targets ?? []) {
    if (next.ProductionVariants?.some(({ VariantName }) => VariantName === target.variant) !== true) continue;
    notes.push({ kind: 'scales', target, shadows });
  }
  if (turnsOnObservability(live.config, session.clock.now())) notes.push({ kind: 'observability' });
  return [...notes, ...(await wayBackNotes(on, live))];
}

/** Where what runs now could not be started again, or would come back as something else. */
export async function wayBackNotes(on: EndpointSession, live: Live): Promise<PlanNote[]> {
  const { aws, session } = on;
  if (live.config === undefined) return [];
  const unseen = (one: Unseen) => session.emit({ kind: 'not-seen', unseen: one });
  const back = { state: on.state(), now: live.endpoint };
  const { lost, changed } = await restorable(aws, live.config, back, unseen, session.signal);
  return [
    ...(lost.length > 0 ? [{ kind: 'no-way-back' as const, lost }] : []),
    ...(changed.length > 0 ? [{ kind: 'changed-since' as const, changed, of: 'what runs now' as const }] : []),
  ];
}

/** Whether variants keep the numbers of instances that they are scaled to. */
function keepsCounts(steps: readonly Step[]): boolean {
  const update = steps.find((step) => step.action === 'update');
  const { RetainAllVariantProperties: keeps, ExcludeRetainedVariantProperties: but = [] } = update?.input ?? {};
  return keeps === true && !but.some((one) => one.VariantPropertyType === 'DesiredInstanceCount');
}

/** The config that steps bring an endpoint to: as they create it, else as it stands. */
export async function nextConfig(
  aws: Aws,
  config: string,
  steps: readonly { action: string; kind: string; name: string; input?: object }[],
  signal?: AbortSignal,
): Promise<Fleets | undefined> {
  const made = steps.find((step) => step.kind === 'endpoint-config' && step.name === config && 'input' in step);
  return made?.input ?? describeEndpointConfig(aws, config, signal);
}

/** What is known of an endpoint and what it runs, for the checks of doctor and of an update. @param note is told what could not be seen */
export async function factsOfLive(
  { aws, session, state, endpoint: name }: EndpointSession,
  live: Live,
  note: (one: Unseen) => void,
): Promise<Omit<EndpointFacts, 'requests'>> {
  const { endpoint, config, model, unseen } = live;
  const parts = await (config && restorable(aws, config, { state: state(), now: endpoint }, note, session.signal));
  const prices = await pricesOf(session, capacityOf([{ config: config ?? {} }]));
  const { lost, changed } = parts ?? {};
  return { name, region: aws.target.region, prices, endpoint, config, model, unseen, lost, changed };
}
