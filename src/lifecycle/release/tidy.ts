import type { Needed } from '../../resources/prune.ts';
import { artifactsOf } from '../../resources/model.ts';
import type { ResourceRef } from '../../state/journal.ts';
import { existing, keyOf, type State, trackedResource } from '../../state/replay.ts';
import { type Release, releasesOf } from '../../state/releases.ts';
import { pruneAllBut } from '../prune.ts';
import { lockEndpoint, type Session, viewEndpoint } from '../session.ts';
import { beforeRelease } from './way-back.ts';

/** Names of what was deleted. */
export interface Tidied {
  deleted: readonly string[];
}

/**
 * Deletes what releases that have ended leave behind: of one that was kept the candidate's model, artifact and configs; of one
 * that became production the configs with its shadow, and what ran before once the way back is over. Production, what others
 * run with, and what a release did not make are never touched.
 *
 * @param wayBack how long what ran before stays after a promotion, in milliseconds
 */
export async function tidyReleases(session: Session, endpoint: string, wayBack: number): Promise<Tidied> {
  const over = (state: State) => leftBehind(state, session.clock.now(), wayBack);
  // Most ticks have nothing to do here, and ask nobody.
  const any = await viewEndpoint(session, endpoint, async (on) => over(on.state()).length > 0);
  if (!any) return { deleted: [] };
  return lockEndpoint(session, { endpoint, command: 'release: tidy' }, async (on) => {
    const chosen = new Set(over(on.state()).map(keyOf));
    if (chosen.size === 0) return { deleted: [] };
    const { deleted } = await pruneAllBut(on, (checks) =>
      checks.flatMap(({ tracked: { ref } }): Needed[] =>
        chosen.has(keyOf(ref)) ? [] : [{ ref, why: 'no release that has ended left it behind' }],
      ),
    );
    return { deleted: deleted.map(({ name }) => name) };
  });
}

/** After these, somebody else has taken over, or nothing is left. */
const OTHERS: ReadonlySet<string> = new Set(['overtaken', 'undone', 'cleaned-up']);

/** What stands of releases that have ended, by the journal, and is not needed for them any more. Pure. */
function leftBehind(state: State, now: number, wayBack: number): ResourceRef[] {
  const all = releasesOf(state);
  if (all.at(-1)?.ended === undefined) return [];
  const stands = new Set(existing(state).flatMap(({ ref, adopted }) => (adopted ? [] : [keyOf(ref)])));
  const refs = all.flatMap((release) => leftOf(state, release, now, wayBack));
  return refs.filter(
    (ref, index) => stands.has(keyOf(ref)) && refs.findIndex((one) => keyOf(one) === keyOf(ref)) === index,
  );
}

function leftOf(state: State, release: Release, now: number, wayBack: number): ResourceRef[] {
  const { ended, shadows, config, production, model, uri, begun } = release;
  if (ended === undefined || OTHERS.has(ended.outcome)) return [];
  const configs = shadows.map((name): ResourceRef => ({ kind: 'endpoint-config', name }));
  if (ended.outcome !== 'promoted')
    return [
      ...configs,
      ...(config === undefined || config === production ? [] : [{ kind: 'endpoint-config' as const, name: config }]),
      // One that was named was there before: it is not the release's.
      ...(model === undefined || begun.source.kind === 'model' ? [] : [{ kind: 'model' as const, name: model }]),
      ...(uri === undefined ? [] : [{ kind: 's3-object' as const, name: uri }]),
    ];
  const before = beforeRelease(state, release);
  if (before === undefined || now < ended.at + wayBack) return configs;
  return [...configs, { kind: 'endpoint-config', name: before }, ...partsOf(state, before)];
}

/** The models of a config, and their artifacts, as the journal knows them. */
function partsOf(state: State, config: string): ResourceRef[] {
  const variants = trackedResource(state, { kind: 'endpoint-config', name: config })?.input.ProductionVariants;
  const models = (Array.isArray(variants) ? (variants as { ModelName?: unknown }[]) : []).flatMap(
    ({ ModelName: name }): ResourceRef[] => (typeof name === 'string' ? [{ kind: 'model', name }] : []),
  );
  const artifacts = models.flatMap((ref) =>
    artifactsOf(trackedResource(state, ref)?.input ?? {}).map((name): ResourceRef => ({ kind: 's3-object', name })),
  );
  return [...models, ...artifacts];
}
