import { listEndpoints } from '../aws/sagemaker.ts';
import { neededBy } from '../resources/inventory.ts';
import type { Needed } from '../resources/prune.ts';
import type { EndpointSession } from './session.ts';

/** How many endpoints are looked at side by side. */
const AT_ONCE = 8;

/**
 * What every other endpoint of the account and region runs with, or is going to, whoever made it.
 * @throws AwsProblem where these credentials may not look: what serves others cannot be told then
 */
export async function neededByOthers({
  aws,
  endpoint,
  session,
}: Pick<EndpointSession, 'aws' | 'endpoint' | 'session'>): Promise<Needed[]> {
  const needed: Needed[] = [];
  const others = (await listEndpoints(aws, session.signal)).filter((other) => other !== endpoint);
  for (let at = 0; at < others.length; at += AT_ONCE) {
    session.signal.throwIfAborted();
    const looks = others.slice(at, at + AT_ONCE).map((other) => async () => {
      const refs = await neededBy(aws, other);
      return refs.map((ref) => ({ ref, why: `endpoint ${other} runs with it` }));
    });
    needed.push(...(await session.clock.all(looks)).flat());
  }
  return needed;
}
