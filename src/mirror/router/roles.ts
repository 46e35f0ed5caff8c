import { usageError } from '../../base/errors.ts';
import { DEFAULT_SHADOW, type MirrorConfig, type ShadowConfig, type SideTarget } from '../config.ts';
import { ROUTER_FILE, type RouterState } from './state.ts';

/** A side for people and records, without what a URL may carry beside a place. */
export function targetText(target: SideTarget): string {
  if (target.kind === 'sagemaker') return `sagemaker:${target.endpoint}`;
  const { origin, pathname } = new URL(target.url);
  return origin + (pathname === '/' ? '' : pathname);
}

/** A side in words that are exact enough to tell two apart: one server may hold two models under two paths. */
export function sideText({ target, path }: { target: SideTarget; path: string | undefined }): string {
  const region = target.kind === 'sagemaker' && target.region !== undefined ? `@${target.region}` : '';
  return `${targetText(target)}${region}${path === undefined ? '' : ` (${path})`}`;
}

/** A configuration with the roles as they are by now. */
export interface Roles {
  config: MirrorConfig;
  /** The shadow that was live before the promotion, where it still is a side and was not taken back: the way back. */
  wayBack: string | undefined;
}

/**
 * The configuration as the router's state has it: after a promotion the sides are swapped, and what was live is a shadow that gets
 * copies; shadows that were ended are left out. The file itself may follow later: one that names the promoted side as live is taken
 * as it is. Pure.
 *
 * @throws Problem (usage) where state and configuration contradict each other: what serves must not be a guess
 */
export function rolesOf(config: MirrorConfig, { promoted, ended }: RouterState): Roles {
  const swapped = promoted === undefined ? { config, wayBack: undefined } : swap(config, promoted);
  const over = new Set(ended.map(({ name, side }) => `${name} ${side}`));
  const shadows = swapped.config.shadows.filter((one) => !over.has(`${one.name} ${sideText(one)}`));
  const wayBack = shadows.some(({ name }) => name === swapped.wayBack) ? swapped.wayBack : undefined;
  return { config: { ...swapped.config, shadows }, wayBack };
}

function swap(config: MirrorConfig, promotion: NonNullable<RouterState['promoted']>): Roles {
  const { side, before, shadow, undone = false } = promotion;
  const { live, shadows } = config;
  if (sideText(live) === side) return undone ? { config, wayBack: undefined } : leadingBack(config, before);
  // Several shadows may be one server.
  const named = shadows.findIndex((one) => sideText(one) === side && one.name === shadow);
  const at = named < 0 ? shadows.findIndex((one) => sideText(one) === side) : named;
  const promoted = shadows[at];
  if (promoted === undefined)
    throw usageError(
      `${side} ${undone ? 'answers since a promotion was taken back' : 'was promoted and answers since'}, and the configuration names it neither as live nor as a shadow.`,
      `Name it as live. Or, to begin anew with the configuration as it is, move ${config.records?.folder ?? ''}/${ROUTER_FILE} away.`,
    );
  const taken = shadows.filter((_, i) => i !== at).map((one) => one.name);
  // After two promotions what is configured as live is neither what answers nor what answered before.
  const takenBack = undone && sideText(live) === before;
  const name = freeName(takenBack ? 'candidate' : 'previous', taken);
  const previous: ShadowConfig = {
    ...DEFAULT_SHADOW,
    share: promoted.share,
    by: promoted.by,
    seed: promoted.seed,
    timeout: promoted.timeout,
    concurrency: promoted.concurrency,
    queue: promoted.queue,
    name,
    target: live.target,
    path: live.path,
    headers: live.headers,
    // What was taken back is a shadow like any other.
    trusted: !takenBack,
  };
  const swapped = {
    ...config,
    live: { target: promoted.target, keepHost: live.keepHost, path: promoted.path, headers: promoted.headers },
    shadows: shadows.with(at, previous),
  };
  return undone ? { config: swapped, wayBack: undefined } : leadingBack(swapped, before, name);
}

/**
 * The way back is the shadow that answered before, where that is one still; it gets what callers trusted it with.
 * @param first of several that are the same server
 */
function leadingBack(config: MirrorConfig, before: string, first?: string): Roles {
  const all = config.shadows.filter((one) => sideText(one) === before);
  const back = all.find(({ name }) => name === first) ?? all[0];
  if (back === undefined) return { config, wayBack: undefined };
  const shadows = config.shadows.map((one) => (one === back ? { ...one, trusted: true } : one));
  return { config: { ...config, shadows }, wayBack: back.name };
}

/** What was live has a name of its own, so that nobody takes its records for those of the candidate. */
function freeName(base: string, taken: readonly string[]): string {
  for (let i = 1; ; i += 1) {
    const name = i === 1 ? base : `${base}-${i}`;
    if (!taken.includes(name)) return name;
  }
}
