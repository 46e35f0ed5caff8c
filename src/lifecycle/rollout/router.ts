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
  return new VariantRouter(on, run, rollout);
}

class VariantRouter implements Router {
  readonly #on: LockedEndpoint;
  readonly #run: JournaledRun;
  readonly #rollout: Rollout;

  constructor(on: LockedEndpoint, run: JournaledRun, rollout: Rollout) {
    this.#on = on;
    this.#run = run;
    this.#rollout = rollout;
  }

  async shares(): Promise<Shares | undefined> {
    const live = await this.#describe();
    const target = live?.PendingDeploymentSummary?.EndpointConfigName ?? live?.EndpointConfigName;
    if (target === this.#rollout.final) return { candidate: 1, production: true };
    if (live?.EndpointConfigName !== this.#rollout.config) return undefined;
    return { candidate: (await this.#candidateWeight()) ?? 0, production: false };
  }

  async setShares(share: number): Promise<'set' | 'refused'> {
    if (!(await this.#attach())) return 'refused';
    if ((await this.#describe())?.EndpointConfigName === this.#rollout.final) return 'set';
    await this.#divide(share);
    if (share === 1) await this.#replaceProduction();
    return 'set';
  }

  async rollBack(): Promise<void> {
    const { session, endpoint } = this.#on;
    const rollout = this.#rollout;
    // In the middle of an update nothing can be changed, and nobody knows what it will run.
    if ((await this.#describe())?.EndpointStatus === 'Updating') await awaitConfig(session, endpoint, rollout.config);
    const runs = (await this.#describe())?.EndpointConfigName;
    if (!this.#isOfRollout(runs)) return;
    if (runs === rollout.config) {
      await this.#raiseProduction();
      await this.#divide(0);
      session.emit({ kind: 'rollout-returned', rollout, at: session.clock.now() });
    }
    // The config may say fewer instances than production had been scaled to.
    if (await this.#runPrevious()) return;
    throw environmentError(
      `${endpoint} did not return to ${rollout.previous}; ${runs === rollout.config ? 'production has all requests' : `it runs ${runs}`}.`,
      'Try again with --cancel.',
    );
  }

  #describe() {
    const { session, aws, endpoint } = this.#on;
    return describeEndpoint(aws, endpoint, session.signal);
  }

  #isOfRollout(config: string | undefined): boolean {
    return config === this.#rollout.config || config === this.#rollout.final;
  }

  /** The endpoint runs both variants, or is brought to. `true` too where all steps are done already. */
  async #attach(): Promise<boolean> {
    const { session, endpoint } = this.#on;
    const { config, previous } = this.#rollout;
    const live = await this.#describe();
    // An interrupted run may have asked for it already.
    if (live?.EndpointStatus === 'Updating') {
      const settled = await awaitConfig(session, endpoint, config);
      return (
        settled.kind !== 'gone' && settled.kind !== 'failed' && this.#isOfRollout(settled.endpoint.EndpointConfigName)
      );
    }
    if (this.#isOfRollout(live?.EndpointConfigName)) return true;
    if (live?.EndpointConfigName !== previous) {
      throw environmentError(
        `${endpoint} runs ${live?.EndpointConfigName ?? 'nothing'}, which does not belong to this rollout.`,
        'Someone else updated it. End your rollout with --cancel.',
      );
    }
    return this.#runConfig(config, live.LastModifiedTime);
  }

  async #divide(share: number): Promise<void> {
    if (isSame(await this.#candidateWeight(), share)) return;
    const { production, candidate } = this.#rollout;
    await this.#shift({ weights: { [production]: 1 - share, [candidate]: share } });
  }

  /** Changes weights or counts of the variants, and waits until they hold. */
  async #shift(change: Parameters<typeof shift>[2]): Promise<void> {
    const { session, aws, endpoint } = this.#on;
    await whenSettled(session, aws, { endpoint }, () => shift(this.#run, endpoint, change));
    await awaitConfig(session, endpoint, this.#rollout.config);
  }

  /**
   * Autoscaling takes instances away from production as its requests go to the candidate: what is left could not carry them
   * all. Where the instances do not come, the requests return all the same: the candidate is not to be trusted.
   */
  async #raiseProduction(): Promise<void> {
    const rollout = this.#rollout;
    const needed = rollout.finalInput.ProductionVariants?.[0]?.InitialInstanceCount;
    const has = (await this.#describe())?.ProductionVariants?.find((one) => one.VariantName === rollout.production);
    if (needed === undefined || has?.DesiredInstanceCount === undefined || has.DesiredInstanceCount >= needed) return;
    const problem = await troubleOf(() => this.#shift({ counts: { [rollout.production]: needed } }));
    this.#on.session.emit({
      kind: 'production-raised',
      rollout,
      from: has.DesiredInstanceCount,
      to: needed,
      problem,
    });
  }

  async #candidateWeight(): Promise<number | undefined> {
    const live = await this.#describe();
    return live?.ProductionVariants?.find(({ VariantName }) => VariantName === this.#rollout.candidate)?.DesiredWeight;
  }

  /** One variant remains, under production's name, with the new model. */
  async #replaceProduction(): Promise<void> {
    const { final, finalInput, model, candidate } = this.#rollout;
    await this.#create({ action: 'create', kind: 'endpoint-config', name: final, input: finalInput });
    if (await this.#runConfig(final)) return;
    throw environmentError(
      `${this.#on.endpoint} did not start to run ${final}; ${model} serves all requests as the variant ${candidate}.`,
      'Try again with --resume.',
    );
  }

  /** Creates an endpoint config, unless an earlier run did. */
  async #create(step: Step): Promise<void> {
    await applySteps(this.#on.session, this.#run, await leaveOutExisting(this.#on, [step]));
  }

  /** Tells the endpoint to run a config and waits for how that ends. @returns whether it runs it */
  async #runConfig(config: string, since?: Date, keepsCounts = false): Promise<boolean> {
    const { session, endpoint } = this.#on;
    const began = session.clock.now();
    await applyStep(session, this.#run, {
      action: 'update',
      kind: 'endpoint',
      name: endpoint,
      input: { EndpointName: endpoint, EndpointConfigName: config, ...(keepsCounts && KEEPS_COUNTS) },
    });
    const isRunning = (await awaitConfig(session, endpoint, config, since)).kind === 'running';
    if (!isRunning) await readContainerLines(this.#on, began);
    return isRunning;
  }

  /** Production alone, as before; under another name where AWS does not take a config that ran before. */
  async #runPrevious(): Promise<boolean> {
    const { session, aws } = this.#on;
    const { previous, config, finalInput } = this.#rollout;
    try {
      return await this.#runConfig(previous, undefined, true);
    } catch (error) {
      const refused =
        error instanceof AwsProblem && error.code === 'ValidationException' && error.provesNothingHappened;
      const before = refused ? await describeEndpointConfig(aws, previous, session.signal) : undefined;
      if (before === undefined || !refused) throw error;
      const name = `${config.slice(0, 57)}-back`;
      session.emit({ kind: 'config-refused', config: previous, otherwise: name, words: error.words });
      const production = before.ProductionVariants ?? [];
      const input = deriveConfig(before, { name, production, tags: [...(finalInput.Tags ?? [])] });
      await this.#create({ action: 'create', kind: 'endpoint-config', name, input });
      return this.#runConfig(name, undefined, true);
    }
  }
}

function isSame(weight: number | undefined, share: number): boolean {
  return weight !== undefined && Math.abs(weight - share) < SAME_SHARE;
}
