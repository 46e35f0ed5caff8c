import type { Tag } from '@aws-sdk/client-sagemaker';
import { endpointNotFound } from '../../aws/endpoint-not-found.ts';
import { environmentError } from '../../base/errors.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import { deriveConfig } from '../../resources/derive-config.ts';
import { type Live, productionOf, readLive, requireOurs, requireSettled } from '../../resources/live.ts';
import type { Step } from '../../resources/steps.ts';
import { attachedShadow } from '../../state/calibration.ts';
import { leaveOutExisting, nameCandidate } from '../candidate.ts';
import { type PlainUpdateResult, runPlainUpdate } from '../plain-update.ts';
import type { EndpointSession } from '../session.ts';
import { updateTo } from './plan.ts';

/**
 * Lets the shadow of an open endpoint see another share of the requests, by a config of its own: whether
 * UpdateEndpointWeightsAndCapacities may name a shadow variant is documented nowhere (`--switch updateShadowWeights`).
 * @param change.sample above 0, at most 1
 * @param change.configName of the new config; undefined: chosen
 * @param announce may write facts before the first step, of the config that was chosen
 */
export async function resampleShadowOn(
  on: EndpointSession,
  change: { sample: number; configName: string | undefined },
  announce: (run: JournaledRun, config: string) => Promise<void>,
): Promise<PlainUpdateResult> {
  const { aws, journal, session, endpoint } = on;
  const live = await readLive(aws, endpoint, session.signal);
  if (live === undefined) throw endpointNotFound(aws.target, endpoint);
  requireOurs(live, on.state(), journal.path, 'neither');
  requireSettled(live, on.state());
  const names = await nameCandidate(on, { configName: change.configName }, { model: 'model', config: 'shadow-config' });
  const attached = attachedShadow(on.state(), live.endpoint.EndpointConfigName);
  const steps = planResample(live, { config: names.config, sample: change.sample, tags: names.tagList });
  const variant = productionOf(live).config.ShadowProductionVariants?.[0]?.VariantName ?? '';
  return runPlainUpdate(
    on,
    {
      command: 'shadow',
      run: names.own.run,
      live,
      config: names.config,
      steps: await leaveOutExisting(on, steps),
      adopt: false,
      notes: [],
    },
    { wait: false },
    async (run) => {
      await announce(run, names.config);
      const value = { config: names.config, before: attached?.before, sample: change.sample, variant };
      await journal.append({ type: 'fact', run: run.id, name: 'shadow', value });
    },
  );
}

/** The live config, whose shadow sees another share. Pure. @throws Problem (cannot-run) where it has none */
function planResample(live: Live, change: { config: string; sample: number; tags: Tag[] }): Step[] {
  const { config, variant, instances } = productionOf(live);
  const [shadow, ...others] = config.ShadowProductionVariants ?? [];
  if (shadow === undefined)
    throw environmentError(`Endpoint "${live.name}" carries no shadow.`, `It runs ${config.EndpointConfigName}.`);
  const running = live.endpoint.ShadowProductionVariants?.find((one) => one.VariantName === shadow.VariantName);
  const input = deriveConfig(config, {
    name: change.config,
    production: [{ ...variant, InitialInstanceCount: instances, InitialVariantWeight: 1 }],
    shadows: [
      {
        ...shadow,
        InitialVariantWeight: change.sample,
        InitialInstanceCount: running?.DesiredInstanceCount ?? shadow.InitialInstanceCount,
      },
      ...others,
    ],
    capture: config.DataCaptureConfig,
    tags: change.tags,
  });
  return [
    { action: 'create', kind: 'endpoint-config', name: change.config, input },
    updateTo(live.name, change.config),
  ];
}
