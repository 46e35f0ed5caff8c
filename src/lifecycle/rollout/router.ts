import { AwsProblem, troubleOf } from '../../aws/errors.ts';
import { describeEndpoint, describeEndpointConfig } from '../../aws/sagemaker.ts';
import { environmentError } from '../../base/errors.ts';
import { type JournaledRun, shift } from '../../resources/apply.ts';
import { deriveConfig } from '../../resources/derive-config.ts';
import type { Step } from '../../resources/steps.ts';
import type { Rollout } from '../../state/rollouts.ts';
import { leaveOutExisting } from '../candidate.ts';
import { awaitConfig, readContainerLines } from '../plain-update.ts';
import { applyStep, applySteps, type LockedEndpoint, whenSettled } from '../session.ts';

/** How requests are divided. */
export interface Shares {
  /** The candidate's share of the requests, 0 to 1. */
  candidate: number;
  /** The candidate has become production, or is about to: there is nothing left to divide. */
  production: boolean;
}

/**
 * What divides the requests between production and a candidate. Three verbs are all that a rollout asks for; each is
 * done when the shares hold, and may be repeated.
 */
export interface Router {
  /** Undefined where the candidate is not attached. */
  shares(): Promise<Shares | undefined>;
  /**
   * Gives the candidate this share and production the rest; 1 makes it the new production.
   * @param step its number, for a router whose steps are more than shares
   * @returns `refused` where production serves as before
   */
  setShares(share: number, step: number): Promise<'set' | 'refused'>;
  /** All requests to production at once; then the candidate is taken away. */
  rollBack(): Promise<void>;
}

/** AWS keeps weights as 32-bit numbers. */
const SAME_SHARE = 1e-6;

const KEEPS_COUNTS = {
  RetainAllVariantProperties: true,
  ExcludeRetainedVariantProperties: [{ VariantPropertyType: 'DesiredWeight' as const }],
};

/** Two variants of a SageMaker endpoint: shares are set by UpdateEndpointWeightsAndCapacities. */
export function variantRouter(on: LockedEndpoint, run: JournaledRun, rollout: Rollout): Router {
  const { session, aws, endpoint } = on;
  const describe = () => describeEndpoint(aws, endpoint, session.signal);

  /** Tells the endpoint to run a config and waits for how that ends. */
  async function runConfig(config: string, since?: Date, keepsCounts = false): Promise<boolean> {
    const began = session.clock.now();
    await applyStep(session, run, {
      action: 'update',
      kind: 'endpoint',
      name: endpoint,
      input: { EndpointName: endpoint, EndpointConfigName: config, ...(keepsCounts && KEEPS_COUNTS) },
    });
    const isRunning = (await awaitConfig(session, endpoint, config, since)).kind === 'running';
    if (!isRunning) await readContainerLines(on, began);
    return isRunning;
  }

  /** Production alone, as before; under another name where AWS does not take a config that ran before. */
  async function runPrevious(): Promise<boolean> {
    try {
      return await runConfig(rollout.previous, undefined, true);
    } catch (error) {
      const refused =
        error instanceof AwsProblem && error.code === 'ValidationException' && error.provesNothingHappened;
      const before = refused ? await describeEndpointConfig(aws, rollout.previous, session.signal) : undefined;
      if (before === undefined || !refused) throw error;
      const name = `${rollout.config.slice(0, 57)}-back`;
      session.emit({ kind: 'config-refused', config: rollout.previous, otherwise: name, words: error.words });
      const production = before.ProductionVariants ?? [];
      const input = deriveConfig(before, { name, production, tags: [...(rollout.finalInput.Tags ?? [])] });
      const create: Step = { action: 'create', kind: 'endpoint-config', name, input };
      await applySteps(session, run, await leaveOutExisting(on, [create]));
      return runConfig(name, undefined, true);
    }
  }

  /** The endpoint runs both variants, or is brought to. `true` too where all steps are done already. */
  async function attach(): Promise<boolean> {
    const live = await describe();
    // An interrupted run may have asked for it already.
    if (live?.EndpointStatus === 'Updating') {
      const settled = await awaitConfig(session, endpoint, rollout.config);
      return settled.kind !== 'gone' && settled.kind !== 'failed' && isOurs(settled.endpoint.EndpointConfigName);
    }
    if (isOurs(live?.EndpointConfigName)) return true;
    if (live?.EndpointConfigName !== rollout.previous) {
      throw environmentError(
        `${endpoint} runs ${live?.EndpointConfigName ?? 'nothing'}, which does not belong to this rollout.`,
        'Someone else updated it. End your rollout with --cancel.',
      );
    }
    return runConfig(rollout.config, live.LastModifiedTime);
  }

  const isOurs = (config: string | undefined) => config === rollout.config || config === rollout.final;

  async function divide(share: number): Promise<void> {
    if (isSame(await candidateWeight(), share)) return;
    const weights = { [rollout.production]: 1 - share, [rollout.candidate]: share };
    await whenSettled(session, aws, { endpoint }, () => shift(run, endpoint, { weights }));
    await awaitConfig(session, endpoint, rollout.config);
  }

  /**
   * Autoscaling takes instances away from production as its requests go to the candidate: what is left could not carry them
   * all. Where the instances do not come, the requests return all the same: the candidate is not to be trusted.
   */
  async function raiseProduction(): Promise<void> {
    const wanted = rollout.finalInput.ProductionVariants?.[0]?.InitialInstanceCount;
    const has = (await describe())?.ProductionVariants?.find((one) => one.VariantName === rollout.production);
    if (wanted === undefined || has?.DesiredInstanceCount === undefined || has.DesiredInstanceCount >= wanted) return;
    const problem = await troubleOf(async () => {
      const counts = { [rollout.production]: wanted };
      await whenSettled(session, aws, { endpoint }, () => shift(run, endpoint, { counts }));
      await awaitConfig(session, endpoint, rollout.config);
    });
    session.emit({ kind: 'production-raised', rollout, from: has.DesiredInstanceCount, to: wanted, problem });
  }

  async function candidateWeight(): Promise<number | undefined> {
    const live = await describe();
    return live?.ProductionVariants?.find((variant) => variant.VariantName === rollout.candidate)?.DesiredWeight;
  }

  /** One variant remains, under production's name, with the new model. */
  async function replaceProduction(): Promise<void> {
    await applySteps(
      session,
      run,
      await leaveOutExisting(on, [
        { action: 'create', kind: 'endpoint-config', name: rollout.final, input: rollout.finalInput },
      ]),
    );
    if (await runConfig(rollout.final)) return;
    throw environmentError(
      `${endpoint} did not start to run ${rollout.final}; ${rollout.model} serves all requests as the variant ${rollout.candidate}.`,
      'Try again with --resume.',
    );
  }

  return {
    async shares() {
      const live = await describe();
      const target = live?.PendingDeploymentSummary?.EndpointConfigName ?? live?.EndpointConfigName;
      if (target === rollout.final) return { candidate: 1, production: true };
      if (live?.EndpointConfigName !== rollout.config) return undefined;
      return { candidate: (await candidateWeight()) ?? 0, production: false };
    },
    async setShares(share) {
      if (!(await attach())) return 'refused';
      if ((await describe())?.EndpointConfigName === rollout.final) return 'set';
      await divide(share);
      if (share === 1) await replaceProduction();
      return 'set';
    },
    async rollBack() {
      // In the middle of an update nothing can be changed, and nobody knows what it will run.
      if ((await describe())?.EndpointStatus === 'Updating') await awaitConfig(session, endpoint, rollout.config);
      const runs = (await describe())?.EndpointConfigName;
      if (!isOurs(runs)) return;
      if (runs === rollout.config) {
        await raiseProduction();
        await divide(0);
        session.emit({ kind: 'rollout-returned', rollout, at: session.clock.now() });
      }
      // The config may say fewer instances than production had been scaled to.
      if (await runPrevious()) return;
      throw environmentError(
        `${endpoint} did not return to ${rollout.previous}; ${runs === rollout.config ? 'production has all requests' : `it runs ${runs}`}.`,
        'Try again with --cancel.',
      );
    },
  };
}

function isSame(weight: number | undefined, share: number): boolean {
  return weight !== undefined && Math.abs(weight - share) < SAME_SHARE;
}
