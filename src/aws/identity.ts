import type { SageMakerClient } from '@aws-sdk/client-sagemaker';
import type { STSClient } from '@aws-sdk/client-sts';
import { environmentError, Problem } from '../base/errors.ts';
import { AwsProblem, call } from './errors.ts';
import type { AwsTarget } from './target.ts';

/** The clients that know whose credentials these are. */
interface Clients {
  sts(): Promise<STSClient>;
  sagemaker(): Promise<SageMakerClient>;
}

/** Asks whose credentials a target has: by STS, once, and of the account also by SageMaker. */
export function identityOf(target: AwsTarget, { sts, sagemaker }: Clients) {
  let account: Promise<string> | undefined;
  let known: Promise<{ account: string; arn: string | undefined }> | undefined;
  const identity = () => (known ??= askSts(target, sts));
  const accountOf = async (endpoint: string | undefined): Promise<string> => {
    try {
      return (await identity()).account;
    } catch (error) {
      // A network without a way to STS may well have one to SageMaker.
      const unreached = error instanceof AwsProblem && error.transient && !error.throttled;
      const found = unreached && endpoint !== undefined ? await accountByEndpoint(sagemaker, endpoint) : undefined;
      if (found === undefined) throw error;
      return found;
    }
  };
  return {
    account: (endpoint?: string) => (account ??= accountOf(endpoint)),
    async caller(): Promise<string | undefined> {
      try {
        return (await identity()).arn;
      } catch (error) {
        if (error instanceof Problem) return undefined;
        throw error;
      }
    },
  };
}

async function askSts(target: AwsTarget, sts: Clients['sts']) {
  const { GetCallerIdentityCommand } = await import('./sdk/sts.ts');
  const client = await sts();
  const { Account, Arn } = await call(target, 'look up the AWS account (STS)', () =>
    client.send(new GetCallerIdentityCommand({})),
  );
  if (Account === undefined) throw environmentError('AWS did not say which account these credentials belong to.');
  return { account: Account, arn: Arn };
}

/** SageMaker names the account in the ARN of an endpoint, and of one that it does not find. */
async function accountByEndpoint(sagemaker: Clients['sagemaker'], EndpointName: string): Promise<string | undefined> {
  const { DescribeEndpointCommand } = await import('./sdk/sagemaker.ts');
  const client = await sagemaker();
  const words = await client.send(new DescribeEndpointCommand({ EndpointName })).then(
    ({ EndpointArn }) => EndpointArn,
    (error: unknown) => (error instanceof Error ? error.message : undefined),
  );
  return /arn:aws[\w-]*:sagemaker:[\w-]+:(\d{12}):endpoint\//.exec(words ?? '')?.[1];
}
