import type { Policy } from '../../policy/policy.ts';
import { alikeDemands, labelDemands, outputDemands, sliceDemands } from './answers.ts';
import type { Demand } from './demand.ts';
import { distributionDemands, numberDemands } from './numbers.ts';
import { effectDemands, limitDemands, operationDemands } from './operation.ts';
import { TrafficNeeded } from './traffic-needed.ts';
import { truthDemands } from './truth.ts';

/** What a policy demands of a shadow, gate by gate, in the order in which `policy explain` lists them. */
export function explainPolicy(policy: Policy): Demand[] {
  const traffic = new TrafficNeeded(policy);
  return [
    operationDemands,
    outputDemands,
    labelDemands,
    alikeDemands,
    numberDemands,
    sliceDemands,
    distributionDemands,
    truthDemands,
    limitDemands,
    effectDemands,
  ].flatMap((demands) => demands(policy, traffic));
}
