import type { App } from '../../app.ts';
import { type CandidateFlags, candidateSpec } from '../../cli/flags/candidate.ts';
import {
  examineCandidate,
  leaveOutExisting,
  nameCandidate,
  planModel,
  requireAnotherConfig,
} from '../../lifecycle/candidate.ts';
import type { Live } from '../../resources/live.ts';
import type { Step } from '../../resources/steps.ts';
import type { Ground } from './on-endpoint.ts';

/** For commands that have not moved to the lifecycle yet. */
export async function prepareModel(
  app: App,
  ground: Ground,
  wanted: { endpoint: string; candidate: CandidateFlags },
  live: Live,
) {
  const spec = candidateSpec(wanted.candidate, app.cwd);
  const checked = await examineCandidate(ground.session, spec, live.model);
  const names = await nameCandidate(ground, spec);
  requireAnotherConfig(wanted.endpoint, names.config, live.endpoint.EndpointConfigName);
  return { ...names, steps: await planModel(ground, spec, names, checked, live.model) };
}

export function leaveOutStanding(_app: App, ground: Ground, steps: readonly Step[]): Promise<Step[]> {
  return leaveOutExisting(ground, steps);
}
