import type { EndpointLook } from '../../lifecycle/look-at-endpoint.ts';

/** A look at an endpoint for machines; stable names. Times are ISO 8601. */
export function lookFacts({ at, endpoint, status, config, activity, fleets, alarms, ...more }: EndpointLook) {
  return {
    at: new Date(at).toISOString(),
    endpoint,
    status,
    config,
    activity: activity.kind,
    release:
      more.release === undefined
        ? null
        : {
            id: more.release.id,
            candidate: more.release.candidate,
            at: more.release.at,
            since: more.release.since,
            waitsFor: more.release.waitsFor,
            until: more.release.until ?? null,
            question: more.release.question ?? null,
          },
    phase: activity.kind === 'update' ? activity.phase.name : null,
    fleets: fleets.map(({ name, role, model, instances, share }) => ({
      name,
      role,
      model,
      instances: instances.current,
      desired: instances.desired,
      share: share ?? null,
    })),
    alarms: alarms.map(({ alarm, last }) => ({
      name: alarm.AlarmName ?? null,
      state: alarm.StateValue ?? null,
      last: last ?? null,
    })),
    verdict: more.judgement?.verdict?.outcome ?? null,
    summary: more.judgement?.verdict?.summary ?? null,
    watcher: more.watcher ?? null,
    trouble: more.trouble ?? null,
  };
}
