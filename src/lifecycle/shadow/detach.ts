import type { DescribeEndpointConfigCommandOutput } from '@aws-sdk/client-sagemaker';
import { endpointNotFound } from '../../aws/endpoint-not-found.ts';
import { describeEndpointConfig } from '../../aws/sagemaker.ts';
import { environmentError } from '../../base/errors.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import { deriveConfig } from '../../resources/derive-config.ts';
import { type Live, productionOf, readLive, requireOurs, requireSettled } from '../../resources/live.ts';
import { attachedShadow } from '../../state/calibration.ts';
import { checkCandidateNames, nameCandidate, type CandidateNames } from '../candidate.ts';
import { type Otherwise, type PlainUpdateResult, runPlainUpdate } from '../plain-update.ts';
import { changedMeanwhile, type EndpointSession, onEndpoint, type Session } from '../session.ts';
import { updateTo } from './plan.ts';

export interface DetachOptions {
  endpoint: string;
  /** Of the config without the shadow, if a new one is needed. */
  configName: string | undefined;
  /** Decide only: the plan is returned, and nothing is changed. */
  plan: boolean;
  /** False: returns as soon as AWS has accepted the update. */
  wait: boolean;
  /** Only where it still runs this config: another shadow may have come since it was looked at. */
  only?: string;
}

/**
 * Takes the shadow variant away from an endpoint; production stays as it is.
 * @param command for the journal
 * @param record may write facts before the first step
 */
export async function detachShadow(
  session: Session,
  options: DetachOptions,
  command: 'shadow detach' | 'keep' = 'shadow detach',
  record?: (run: JournaledRun) => Promise<void>,
): Promise<PlainUpdateResult> {
  const { endpoint, configName, plan } = options;
  checkCandidateNames({ modelName: undefined, configName });
  return onEndpoint(session, { endpoint, command, readOnly: plan }, (on) =>
    detachShadowOn(on, options, command, record),
  );
}

/**
 * The same on an endpoint that is open.
 * @param announce may write facts before the first step
 */
export async function detachShadowOn(
  on: EndpointSession,
  options: DetachOptions,
  command: string,
  announce: (run: JournaledRun) => Promise<void> = async () => undefined,
): Promise<PlainUpdateResult> {
  const { aws, journal, session, endpoint } = on;
  const { configName } = options;
  const live = await readLive(aws, endpoint, session.signal);
  if (live === undefined) throw endpointNotFound(aws.target, endpoint);
  const state = on.state();
  requireOurs(live, state, journal.path, 'neither');
  requireSettled(live, state);
  const runs = live.endpoint.EndpointConfigName;
  if (options.only !== undefined && runs !== options.only)
    throw changedMeanwhile(endpoint, { EndpointConfigName: options.only }, runs);
  const attached = attachedShadow(state, live.endpoint.EndpointConfigName);
  const earlier = attached?.before;
  const before = earlier === undefined ? undefined : await describeEndpointConfig(aws, earlier, session.signal);
  const names = await nameCandidate(on, { modelName: undefined, configName, tags: {} });
  const decided = planDetach(live, before, { ...names, chosen: configName !== undefined });
  const update = { command, run: names.own.run, live, adopt: false, notes: [], ...decided };
  return runPlainUpdate(on, update, options, announce);
}

/**
 * Away with the shadow: back to the config from before it was attached, where that still stands and has the same
 * production model on as many instances as run now; else, and where AWS does not take it, a new config that is the live one without the shadow. Pure.
 * @param before the config the endpoint ran when the shadow was attached, as it stands now
 * @param names.chosen the user chose the name: a new config is made in any case
 */
function planDetach(
  live: Live,
  before: DescribeEndpointConfigCommandOutput | undefined,
  names: Pick<CandidateNames, 'config' | 'tagList'> & { chosen: boolean },
): Otherwise & { otherwise?: Otherwise } {
  const { config, variant, instances } = productionOf(live);
  const [shadow] = config.ShadowProductionVariants ?? [];
  if (shadow === undefined)
    throw environmentError(`Endpoint "${live.name}" carries no shadow.`, `It runs ${config.EndpointConfigName}.`);
  const [earlier] = before?.ProductionVariants ?? [];
  const same =
    earlier?.ModelName === variant.ModelName &&
    earlier?.VariantName === variant.VariantName &&
    earlier?.InitialInstanceCount === instances &&
    (before?.ShadowProductionVariants ?? []).length === 0;
  const input = deriveConfig(config, {
    name: names.config,
    production: [{ ...variant, InitialInstanceCount: instances }],
    capture: before && captureBefore(before, config),
    tags: names.tagList,
  });
  const anew: Otherwise = {
    steps: [
      { action: 'create', kind: 'endpoint-config', name: names.config, input },
      updateTo(live.name, names.config),
    ],
    config: names.config,
  };
  if (names.chosen || before?.EndpointConfigName === undefined || !same) return anew;
  const back = before.EndpointConfigName;
  return { steps: [updateTo(live.name, back)], config: back, otherwise: anew };
}

/** What was captured before the shadow came; the shadow's own capture, turned off, where that was nothing. */
function captureBefore(
  before: DescribeEndpointConfigCommandOutput,
  { DataCaptureConfig: now }: DescribeEndpointConfigCommandOutput,
): DescribeEndpointConfigCommandOutput['DataCaptureConfig'] {
  return before.DataCaptureConfig ?? (now && { ...now, EnableCapture: false });
}
