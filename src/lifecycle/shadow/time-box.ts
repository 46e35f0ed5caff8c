import { describeEndpoint } from '../../aws/sagemaker.ts';
import { usageError } from '../../base/errors.ts';
import { HOUR } from '../../base/units.ts';
import type { Capacity } from '../../guard/capacity.ts';
import { dollars, hourlySum, type PriceList, unpriced } from '../../guard/prices.ts';
import { checkName } from '../../resources/naming.ts';
import { replay } from '../../state/replay.ts';
import { type TimeBox, timeBoxOf } from '../../state/time-box.ts';
import type { PlainUpdateResult } from '../plain-update.ts';
import type { Session } from '../session.ts';
import { detachShadow } from './detach.ts';

/** A shadow whose time is over is to be detached first: that is planned, or it did not end well, and nothing else was done. */
export interface DetachesFirst {
  kind: 'detaches-first';
  detached: PlainUpdateResult;
}

/**
 * Detaches the shadow of an endpoint whose time is over: what everything does first that changes what an endpoint runs, but for
 * what ends the shadow itself, and a promotion, which judges it. Its plan is approved like any other.
 *
 * @returns undefined where the work goes on: there is no such shadow, or no longer
 */
export async function detachOverdue(
  session: Session,
  { endpoint, plan = false }: { endpoint: string; plan?: boolean | undefined },
): Promise<DetachesFirst | undefined> {
  const box = await overdue(session, endpoint);
  if (box === undefined) return undefined;
  session.emit({ kind: 'time-box-over', endpoint, until: box.until, detaches: true });
  const detached = await detachShadow(session, { endpoint, configName: undefined, plan, wait: true, only: box.config });
  const over = detached.kind === 'done' && detached.settled?.kind === 'running';
  return over ? undefined : { kind: 'detaches-first', detached };
}

/** Tells where the time of the shadow that an endpoint carries is over: for commands that only look. */
export async function tellOverdue(session: Session, endpoint: string): Promise<void> {
  const box = await overdue(session, endpoint);
  if (box !== undefined) session.emit({ kind: 'time-box-over', endpoint, until: box.until, detaches: false });
}

async function overdue(session: Session, endpoint: string): Promise<TimeBox | undefined> {
  checkName('endpoint', endpoint, '--endpoint');
  const state = replay((await session.journal(endpoint)).events());
  // Most journals know of no time box: then AWS is not asked.
  if (!state.facts.some((fact) => fact.name === 'shadow' && fact.value.until !== undefined)) return undefined;
  const live = await describeEndpoint(await session.aws(), endpoint, session.signal);
  const box = timeBoxOf(state, live?.EndpointConfigName, session.clock.now());
  return box?.over === true ? box : undefined;
}

/**
 * Refuses a shadow that may cost more than was said, or of which nobody knows what it costs.
 * @param fleet the shadow's
 * @param box.ms how long it is to be attached
 * @param box.maxCost US dollars
 * @throws Problem (usage)
 */
export function requireAffordable(
  prices: PriceList,
  fleet: readonly Capacity[],
  { ms, maxCost }: { ms: number; maxCost: number },
): void {
  const hourly = hourlySum(prices, fleet);
  if (hourly === undefined)
    throw usageError(
      `--max-cost ${maxCost}: what the shadow costs is not known (${unpriced(prices, fleet).join(', ')} in ${prices.region}).`,
      'Specify it with --price ml.m5.large=0.13 (or prices: in shadowctl.yaml), allow pricing:GetProducts, or leave out --max-cost.',
    );
  const cost = (hourly * ms) / HOUR;
  if (cost <= maxCost) return;
  throw usageError(
    `--max-cost ${maxCost}: the shadow's instances cost about ${dollars(cost)} until its end, at about ${dollars(hourly)} an hour.`,
    'Give a shorter --for, fewer --instances, or a higher --max-cost.',
  );
}
