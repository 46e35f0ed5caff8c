import type { Aws } from './clients.ts';
import { AwsProblem, call } from './errors.ts';

/** The URL of a function of AWS Lambda, or undefined where it has none. */
export async function functionUrl(aws: Aws, name: string, signal?: AbortSignal): Promise<string | undefined> {
  const { GetFunctionUrlConfigCommand } = await import('./sdk/lambda.ts');
  const client = await aws.lambda();
  try {
    const reply = await call(
      aws.target,
      `look up the URL of function ${name}`,
      () => client.send(new GetFunctionUrlConfigCommand({ FunctionName: name }), { abortSignal: signal }),
      `lambda:GetFunctionUrlConfig on function ${name}`,
    );
    return reply.FunctionUrl;
  } catch (error) {
    if (error instanceof AwsProblem && error.code === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}
