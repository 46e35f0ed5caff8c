import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { createHandler } from '../../src/handler.ts';
import { describeEndpoint, describeEndpointConfig, describeModel } from '../../src/aws/sagemaker.ts';
import type { TickRecord, UrlReply } from '../../src/pipeline/handle.ts';
import type { FunctionSettings } from '../../src/pipeline/settings.ts';
import { openState } from '../../src/lifecycle/open-state.ts';
import type { Recorded } from '../../src/state/journal.ts';
import { ENDPOINT, openStage, type Stage } from '../support/stage.ts';

export const MINUTE = 60_000;
export const STATE = 's3://shadowctl-state/journals';
const PLACE = { account: '000000000000', region: 'us-east-1', endpoint: ENDPOINT };

/** What this test's models can pass: 005 and 009 agree in about four of five. */
const POLICY = { inform: ['latency', 'labels', 'numbers'], minimumBlocks: 2, blockMinutes: 2, errors: 0.1 };

/** A stage, and the function of an installed pipeline in this process. */
export interface FunctionStage extends Stage {
  /** What the function was told. */
  settings: FunctionSettings;
  log: string[];
  env: Record<string, string | undefined>;
  /** One call, as AWS Lambda makes it: `left` milliseconds are left to it. */
  call(event: unknown, left?: number): Promise<TickRecord | UrlReply>;
  /** A tick of the schedule. */
  tick(left?: number): Promise<TickRecord>;
  /** Ticks every few minutes until one waits for this, or comes to it. */
  ticksUntil(what: string, minutes?: number): Promise<TickRecord>;
  /** A request to the URL of the function. */
  visit(url: string, method?: string, body?: string): Promise<UrlReply>;
  events(): Promise<readonly Recorded[]>;
  upload(key: string, body: Buffer | string, bucket?: string): Promise<void>;
  production(): Promise<{ artifact: string | undefined; shadows: number }>;
  /** The text of an object. */
  read(uri: string): Promise<string>;
}

/** @param release the section of shadowctl.yaml */
export async function openFunction(
  release: object,
  more: Partial<FunctionSettings> = {},
  options: Parameters<typeof openStage>[0] = {},
): Promise<FunctionStage> {
  const stage = await openStage(options);
  const s3 = await stage.aws.s3();
  for (const Bucket of ['shadowctl-state', 'uploads']) await s3.send(new CreateBucketCommand({ Bucket }));
  const settings: FunctionSettings = {
    version: 1,
    name: 'a-test',
    endpoint: ENDPOINT,
    watch: 's3://uploads/weather/',
    adopt: true,
    wayBack: 7 * 24 * 60 * MINUTE,
    project: { policy: POLICY, release: { sampling: ['100%'], settle: '2m', ...release } },
    ...more,
  };
  const upload: FunctionStage['upload'] = async (Key, Body, Bucket = 'uploads') => {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  };
  await upload('settings.json', JSON.stringify(settings), 'shadowctl-state');
  const log: string[] = [];
  const env: FunctionStage['env'] = {
    AWS_ENDPOINT_URL: stage.emulator.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    SHADOWCTL_STATE: STATE,
    SHADOWCTL_SETTINGS: 's3://shadowctl-state/settings.json',
  };
  const handler = createHandler({ clock: stage.clock, env, folder: stage.cwd, log: (line) => void log.push(line) });
  const call: FunctionStage['call'] = (event, left = 15 * MINUTE) =>
    handler(event, { getRemainingTimeInMillis: () => left });
  const tick = async (left?: number) => (await call({ shadowctl: 'tick' }, left)) as TickRecord;
  return {
    ...stage,
    settings,
    log,
    env,
    call,
    tick,
    async ticksUntil(what, minutes = 5) {
      for (let n = 0; n < 90; n += 1) {
        const result = await tick();
        if (result.result === what || result.waits === what) return result;
        await stage.clock.sleep(minutes * MINUTE);
      }
      throw new Error(`never came to ${what}: ${log.slice(-10).join('\n')}`);
    },
    async visit(url, method = 'GET', body = '') {
      const { pathname, search } = new URL(url);
      const event = {
        version: '2.0',
        requestContext: { http: { method, path: pathname } },
        rawPath: pathname,
        rawQueryString: search.slice(1),
        body: Buffer.from(body).toString('base64'),
        isBase64Encoded: true,
      };
      return (await call(event, 30_000)) as UrlReply;
    },
    async events() {
      const root = await openState(
        { place: STATE, folder: stage.cwd },
        { aws: async () => stage.aws, clock: stage.clock },
      );
      return (await root.store(PLACE).read()).events;
    },
    upload,
    async production() {
      const config = (await describeEndpoint(stage.aws, ENDPOINT))?.EndpointConfigName ?? '';
      const live = await describeEndpointConfig(stage.aws, config);
      const model = await describeModel(stage.aws, live?.ProductionVariants?.[0]?.ModelName ?? '');
      return {
        artifact: model?.PrimaryContainer?.ModelDataUrl,
        shadows: live?.ShadowProductionVariants?.length ?? 0,
      };
    },
    async read(uri) {
      const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      return (await Body?.transformToString()) ?? '';
    },
  };
}

/** What people were mailed of this pipeline, by the journal. */
export function told(events: readonly Recorded[]): string[] {
  return events.flatMap((event) =>
    event.type === 'fact' && event.name === 'release-told' ? [(event.value as { about: string }).about] : [],
  );
}
