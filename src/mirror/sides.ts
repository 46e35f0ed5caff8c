import type { MirrorConfig, ShadowConfig, SideTarget } from './config.ts';
import { LIVE_FOLDER } from '../analysis/mirrored/record.ts';
import { Copies } from './copies.ts';
import type { ShadowSide } from './exchange.ts';
import { towardsShadow, withoutQueryCredentials } from './headers.ts';
import { SideMetrics } from './metrics.ts';
import { type AnsweringSide, signed } from './plan.ts';
import type { RouterState } from './router/state.ts';
import { namedRoute, type Route, ROUTES, splitTarget } from './routes.ts';
import type { Division } from './sample.ts';
import { readBy } from './settings.ts';
import { parseSlice } from './slices.ts';
import { openUpstream, type Place, targetOn } from './upstream.ts';
import { Wire } from './wire.ts';

/** Where a side is; signs for SageMaker. @param path in place of that of requests */
export type PlaceOf = (target: SideTarget, path: string | undefined) => Promise<Place>;

/** A shadow, which may answer as well. */
export interface OpenShadow extends ShadowSide, AnsweringSide {
  config: ShadowConfig;
}

/** The sides as one configuration has them, with the roles of its time. */
export interface Sides {
  config: MirrorConfig;
  live: AnsweringSide;
  shadows: readonly OpenShadow[];
  /** How live requests are divided, between whom; undefined: the live side answers all of them. */
  divided: { division: Division; candidate: OpenShadow; production: ShadowSide } | undefined;
  routes: readonly Route[];
}

/** Opens connections and queues for both sides. @param metrics of the sides, which outlive them */
export async function openSides(
  config: MirrorConfig,
  { division }: RouterState,
  placeOf: PlaceOf,
  now: () => number,
  metrics: { live: SideMetrics; shadows: Map<string, SideMetrics> },
): Promise<Sides> {
  const { bounds } = config;
  const drop = new Set(config.dropHeaders);
  // The live side gets copies only of what somebody else answers.
  const getCopies = config.shadows.length + (division === undefined ? 0 : 1);
  const copiesTo = ({ url, connect }: Place, how: Pick<ShadowConfig, 'concurrency' | 'queue' | 'timeout'>) =>
    new Copies(
      new Wire({ url, connect, idle: bounds.liveIdle, now }),
      { ...how, answer: bounds.answer, memory: bounds.memory / 2 / getCopies },
      now,
    );
  const live: AnsweringSide = {
    upstream: openUpstream(await placeOf(config.live.target, config.live.path), bounds.liveIdle, now),
    keepHost: config.live.keepHost,
    own: Object.entries(config.live.headers).flat(),
    elsewhere: (await placeOf(config.live.target, undefined)).path,
  };
  const shadows: OpenShadow[] = [];
  for (const shadow of config.shadows) {
    const upstream = openUpstream(await placeOf(shadow.target, shadow.path), bounds.liveIdle, now);
    const own = Object.entries(shadow.headers).flat();
    const counted = metrics.shadows.get(shadow.name) ?? new SideMetrics();
    metrics.shadows.set(shadow.name, counted);
    shadows.push({
      config: shadow,
      name: shadow.name,
      metrics: counted,
      upstream,
      keepHost: false,
      own,
      elsewhere: upstream.path,
      copies: copiesTo(upstream, shadow),
      copyOf: copiesFor(upstream, { shadow: shadow.name, drop, own, trusted: shadow.trusted }),
    });
  }
  const candidate = shadows.find(({ name }) => name === division?.shadow);
  return {
    config,
    live,
    shadows,
    divided:
      division === undefined || candidate === undefined
        ? undefined
        : {
            division: {
              ...division,
              by: readBy(division.by, 'by'),
              slices: division.slices.map((words) => parseSlice(words, 'slices')),
            },
            candidate,
            production: {
              name: LIVE_FOLDER,
              metrics: metrics.live,
              copies: copiesTo(live.upstream, candidate.config),
              copyOf: copiesFor(live.upstream, { shadow: LIVE_FOLDER, drop, own: live.own, trusted: true }),
            },
          },
    routes: [...ROUTES, ...config.paths.map(namedRoute)],
  };
}

/** Everything that gets copies. */
export function copiesOf({ shadows, divided }: Sides): readonly ShadowSide[] {
  return divided === undefined ? shadows : [...shadows, divided.production];
}

/** Gives up all copies and closes every connection. */
export function closeSides(sides: Sides): void {
  for (const { copies } of copiesOf(sides)) copies.stop();
  for (const { upstream } of sides.shadows) upstream.close();
  sides.live.upstream.close();
}

/** What a copy of a request is for one side. */
function copiesFor(
  place: Place,
  how: { shadow: string; drop: ReadonlySet<string>; own: readonly string[]; trusted: boolean },
): ShadowSide['copyOf'] {
  return (req, id, body) => {
    const [path, query] = splitTarget(req.url ?? '/');
    const target = targetOn(place, path + (how.trusted ? query : withoutQueryCredentials(query)));
    if (target === undefined) return undefined;
    const headers = () => towardsShadow(req.rawHeaders, { ...how, id, host: place.url.host, length: body.length });
    return {
      target,
      headers: place.sign === undefined ? headers : () => signed(place, req, target, headers(), body),
      signed: place.sign !== undefined,
    };
  };
}
