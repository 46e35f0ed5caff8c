import { updateWeights } from '../aws/weights.ts';
import type { Site } from './apply.ts';

/** The fact a shift leaves in the journal; it creates nothing, so nothing of it can be left behind. */
const SHIFTED = 'shifted';

/**
 * Divides an endpoint's requests anew among its variants: intent on disk, then the call. To do it again is harmless,
 * so nothing has to be recovered. Needs the journal's lock.
 */
export async function shift(site: Site, endpoint: string, weights: Readonly<Record<string, number>>): Promise<void> {
  site.signal.throwIfAborted();
  await site.journal.append({ type: 'fact', run: site.run, name: SHIFTED, value: { weights } });
  await updateWeights(site.aws, endpoint, weights);
}
