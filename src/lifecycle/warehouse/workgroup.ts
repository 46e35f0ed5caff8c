import { readWorkgroup, type Workgroup } from '../../aws/athena.ts';
import type { Aws } from '../../aws/clients.ts';
import { AwsProblem } from '../../aws/errors.ts';
import { bucketExists, bucketRegion } from '../../aws/s3.ts';
import { environmentError, type Problem, usageError } from '../../base/errors.ts';

/**
 * The workgroup that queries run in.
 * @throws Problem (usage) where there is none of this name; (cannot-run) where it cannot run SQL as it is needed here
 */
export async function requireWorkgroup(aws: Aws, name: string, signal?: AbortSignal): Promise<Workgroup> {
  const workgroup = await readWorkgroup(aws, name, signal);
  if (workgroup === undefined)
    throw usageError(
      `There is no workgroup "${name}" of Athena in ${aws.target.region}.`,
      'Name one that exists as athena.workgroup in shadowctl.yaml; every account has "primary".',
    );
  if (!workgroup.enabled)
    throw environmentError(
      `Workgroup "${name}" of Athena is disabled.`,
      'Enable it, or name another as athena.workgroup in shadowctl.yaml.',
    );
  if (workgroup.enforced && !workgroup.managed && workgroup.output === undefined)
    throw environmentError(
      `Workgroup "${name}" of Athena alone decides where results go, and names no place.`,
      'Give it a location of results, let its clients choose one, or name another as athena.workgroup in shadowctl.yaml.',
    );
  if (workgroup.engine !== undefined && !workgroup.engine.endsWith('version 3'))
    throw environmentError(
      `Workgroup "${name}" of Athena has ${workgroup.engine}, and shadowctl's SQL is for Athena engine version 3.`,
      'Set its engine version to AUTO, or name another as athena.workgroup in shadowctl.yaml.',
    );
  return workgroup;
}

/**
 * The bucket that evidence and results go to, where shadowctl.yaml names it: it must be there, where Athena runs.
 * @throws Problem (usage)
 */
export async function requireOutput(aws: Aws, bucket: string): Promise<void> {
  const next = 'Name a bucket in the region of the endpoint as athena.output in shadowctl.yaml.';
  if (!(await bucketExists(aws, bucket)))
    throw usageError(`There is no bucket "${bucket}", which athena.output in shadowctl.yaml names.`, next);
  const region = await bucketRegion(aws, bucket);
  if (region !== undefined && region !== aws.target.region)
    throw usageError(
      `Bucket "${bucket}", which athena.output in shadowctl.yaml names, is in ${region}, and Athena writes its results only where it runs: in ${aws.target.region}.`,
      next,
    );
}

/**
 * A refusal as it concerns Athena. It is no refusal to read captures alone, of which a report says that predictions are
 * unknown: somebody has asked for Athena, and is told what it lacks.
 */
export function asAthenaProblem(error: unknown): unknown {
  if (!(error instanceof AwsProblem) || !error.denied) return error;
  if (/lake ?formation/i.test(error.words)) return lakeFormation(error);
  return environmentError(error.message, error.next, error);
}

/** Lake Formation governs a database beside IAM, and says of what it does not let be seen only that permissions are missing. */
function lakeFormation(error: AwsProblem): Problem {
  return environmentError(
    error.message,
    'Whoever administers Lake Formation must let these credentials create tables in the database of shadowctl (athena.database), and create that where it is missing; or name a database that IAM alone governs.',
    error,
  );
}
