import { createRegister } from '../../containers/own/register.ts';
import type { SandboxResult, SandboxSpec } from '../../containers/functions/sandbox.ts';
import { readZip } from '../../containers/functions/zip.ts';
import { sessions } from '../accounts.ts';
import { roleDenial } from '../callers.ts';
import { partitionOf } from '../partition.ts';
import type { Platform } from '../world.ts';
import { functionKey, type FunctionRecord } from './records.ts';

/** How long the credentials of a process are valid; then another takes its place. */
const SESSION_MS = 6 * 3_600_000;

/** What a call of a function came to. */
export interface Outcome extends Pick<SandboxResult, 'how' | 'payload' | 'errorType'> {
  /** The last 4 KB of what was logged. */
  tail: string;
}

/** "Response payload size exceeded": 6 MB of an answer (Lambda quotas). */
const MAX_ANSWER = 6_291_556;

/**
 * Gives one event to a function, in a process of its own, and waits for the answer: START, END and REPORT go to its log
 * group where its role may write there, the numbers to CloudWatch. Undefined where its reserved concurrency is used up.
 * @param payload JSON
 */
export async function runFunction(
  world: Platform,
  record: FunctionRecord,
  requestId: string,
  payload: string,
): Promise<Outcome | undefined> {
  const { clock, sandboxes } = world;
  const key = functionKey(record);
  if (record.concurrency !== undefined && sandboxes.busy(`${key}@`) >= record.concurrency) {
    count(world, record, 'Throttles', 1);
    return undefined;
  }
  const make = () => specOf(world, record);
  return sandboxes.use(`${key}@${record.revision}`, clock.now(), make, async (sandbox) => {
    const stream = sandbox.environment.AWS_LAMBDA_LOG_STREAM_NAME ?? '';
    const lines: string[] = [];
    const write = logger(world, record, stream);
    const log = (line: string) => {
      lines.push(line);
      write(line);
    };
    const at = clock.now();
    const result = await sandbox.call({
      requestId,
      event: payload,
      timeout: record.timeoutSeconds * 1000,
      begin: () => log(`START RequestId: ${requestId} Version: $LATEST`),
      log,
      context: {
        functionName: record.name,
        functionVersion: '$LATEST',
        invokedFunctionArn: record.arn,
        memoryLimitInMB: String(record.memoryMb),
        awsRequestId: requestId,
        logGroupName: record.logGroup,
        logStreamName: stream,
      },
    });
    const { duration, initDuration, memory } = result;
    const tooLarge = result.how === 'result' && Buffer.byteLength(result.payload) > MAX_ANSWER;
    const ended: SandboxResult = tooLarge ? { ...result, ...answerTooLarge() } : result;
    if (ended.how === 'timeout')
      log(
        `${new Date(clock.now()).toISOString()} ${requestId} Task timed out after ${record.timeoutSeconds.toFixed(2)} seconds`,
      );
    log(`END RequestId: ${requestId}`);
    const numbers = [
      `Duration: ${duration.toFixed(2)} ms`,
      `Billed Duration: ${Math.ceil(duration)} ms`,
      `Memory Size: ${record.memoryMb} MB`,
      `Max Memory Used: ${memory} MB`,
      ...(initDuration === undefined ? [] : [`Init Duration: ${initDuration.toFixed(2)} ms`]),
      ...(ended.how === 'timeout' ? ['Status: timeout'] : []),
      ...(ended.how === 'exit' ? ['Status: error', `Error Type: ${ended.errorType}`] : []),
    ];
    log(`REPORT RequestId: ${requestId}\t${numbers.join('\t')}`);
    count(world, record, 'Invocations', 1, at);
    count(world, record, 'Errors', ended.how === 'result' ? 0 : 1, at);
    count(world, record, 'Throttles', 0, at);
    count(world, record, 'Duration', duration, at);
    const { how, errorType } = ended;
    const tail = lines.join('\n').slice(-4096);
    return { how, payload: ended.payload, tail, ...(errorType !== undefined && { errorType }) };
  });
}

function answerTooLarge(): Pick<SandboxResult, 'how' | 'payload' | 'errorType'> {
  const errorType = 'Function.ResponseSizeTooLarge';
  const errorMessage = `Response payload size exceeded maximum allowed payload size (${MAX_ANSWER} bytes).`;
  return { how: 'error', payload: JSON.stringify({ errorMessage, errorType }), errorType };
}

/** Counts for a function, as Lambda does in AWS/Lambda: by function, by function and version, and for all together. */
export function count(world: Platform, record: FunctionRecord, name: string, value: number, at = world.clock.now()) {
  const { account, region } = record;
  const unit = name === 'Duration' ? 'Milliseconds' : 'Count';
  const own = { Name: 'FunctionName', Value: record.name };
  for (const dimensions of [[own], [own, { Name: 'Resource', Value: record.name }], []])
    world.metrics.record({ account, region, namespace: 'AWS/Lambda', name, dimensions }, { at, value, unit });
}

/** Writes lines to a function's stream, where its role may: Lambda writes with the rights of the role. */
function logger(world: Platform, record: FunctionRecord, stream: string): (line: string) => void {
  const { account, region, logGroup: group, roleArn } = record;
  const arn = `arn:${partitionOf(region)}:logs:${region}:${account}:log-group:${group}`;
  const may = (action: string, resource: string) =>
    !world.iam.enforced() || roleDenial(world.iam, roleArn, { action, resource }) === undefined;
  const target = { account, region, group, stream };
  return (line) => {
    if (world.logs.group(account, region, group) === undefined && !may('logs:CreateLogGroup', arn)) return;
    if (world.logs.stream(target) === undefined && !may('logs:CreateLogStream', `${arn}:log-stream:${stream}`)) return;
    if (!may('logs:PutLogEvents', `${arn}:log-stream:${stream}`)) return;
    world.logs.append(target, [{ timestamp: world.clock.now(), message: line }]);
  };
}

/** A new process of a function: its code, its environment, and credentials of its role. */
async function specOf(world: Platform, record: FunctionRecord): Promise<{ spec: SandboxSpec; expires: number }> {
  const { clock, random, store } = world;
  const zip = await store.blobs.get(record.code.blob);
  if (zip === undefined) throw new Error(`The code of ${record.arn} is gone.`);
  const role = record.roleArn.slice(record.roleArn.lastIndexOf('/') + 1);
  const accessKeyId = `ASIA${random.hex(16).toUpperCase()}`;
  const expires = clock.now() + SESSION_MS;
  sessions(world).set(accessKeyId, {
    account: record.account,
    arn: `arn:${partitionOf(record.region)}:sts::${record.account}:assumed-role/${role}/${record.name}`,
    userId: `AROA${random.hex(17).toUpperCase()}:${record.name}`,
    expires,
  });
  const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
  const environment = {
    // These a function may set otherwise; the others are reserved.
    ...(world.address.url !== undefined && { AWS_ENDPOINT_URL: world.address.url }),
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    ...record.environment,
    _HANDLER: record.handler,
    AWS_EXECUTION_ENV: `AWS_Lambda_${record.runtime}`,
    AWS_REGION: record.region,
    AWS_DEFAULT_REGION: record.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: random.hex(40),
    AWS_SESSION_TOKEN: Buffer.from(random.hex(96), 'hex').toString('base64'),
    AWS_LAMBDA_FUNCTION_NAME: record.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(record.memoryMb),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: record.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: `${day}/[$LATEST]${random.hex(32)}`,
  };
  const files = readZip(zip);
  const spec = { files, environment, memoryMb: record.memoryMb, register: createRegister(store) };
  return { spec, expires: expires - record.timeoutSeconds * 1000 };
}
