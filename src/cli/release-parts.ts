import { join } from 'node:path';
import type { App } from '../app.ts';
import type { EndpointDefaults, Project } from '../base/project.ts';
import type { ReportShelf } from '../lifecycle/release/reports.ts';
import type { ReleaseParts } from '../lifecycle/release/run.ts';
import type { ReleaseSettings } from '../lifecycle/release/settings.ts';
import type { Session } from '../lifecycle/session.ts';

/** Everything that a tick works with, read anew: settings, policy, who is told. */
export async function prepareRelease(
  here: App,
  options: {
    endpoint: string;
    /** Undefined: nobody is asked, and a comparator that nobody has allowed does not run. */
    allowCommand: boolean | undefined;
    /** The end of the release is the command's result, and not chatter as well. */
    hidesEnd?: boolean;
    yes: boolean;
    prices?: Readonly<Record<string, number>> | undefined;
    /** The project is that of the pipeline already. */
    inPipeline?: true;
  },
): Promise<{ session: Session; parts: ReleaseParts }> {
  const { endpoint } = options;
  const { readReleaseSettings } = await import('../lifecycle/release/settings.ts');
  const { decisionsOf } = await import('../lifecycle/release/batch-settings.ts');
  const { loadReportPolicy } = await import('./flags/judging.ts');
  const { allowedComparator, withComparator } = await import('./flags/comparator.ts');
  const { labelSource } = await import('./flags/labels.ts');
  const { sessionOf } = await import('./session.ts');
  const { parseTarget } = await import('../lifecycle/targets.ts');
  const app = options.inPipeline === true ? here : await withPipeline(here, endpoint);
  const project = await app.project();
  const settings = readReleaseSettings(releaseSections(project, endpoint), project.file ?? 'shadowctl.yaml');
  const file = settings.policy === undefined ? undefined : join(project.root, settings.policy);
  const { policyFrom, ...loaded } = await loadReportPolicy(app, file, endpoint);
  const flags = { comparator: undefined, comparatorSample: undefined, comparatorTime: undefined };
  const judged =
    options.allowCommand === undefined
      ? await allowedComparator(app, loaded)
      : await withComparator(app, loaded, { ...flags, allowCommand: options.allowCommand });
  const decided = settings.batch && decisionsOf(settings.batch);
  const decisions = decided === undefined ? undefined : labelSource(decided, project.root);
  const labels = settings.labels === undefined ? undefined : labelSource(settings.labels, project.root);
  const session = sessionOf(app, {
    yes: options.yes,
    prices: options.prices,
    hides: (event) => options.hidesEnd === true && event.kind === 'release-told' && event.note.about === 'ended',
  });
  return {
    session,
    parts: {
      endpoint,
      reports: await keptReports(session, settings.report),
      settings,
      judging: { ...judged, policyFrom, labels, decisions },
      targets: settings.notify.map((one) => parseTarget(one, { option: '`notify:` of release', env: app.env })),
    },
  };
}

/** Where a pipeline looks after the endpoint, its settings hold here, too. */
async function withPipeline(app: App, endpoint: string): Promise<App> {
  const { projectOfPipeline } = await import('../pipeline/elsewhere.ts');
  const { sessionOf } = await import('./session.ts');
  const own = await app.project();
  const project = await projectOfPipeline(sessionOf(app), endpoint, own);
  if (project === undefined) return app;
  if (own.file !== undefined)
    app.io.err(`note: a pipeline looks after ${endpoint}: its settings hold, not those of ${own.file}.`);
  return { ...app, project: async () => project };
}

/** Where reports are kept, with the program's own page of HTML. */
export async function keptReports(session: Session, what: ReleaseSettings['report']): Promise<ReportShelf | undefined> {
  const { reportShelf } = await import('../lifecycle/release/reports.ts');
  return reportShelf(session, what, async (report) => {
    const { renderers } = await import('../report/render.ts');
    return (await renderers.html())(report, { columns: 100, color: false });
  });
}

/** The sections of shadowctl.yaml that say how an endpoint is released, the later over the earlier. */
export function releaseSections(
  { release, endpoints }: Pick<Project, 'release' | 'endpoints'>,
  endpoint: string,
): unknown[] {
  const own = Object.hasOwn(endpoints, endpoint) ? endpoints[endpoint] : undefined;
  return [release, own && asRelease(own), own?.release];
}

/** What shadowctl.yaml says of an endpoint for every command, as far as a release takes it. */
function asRelease(own: EndpointDefaults): Record<string, unknown> {
  const { strategy = 'canary', canarySize, stepSize, batchSize } = own;
  const sizes: Readonly<Record<string, string | undefined>> = {
    canary: canarySize,
    linear: stepSize,
    rolling: batchSize,
  };
  const { bake, finalBake, max5xxRate, max4xxRate, maxLatency, maxLatencyIncrease } = own;
  const { alarms, notify, labels, algorithm, image, role } = own;
  const all = {
    ...{ strategy: own.strategy, size: sizes[strategy], bake, finalBake, max5xxRate, max4xxRate },
    ...{ maxLatency, maxLatencyIncrease, alarms, notify, labels, algorithm, image, role },
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
