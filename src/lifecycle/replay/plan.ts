import { AwsProblem } from '../../aws/errors.ts';
import { describeEndpoint, describeEndpointConfig } from '../../aws/sagemaker.ts';
import { endpointNotFound } from '../../aws/endpoint-not-found.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import { shown, text } from '../../base/text.ts';
import { HOUR, SECOND } from '../../base/units.ts';
import { capacityOf, countIn } from '../../guard/capacity.ts';
import { pricesOf } from '../prices.ts';
import type { Session } from '../session.ts';
import type { Recording, RecordingFacts } from './recording.ts';
import type { Shot } from './send.ts';
import type { Consent, ReplayPlan, TargetSpec } from './planned.ts';
import { unsafeRequests } from './target.ts';

/**
 * How fast requests are sent.
 *
 * - `recorded`: with the recorded times between them, so many times as fast
 * - `rate`: so many a second, evenly
 * - `max`: the next as soon as one of those under way has ended (closed loop): no latency under load comes of it
 */
export type Pace = { kind: 'recorded'; factor: number } | { kind: 'rate'; perSecond: number } | { kind: 'max' };

/** `1x`, `50/s`, `max` */
export function paceWords(pace: Pace): string {
  return pace.kind === 'recorded' ? `${pace.factor}x` : pace.kind === 'rate' ? `${pace.perSecond}/s` : 'max';
}

/**
 * When each request is due.
 * @param count of the first so many
 * @throws Problem (usage) where recorded times are asked for and some are missing
 */
export function shotsOf(
  recording: Recording,
  pace: Pace,
  count: number,
): { shots: Iterable<Shot>; ms: number | undefined } {
  const { span, requests } = recording.facts;
  const n = Math.min(count, requests);
  if (pace.kind === 'recorded') {
    if (span === undefined)
      throw usageError(
        'The recording does not say when all of its requests were made, so that they have no recorded speed.',
        'Say how fast they are to be sent: --rate 50/s, or --speed max.',
      );
    const due = (i: number) => (recording.at(i) - span.from) / pace.factor;
    return { shots: shots(n, due), ms: n === 0 ? 0 : due(n - 1) };
  }
  if (pace.kind === 'max') return { shots: shots(n, () => undefined), ms: undefined };
  const due = (i: number) => (i * SECOND) / pace.perSecond;
  return { shots: shots(n, due), ms: n === 0 ? 0 : due(n - 1) };
}

function* shots(n: number, due: (i: number) => number | undefined): Generator<Shot> {
  for (let request = 0; request < n; request += 1) yield { request, due: due(request) };
}

/** What of a plan needs consent of its own, each by a flag. */
export function consentFor(plan: Pick<ReplayPlan, 'unsafe' | 'credentials' | 'load'>): Consent[] {
  return [
    ...(plan.unsafe > 0 ? (['unsafe'] as const) : []),
    ...(plan.credentials ? (['credentials'] as const) : []),
    ...(plan.load === undefined ? [] : (['load'] as const)),
  ];
}

/** Requests to a server that may change something; an endpoint of SageMaker answers, and nothing else. */
export function unsafeOn(spec: TargetSpec, facts: Pick<RecordingFacts, 'methods'>): number {
  return spec.kind === 'sagemaker' ? 0 : unsafeRequests(facts);
}

/**
 * Looks at the endpoint.
 * @returns `unseen` where these credentials may not look: who may invoke need not be able to
 * @throws Problem (cannot-run) where there is none, or one with a shadow; (usage) where it has no such variant
 */
export async function lookAtTarget(session: Session, spec: TargetSpec): Promise<ReplayPlan['endpoint']> {
  if (spec.kind === 'http') return undefined;
  const aws = await session.aws();
  try {
    const live = await describeEndpoint(aws, spec.endpoint, session.signal);
    if (live === undefined) throw endpointNotFound(aws.target, spec.endpoint);
    const variants = live.ProductionVariants ?? [];
    if (spec.variant !== undefined && !variants.some(({ VariantName }) => VariantName === spec.variant))
      throw usageError(
        `Endpoint "${spec.endpoint}" has no production variant "${spec.variant}".`,
        `It has ${variants.map(({ VariantName }) => VariantName).join(', ')}. A shadow variant gets copies alone, and cannot be asked.`,
      );
    const [shadow] = live.ShadowProductionVariants ?? [];
    // Its captures and metrics would hold them like those of callers, and a promotion must not rest on them.
    if (shadow !== undefined)
      throw environmentError(
        `Endpoint "${spec.endpoint}" has a shadow (${shadow.VariantName}), which would get copies of the requests: report and promote could not tell them from live ones.`,
        text`Send them to another endpoint; or end the shadow first: ${shown('keep', { endpoint: spec.endpoint })}`,
      );
    const config =
      live.EndpointConfigName === undefined
        ? undefined
        : await describeEndpointConfig(aws, live.EndpointConfigName, session.signal);
    const typeOf = (name: string | undefined) =>
      config?.ProductionVariants?.find(({ VariantName }) => VariantName === name)?.InstanceType;
    const asked = variants.filter(({ VariantName }) => spec.variant === undefined || VariantName === spec.variant);
    const capacity = capacityOf([
      {
        config: {
          ProductionVariants: config?.ProductionVariants?.filter(({ VariantName }) =>
            asked.some((one) => one.VariantName === VariantName),
          ),
        },
        scaled: countIn(live),
      },
    ]);
    return {
      status: live.EndpointStatus ?? 'unknown',
      variants: asked.map(({ VariantName = '', DesiredInstanceCount, CurrentInstanceCount, CurrentWeight }) => ({
        variant: VariantName,
        instanceType: typeOf(VariantName),
        instances: CurrentInstanceCount ?? DesiredInstanceCount,
        weight: CurrentWeight ?? 0,
      })),
      capacity,
      prices: await pricesOf(session, capacity),
      captures: live.DataCaptureConfig?.EnableCapture === true,
    };
  } catch (error) {
    if (error instanceof AwsProblem && error.denied) return 'unseen';
    throw error;
  }
}

/** What the instances that answer cost while requests are sent, whether or not they are: US dollars; undefined where not known. */
export function costOf(hourly: number | undefined, ms: number | undefined): number | undefined {
  return hourly === undefined || ms === undefined ? undefined : (hourly * ms) / HOUR;
}
