import type { CapturesThere, CompareElsewhere } from '../../analysis/observe/elsewhere.ts';
import { Problem } from '../../base/errors.ts';
import type { AthenaSettings } from '../../base/project.ts';
import { bytes, scanPrice } from '../../base/units.ts';
import type { Session } from '../session.ts';
import { onlyHere } from '../../analysis/compare/warehouse/cannot.ts';
import { compareByAthena, type Comparison, type Expected } from './look.ts';
import { billed, scanDollars } from './plan.ts';

/** Who has decided what reads captures. */
export interface EngineChoice {
  /**
   * `athena`: somebody has said so, by the flag or in shadowctl.yaml; `local`: likewise; `unsaid`: this machine reads, unless
   * there is much to read, and somebody who is asked agrees to Athena.
   */
  engine: 'athena' | 'local' | 'unsaid';
  /** The flag says so: then what Athena cannot do is refused, and else left to this machine. */
  byFlag: boolean;
  settings: AthenaSettings;
  comparison: () => Promise<Comparison>;
  /** Is told what a look by Athena will cost, before its first query. */
  tell(expected: Expected): void;
  /** Asks whether Athena is to read; undefined where there is nobody to ask. */
  ask: ((expected: Expected) => Promise<boolean>) | undefined;
}

/** Athena was offered, and declined. */
class Declined extends Error {}

/** What is asked before captures are downloaded; undefined where this machine reads them whatever they are. */
export function engineFor(session: Session, choice: EngineChoice): CompareElsewhere | undefined {
  const { engine, settings } = choice;
  if (engine === 'local') return undefined;
  const compare = async (there: CapturesThere, before: (expected: Expected) => Promise<void>) =>
    compareByAthena(session, there, { settings, comparison: await choice.comparison(), before });
  const here = (notes: string[] = []) => ({ kind: 'here' as const, notes });
  if (engine === 'athena')
    return async (there) => {
      const why = onlyHere(there.comparison);
      if (why !== undefined && !choice.byFlag) return here([`Athena did not read the captures: ${why}.`]);
      return compare(there, async (expected) => choice.tell(expected));
    };
  const { ask } = choice;
  let agreed: boolean | undefined;
  return async (there) => {
    if (onlyHere(there.comparison) !== undefined) return here();
    if (agreed !== true && there.toFetch < settings.above) return here();
    if (ask === undefined || agreed === false) return here([offer(there, settings)]);
    try {
      return await compare(there, async (expected) => {
        if (agreed === true) return;
        agreed = await ask(expected);
        if (!agreed) throw new Declined();
      });
    } catch (error) {
      if (error instanceof Declined) return here([offer(there, settings)]);
      // Nobody has asked for Athena: where it cannot be had, this machine reads as it always did.
      if (agreed !== true && error instanceof Problem && error.kind !== 'interrupted')
        return here([`${offer(there, settings)} Here it could not: ${error.message}`]);
      throw error;
    }
  };
}

/** When Athena would be quicker, or cheaper. */
function offer({ toFetch }: CapturesThere, { price }: AthenaSettings): string {
  const cost = scanPrice(scanDollars(billed(toFetch), price));
  return `${bytes(toFetch)} of captures had to be downloaded. Athena reads them where they lie for about ${cost}, and later reports only what has come since (--engine athena): that is quicker where the connection is slow, and cheaper where AWS bills the download, as it does out of its region.`;
}
