import { gates } from '../policy/policy.ts';
import type { Policy } from '../policy/policy.ts';
import { needsAdvice } from './needs.ts';
import type { Evidence } from './evidence.ts';
import type { Gate } from './verdict.ts';

/** Does the shadow hold what is demanded of it alone? A limit that nothing measures keeps a shadow from passing. */
export function judgeLimits({ policy }: Evidence): Gate[] {
  const { latency, errors, accuracy, recall } = policy.limits;
  return [
    ...Object.keys(latency).map((name) => `limits.latency.${name}`),
    ...(errors === undefined ? [] : ['limits.errors']),
    ...(accuracy === undefined ? [] : ['limits.accuracy']),
    ...(Object.keys(recall).length === 0 ? [] : ['limits.recall']),
    ...Object.keys(policy.resources).map((name) => `resources.${name}`),
  ].map((id) => open(id, policy));
}

function open(id: string, policy: Policy): Gate {
  return {
    id,
    title: 'Does it hold its limit?',
    outcome: 'inconclusive',
    gating: gates(policy, id),
    unit: 'share',
    estimate: undefined,
    interval: undefined,
    margin: undefined,
    relation: '<',
    n: 0,
    of: 'requests',
    reason: 'Nothing in this window measures it.',
    ...needsAdvice('evidence about it'),
  };
}
