import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { record } from '../../scripts/verify-aws/record.ts';
import { schedulesOf } from '../../scripts/verify-aws/schedule.ts';
import { type Parts, type Verified, verify } from '../../scripts/verify-aws/verify.ts';
import { takeCensus } from '../../src/aws/census.ts';
import { type Aws, connect } from '../../src/aws/clients.ts';
import { logGroupExists } from '../../src/aws/logs.ts';
import { bucketExists } from '../../src/aws/s3.ts';
import type { Emulator } from '../../src/emulator/http/server.ts';
import { capturedIo } from '../support/io.ts';
import type { TestWorld } from '../support/world.ts';

export const ROOT = resolve(import.meta.dirname, '../..');
const ENDPOINT = 'ShadowctlVerify-abc123';
/** An account that redaction does not leave as it is. */
export const ACCOUNT = '123456789012';
export const SECRET = 'a-secret-access-key';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/models-of-the-company`;
export const SCHEDULE_ROLE = `arn:aws:iam::${ACCOUNT}:role/deleter`;

/** Connected as the session is. */
export function connection({ url }: Pick<Emulator, 'url'>): Aws {
  return connect({
    region: 'us-east-1',
    endpointUrl: url,
    profile: undefined,
    credentials: { accessKeyId: ACCOUNT, secretAccessKey: SECRET },
  });
}

/** The environment of a session. */
export function environment({ url }: Pick<Emulator, 'url'>): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: ACCOUNT,
    AWS_SECRET_ACCESS_KEY: SECRET,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: url,
    SAGEMAKER_ROLE_ARN: ROLE,
  };
}

export interface Seen extends Verified {
  /** What it told the user, and what it recorded. */
  said: string;
  recorded: string;
  folder: string;
  /** What stands in the account afterwards. */
  left: string[];
}

/** A session against the emulator, from its question to its patch. */
export async function session(
  { emulator, clock, root: home }: TestWorld,
  more: Partial<Parts> = {},
  answers: string[] = [],
): Promise<Seen> {
  const folder = join(home, 'verify-aws');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'recording.jsonl');
  const io = capturedIo(answers);
  const recording = record(file, clock);
  const aws = connection(emulator);
  try {
    const result = await verify({
      clock,
      env: environment(emulator),
      io,
      signal: new AbortController().signal,
      now: new AbortController().signal,
      folder,
      root: ROOT,
      endpoint: ENDPOINT,
      aws: recording.wrap(aws),
      recording,
      schedules: await schedulesOf(aws, emulator.url, recording),
      scheduleRole: SCHEDULE_ROLE,
      yes: true,
      budget: undefined,
      ...more,
    });
    const recorded = existsSync(file) ? readFileSync(file, 'utf8') : '';
    return { ...result, said: io.errLines.join('\n'), recorded, folder, left: await remains(aws, emulator) };
  } finally {
    aws.close();
  }
}

/** What stands of a session in its account. */
export async function remains(aws: Aws, { world }: Pick<Emulator, 'world'>, endpoint = ENDPOINT): Promise<string[]> {
  const census = Object.values(await takeCensus(aws)).flat();
  const bucket = (await bucketExists(aws, `sagemaker-us-east-1-${ACCOUNT}`)) ? ['bucket'] : [];
  const logs = (await logGroupExists(aws, `/aws/sagemaker/Endpoints/${endpoint}`)) ? ['logs'] : [];
  const schedule = world.schedules.get({ account: ACCOUNT, region: 'us-east-1' }, 'default', endpoint);
  return [...census, ...bucket, ...logs, ...(schedule === undefined ? [] : ['schedule'])];
}
