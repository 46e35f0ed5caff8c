import { judgedError } from '../../analysis/judge/loss.ts';
import type { Gate } from '../../analysis/judge/verdict.ts';
import type { Comparator } from '../../analysis/compare/comparator/compare.ts';
import type { Predictions } from '../../analysis/predictions.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import type { Problem } from '../../base/errors.ts';
import { milliseconds, percent } from '../../base/units.ts';
import { hourlyCost } from '../../guard/prices.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import { productionOf, readLive } from '../../resources/live.ts';
import type { Report } from '../../report/report.ts';
import { trackedResource } from '../../state/replay.ts';
import type { Release } from '../../state/releases.ts';
import type { Judgement } from '../judge.ts';
import type { LabelSource } from '../labels.ts';
import { lookAtShadow } from '../promote.ts';
import { type LockedEndpoint, type Session } from '../session.ts';
import { pricesOf } from '../prices.ts';
import { attachShadowOn } from '../shadow/attach.ts';
import { detachShadowOn } from '../shadow/detach.ts';
import { resampleShadowOn } from '../shadow/resample.ts';
import type { Evidence } from './machine.ts';
import type { SideBySide } from './note.ts';
import type { ReleaseSettings } from './settings.ts';
import { candidateOf } from './source.ts';
import { redactedVerdict } from './redacted-verdict.ts';

/** How a release is judged. */
export interface ReleaseJudging {
  policy: Policy;
  policyFrom: string;
  /** Read anew at each look. */
  labels: LabelSource | undefined;
  /** The policy's own, where it may run. */
  comparator: Comparator | undefined;
  /** Of a batch: where what the business decided lies, where that stands on production's side. */
  decisions?: LabelSource | undefined;
}

/** What a look came to. */
export interface EvidenceLook {
  evidence: Evidence;
  judgement: Judgement;
  sides: readonly SideBySide[];
  /** Undefined where nothing could be compared. */
  report?: Report | undefined;
}

/** What was done for evidence to come. */
export interface Gathered {
  /** Days that were run, with the rows that were delivered and those that were judged. */
  days: { day: string; rows: number; judged: number }[];
  /** Days of which nothing has come. */
  missing: Problem[];
  /** Days that could not be run, with what tells the settings from others. */
  failed: { day: string; settings: string; problem: Problem }[];
}

/** Names that were chosen for what will run. */
interface Announced {
  model: string;
  config: string;
}

/**
 * Where a release's evidence comes from: SageMaker's shadow, or a batch over recorded inputs.
 * What attaches and detaches returns as soon as AWS has accepted it: a later look tells how it ended.
 */
export interface EvidencePort {
  /**
   * Lets the candidate see this step's share of the requests.
   * @param announce writes down what is about to happen, before anything does
   */
  attach(
    on: LockedEndpoint,
    release: Release,
    step: { step: number; again: boolean },
    announce: (run: JournaledRun, names: Announced) => Promise<void>,
  ): Promise<void>;
  /**
   * Does what is due for evidence to come, and returns: undefined where requests bring it by themselves.
   * @throws Problem where none can come
   */
  gather?: (release: Release, signal?: AbortSignal) => Promise<Gathered>;
  /** @param signal ends the look, where it is another than the session's */
  look(release: Release, signal?: AbortSignal): Promise<EvidenceLook>;
  detach(on: LockedEndpoint, announce: (run: JournaledRun) => Promise<void>): Promise<void>;
  /**
   * What it costs while it runs, in words; undefined where that is not known.
   * @param release undefined: one that would begin now
   */
  cost(
    on: Pick<LockedEndpoint, 'aws' | 'endpoint' | 'session'>,
    release: Release | undefined,
  ): Promise<string | undefined>;
  /** Ends what still runs for a release that ends; undefined where all of it was on the endpoint. */
  close?: (release: Release) => Promise<void>;
}

const VARIANT = 'shadow';

/** The evidence of a shadow variant of SageMaker's, beside production on the endpoint itself. */
export function shadowEvidence(
  session: Session,
  endpoint: string,
  { settings, judging }: { settings: ReleaseSettings; judging: ReleaseJudging },
): EvidencePort {
  return {
    async attach(on, release, { step, again }, announce) {
      const sample = release.begun.terms.sampling[step] ?? 1;
      const kept = again && (await stillFits(on, release.config)) ? release.config : undefined;
      const model = release.model ?? '';
      if (step > 0) {
        await resampleShadowOn(on, { sample, configName: kept }, (run, config) => announce(run, { model, config }));
        return;
      }
      const candidate = candidateOf(release, settings);
      const named = candidate.model === undefined && again && release.model !== undefined;
      await attachShadowOn(
        on,
        {
          endpoint,
          candidate: { ...candidate, configName: kept, ...(named && { modelName: release.model }) },
          sample,
          variantName: VARIANT,
          instanceType: settings.instanceType,
          instances: settings.instances,
          adopt: true,
          wait: false,
        },
        announce,
      );
    },
    async look(release, signal = session.signal) {
      const { report, judgement } = await lookAtShadow(
        { ...session, signal },
        endpoint,
        { from: undefined, ...judging },
        release.config,
      );
      const told = redactedVerdict(report, judgement, settings.report === 'full');
      return {
        evidence: evidenceOf(told.gates, told.judgement),
        judgement: told.judgement,
        sides: sidesOf(report),
        report,
      };
    },
    async detach(on, announce) {
      const options = { endpoint, configName: undefined, plan: false, wait: false };
      await detachShadowOn(on, options, 'release', announce);
    },
    async cost({ aws }) {
      const live = await readLive(aws, endpoint, session.signal, () => undefined);
      if (live?.config === undefined) return undefined;
      const { variant, instances } = productionOf(live);
      const instanceType = settings.instanceType ?? variant.InstanceType;
      if (instanceType === undefined) return undefined;
      const fleet = { instanceType, count: settings.instances ?? instances ?? 1 };
      return hourlyCost(await pricesOf(session, [fleet]), [fleet]);
    },
  };
}

/** A config that was announced, perhaps made, and never run: can the endpoint as it is now still be told to run it? */
export async function stillFits(on: LockedEndpoint, config: string | undefined): Promise<boolean> {
  if (config === undefined) return false;
  const made = trackedResource(on.state(), { kind: 'endpoint-config', name: config });
  if (made?.state !== 'exists') return true;
  const live = await readLive(on.aws, on.endpoint, on.session.signal);
  if (live?.config === undefined) return false;
  const [was] = Array.isArray(made.input.ProductionVariants) ? (made.input.ProductionVariants as unknown[]) : [];
  const { instances } = productionOf(live);
  return (
    typeof was === 'object' && was !== null && 'InitialInstanceCount' in was && was.InitialInstanceCount === instances
  );
}

/** A verdict as the machine takes it; where there is nothing to compare yet, nothing is decided. Pure. */
export function evidenceOf(gates: readonly Gate[], judgement: Judgement): Evidence {
  const { summary, reasons, accepted } = judgement;
  const outcome = judgement.outcome === 'nothing' ? 'inconclusive' : judgement.outcome;
  const errors = gates.filter(({ id }) => id === 'errors');
  return {
    outcome,
    passes: outcome === 'pass' || (outcome === 'inconclusive' && accepted),
    errors: errors[0]?.outcome ?? 'inconclusive',
    summary,
    reasons,
    open: gates.filter(staysOpen).map(({ id, reason, needs, missing }) => ({
      id,
      reason,
      needs,
      minutes: missing?.minutes,
    })),
  };
}

function staysOpen({ gating, outcome }: Pick<Gate, 'gating' | 'outcome'>): boolean {
  return gating && outcome === 'inconclusive';
}

/** Production and candidate side by side. Pure. */
function sidesOf({ observations, summaries, policy }: Report): SideBySide[] {
  const { production, shadow } = summaries;
  if (shadow === undefined) return [];
  const { predictions } = observations;
  const labels = predictions?.labels;
  const held = predictions === undefined ? [] : withLabels(predictions, policy);
  return [
    side('requests', String(production.invocations), String(shadow.invocations)),
    ...held,
    ...(held.length === 0 && labels !== undefined && labels.rows > 0
      ? [side('same answers', '', percent(labels.agree / labels.rows))]
      : []),
    side('failed requests', percent(production.errorRate), percent(shadow.errorRate)),
    side('latency, mean', milliseconds(production.latency.mean), milliseconds(shadow.latency.mean)),
    side('latency, p99', milliseconds(production.latency.p99), milliseconds(shadow.latency.p99)),
  ];
}

function side(measure: string, production: string, candidate: string): SideBySide {
  return { measure, production, candidate };
}

/** Both held against labels: what the report shows, and the verdict rests on; none without labels. Pure. */
export function withLabels(predictions: Predictions, policy: Policy): SideBySide[] {
  const { truth } = predictions;
  if (truth === undefined || truth.rows === 0) return [];
  const { labels: right, rows } = truth;
  const errors = judgedError(predictions, truth, policy);
  return [
    ...(right === undefined ? [] : [side('accuracy', percent(right.production / rows), percent(right.shadow / rows))]),
    ...(errors === undefined
      ? []
      : [side(errors.name, errors.production.toPrecision(4), errors.shadow.toPrecision(4))]),
  ];
}
