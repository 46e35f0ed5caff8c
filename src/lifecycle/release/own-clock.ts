import type { Aws } from '../../aws/clients.ts';
import { describeEndpoint } from '../../aws/sagemaker.ts';
import { environmentError } from '../../base/errors.ts';
import { dateAndTime, duration, MINUTE } from '../../base/units.ts';
import type { EndpointSession } from '../session.ts';

/** Clocks that are set by the network differ by less; AWS tells its time to the second. */
const MAX_APART = 2 * MINUTE;

/**
 * The time box, the time for answers and quiet hours go by the clock of whoever looks, and what is written down counts for every
 * machine after it. Call it just after a reply of AWS's, which tells its time.
 * @throws Problem (cannot-run) where this machine's clock is another than AWS's
 */
export function requireOwnClock({ lastTime }: Pick<Aws, 'lastTime'>, now: number): void {
  const told = lastTime?.();
  if (told === undefined || Math.abs(now - told) <= MAX_APART) return;
  throw environmentError(
    `The clock of this machine says ${dateAndTime(now)} UTC, and that of AWS ${dateAndTime(told)} UTC: ${duration(Math.abs(now - told))} apart. A release goes by the clock, so nothing was done.`,
    'Set the clock of this machine, and give the command again.',
  );
}

/** The same, after a reply that is asked for. */
export async function checkOwnClock({ aws, endpoint, session }: EndpointSession): Promise<void> {
  await describeEndpoint(aws, endpoint, session.signal);
  requireOwnClock(aws, session.clock.now());
}
