import type { Context } from '../operation.ts';
import type { Answer } from '../../world/traffic/ask.ts';
import { partitionOf } from '../../world/partition.ts';
import { AwsError } from '../../model/aws-error.ts';

/** The runtime's refusal: `ValidationError`, where the control plane says `ValidationException` (facts 8.2). */
export function validationError(message: string): AwsError {
  return new AwsError('ValidationError', message);
}

/** An answer may be megabytes of HTML; an error's text is kept to what fits a header's neighbour. */
const MAX_LENGTH = 16_384;

/** What a caller gets for any answer of the container other than 2xx: 424 with AWS's words (facts 8.2). */
export function modelError(context: Context, endpoint: string, { response, container }: Answer): AwsError {
  const { account, region } = context;
  const group = `/aws/sagemaker/Endpoints/${endpoint}`;
  const timedOut = `Your invocation timed out while waiting for a response from container ${container}. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.`;
  const original = response.status === 0 ? timedOut : Buffer.from(response.body).toString('utf8').slice(0, MAX_LENGTH);
  const side = response.status >= 400 && response.status < 500 ? 'client' : 'server';
  const console = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#logEventViewer:group=${group} in account ${account}`;
  return new AwsError(
    'ModelError',
    `Received ${side} error (${response.status}) from ${container} with message "${original}". See ${console} for more information.`,
    {
      status: 424,
      details: {
        OriginalStatusCode: response.status,
        OriginalMessage: original,
        LogStreamArn: `arn:${partitionOf(region)}:logs:${region}:${account}:log-group:${group}`,
      },
    },
  );
}
