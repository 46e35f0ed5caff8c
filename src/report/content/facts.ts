import type { VariantFacts } from '../../analysis/observations.ts';
import { percent } from '../../base/units.ts';
import type { Report } from '../report.ts';
import { windowText } from '../words.ts';

/** What runs as one of the two variants; undefined where it is not known. */
interface RunningVariant {
  role: 'production' | 'shadow';
  name: string;
  model: string | undefined;
  endpointConfig: string | undefined;
  /** `3 × ml.m5.large` */
  instances: string | undefined;
}

/** What a report is about, before anything is judged. */
export interface Facts {
  endpoint: string;
  window: string;
  variants: readonly RunningVariant[];
  /** How much of the traffic the shadow gets: goes on after "the shadow". */
  sampling: string | undefined;
  /** Undefined where nothing was judged by it. */
  policy: string | undefined;
}

export function factsOf({ observations, verdict, policyFrom }: Report): Facts {
  const { endpoint, window, production, shadow, sampling } = observations;
  return {
    endpoint,
    window: windowText(window),
    variants: [running('production', production), ...(shadow === undefined ? [] : [running('shadow', shadow)])],
    sampling: shadow === undefined || sampling === undefined ? undefined : `sees ${percent(sampling)} of the requests`,
    policy: verdict === undefined ? undefined : policyFrom,
  };
}

function running(role: RunningVariant['role'], facts: VariantFacts): RunningVariant {
  const { name, model, endpointConfig, instances, instanceType } = facts;
  const known = instances !== undefined && instanceType !== undefined;
  return { role, name, model, endpointConfig, instances: known ? `${instances} × ${instanceType}` : undefined };
}
