import type { Workgroup } from '../../aws/athena.ts';
import { s3Place } from '../../aws/s3-uri.ts';
import { orUnseen, type Unseen } from '../../aws/unseen.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { Problem } from '../../base/errors.ts';
import { bytes } from '../../base/units.ts';
import type { Finding } from '../../guard/finding.ts';
import type { Session } from '../session.ts';
import { requireOutput, requireWorkgroup } from './workgroup.ts';

/** What would keep Athena from reading captures, where shadowctl.yaml says that it does. */
export async function athenaFindings(
  session: Session,
  endpoint: string,
  unseen: (one: Unseen) => void,
): Promise<Finding[]> {
  const { engine, athena: settings } = await session.project();
  if (engine !== 'athena' || settings === undefined) return [];
  const aws = await session.aws();
  const findings: Finding[] = [];
  const tried = async <T>(what: string, subject: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await orUnseen(what, work, unseen);
    } catch (error) {
      if (!(error instanceof Problem) || error instanceof AwsProblem) throw error;
      findings.push({ severity: 'warning', check: 'athena', subject, message: error.message, next: error.next });
      return undefined;
    }
  };
  const workgroup = await tried(`workgroup ${settings.workgroup} of Athena`, `workgroup ${settings.workgroup}`, () =>
    requireWorkgroup(aws, settings.workgroup, session.signal),
  );
  const bucket = settings.output === undefined ? undefined : s3Place(settings.output)?.bucket;
  if (bucket !== undefined) await tried(`bucket ${bucket}`, `bucket ${bucket}`, () => requireOutput(aws, bucket));
  if (workgroup !== undefined)
    findings.push({
      severity: findings.length === 0 ? 'ok' : 'note',
      check: 'athena',
      subject: `workgroup ${workgroup.name}`,
      message: workgroupWords(workgroup, endpoint),
    });
  return findings;
}

function workgroupWords({ cutoff, enforced, output, managed }: Workgroup, endpoint: string): string {
  const limit = cutoff === undefined ? 'any number of bytes' : `at most ${bytes(cutoff)}`;
  const results =
    managed || !enforced
      ? ''
      : ` Results go where it says (${output ?? 'nowhere'}), and shadowctl deletes its own there.`;
  return `Reports on ${endpoint} have captures read by Athena (engine: athena); a query may scan ${limit}.${results}`;
}
