import { logLines } from '../../aws/logs.ts';
import { orUnseen } from '../../aws/unseen.ts';
import { TRANSFORM_LOG_GROUP, type TransformJob } from '../../aws/transform-jobs.ts';
import type { Aws } from '../../aws/clients.ts';
import { failuresIn } from '../../analysis/batch/data-log.ts';
import { notSeen, type Session } from '../session.ts';
import { logName } from './jobs.ts';

/** What is read of a job's data log at the most. */
const MAX_LINES = 10_000;

/**
 * Why a job has no output of these objects, by their URIs. SageMaker itself says only that something failed; why, its data log
 * says object by object, where these credentials may read it.
 */
export async function explainFailures(
  session: Session,
  aws: Aws,
  job: TransformJob,
  objects: readonly string[],
): Promise<Map<string, string>> {
  const lines = await orUnseen(
    `why objects of transform job ${job.name} failed`,
    () =>
      logLines(
        aws,
        {
          group: TRANSFORM_LOG_GROUP,
          streamPrefix: `${job.name}/`,
          start: job.created,
          limit: MAX_LINES,
          orStreams: true,
        },
        session.signal,
      ),
    notSeen(session),
  );
  const said = (lines ?? []).filter(({ stream }) => stream.endsWith('/data-log')).map(({ message }) => message);
  const known = new Map(failuresIn(said, objects.map(logName)).map(({ object, reason }) => [object, reason]));
  const otherwise =
    job.status === 'Stopped'
      ? 'the job was stopped before it had an output'
      : (job.failure ?? `the job is ${job.status}, and has no output of it`);
  return new Map(objects.map((uri) => [uri, known.get(logName(uri)) ?? otherwise]));
}
