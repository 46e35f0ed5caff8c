import { putObject, signedUrl } from '../../aws/s3-text.ts';
import { s3Place } from '../../aws/s3-uri.ts';
import { MINUTE, SECOND } from '../../base/units.ts';
import type { Report } from '../../report/report.ts';
import type { Session } from '../session.ts';
import { accountHere } from '../session.ts';
import { quietReport } from './redacted-verdict.ts';

/** How long a link to a report can be followed once a page was asked for it. */
const SIGNED_FOR = 5 * MINUTE;

/** Where the reports of questions are kept, so that a page can lead to them. */
export interface ReportShelf {
  /** @returns its `s3://` URI */
  keep(of: { endpoint: string; release: string; ask: number }, report: Report): Promise<string>;
  /** A URL for minutes. */
  sign(uri: string): Promise<string>;
}

/**
 * Keeps reports beside the journal, where that is in a bucket; undefined where it is in a folder: nothing could sign for it.
 * @param what `redacted`: without what was sent, who sent it, and free answers
 * @param draw makes a page of HTML of a report
 */
export async function reportShelf(
  session: Session,
  what: 'redacted' | 'full' | 'none',
  draw: (report: Report) => Promise<string>,
): Promise<ReportShelf | undefined> {
  if (what === 'none') return undefined;
  const { place } = await session.state();
  if (s3Place(place) === undefined) return undefined;
  const base = place.endsWith('/') ? place : `${place}/`;
  return {
    async keep({ endpoint, release, ask }, report) {
      const aws = await session.aws();
      const account = await accountHere(session);
      const uri = `${base}${account}/${aws.target.region}/${endpoint}/reports/${release}-${ask}.html`;
      const shown = what === 'full' ? report : quietReport(report);
      await putObject(aws, uri, { body: await draw(shown), type: 'text/html; charset=utf-8' }, session.signal);
      return uri;
    },
    sign: async (uri) => signedUrl(await session.aws(), uri, SIGNED_FOR / SECOND),
  };
}
