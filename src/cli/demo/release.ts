import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { App, Outcome } from '../../app.ts';
import type { Aws } from '../../aws/clients.ts';
import { createBucket } from '../../aws/s3.ts';
import { putObject } from '../../aws/s3-text.ts';
import { createTopic } from '../../aws/sns.ts';
import { dateAndTime, duration, HOUR, MINUTE } from '../../base/units.ts';
import { createHandler } from '../../handler.ts';
import type { TickRecord, UrlReply } from '../../pipeline/handle.ts';
import type { FunctionSettings } from '../../pipeline/settings.ts';
import { type Io, plain } from '../../ui/io.ts';
import { wrap } from '../../ui/wrap.ts';
import { paragraph } from './narration.ts';
import { unplanned, withTraffic } from './playing.ts';
import { onStage, type Stage } from './stage.ts';

/** What is played: a candidate that is better and is approved, one that is worse, one that nobody decides about. */
export type ReleaseStory = 'approved' | 'worse' | 'unanswered';

const HEAD_START = 12 * HOUR;
const ENDPOINT = 'weather';
const STATE = 'shadowctl-demo-state';
const UPLOADS = 'shadowctl-demo-uploads';
const EVERY = 5 * MINUTE;
const [EARLY, BETTER] = ['artifacts/005-model.tar.gz', 'artifacts/009-model.tar.gz'];
const DATA = 'data/weather-test.csv';
/** What sends requests all the while. */
const TRAFFIC = [
  ...['invoke', '--endpoint', ENDPOINT, '--data', basename(DATA), '--labels', 'label'],
  ...['--rate', '0.5', '--duration', '12h'],
];
/** Blocks of a minute in place of ten: a verdict after less of the demo's time. */
const POLICY = { blockMinutes: 1, minimumBlocks: 20, inform: ['latency'] };

interface Story {
  live: string;
  candidate: string;
  about: string;
  /** The outcome of the release. */
  ends: string;
  /** Somebody follows the link in the mail. */
  answers: boolean;
}

const STORIES: Readonly<Record<ReleaseStory, Story>> = {
  approved: {
    live: EARLY,
    candidate: BETTER,
    about: 'Model 005 is in production; the better model 009 is uploaded, and somebody follows the link in the mail.',
    ends: 'promoted',
    answers: true,
  },
  worse: {
    live: BETTER,
    candidate: EARLY,
    about: 'Model 009 is in production, and by mistake the older, worse model 005 is uploaded.',
    ends: 'kept',
    answers: false,
  },
  unanswered: {
    live: EARLY,
    candidate: BETTER,
    about: 'Model 005 is in production; the better model 009 is uploaded, and nobody reads the mail.',
    ends: 'kept',
    answers: false,
  },
};

/** A mail as SNS was given it. */
interface Mail {
  subject: string;
  text: string;
}

/** Plays one story on an emulator in this process: the handler of the function is called as AWS Lambda would call it. */
export async function run(app: App, { story }: { story: ReleaseStory }): Promise<Outcome> {
  const began = app.clock.now();
  const start = began - HEAD_START;
  return onStage<Outcome>(app, { start, env: { SHADOWCTL_STATE: `s3://${STATE}/journals` } }, async (stage) => {
    const plot = STORIES[story];
    const topic = await deployLive(stage, plot);
    const pipeline = await installPipeline(stage, topic);
    await upload(stage, plot.candidate);
    const last = await withTraffic(app, TRAFFIC, stage.surroundings, () => follow(stage, pipeline, plot.answers));
    stage.chapter('The end');
    const history = await app.execute(['release', 'history', '--endpoint', ENDPOINT], stage.surroundings);
    if (history !== 'done') throw unplanned('release history did not end as planned');
    const outcome = await outcomeOf(stage);
    if (outcome !== plot.ends) throw unplanned(`the release ended "${outcome}", planned was "${plot.ends}"`);
    stage.say(
      `What the function deleted, since nothing needs it any more: ${last.deleted.length === 0 ? 'nothing' : last.deleted.map(basenameOf).join(', ')}.`,
    );
    stage.say(
      `Everything went as planned: ${duration(stage.clock.now() - start)} of endpoint time in ${duration(app.clock.now() - began)} of yours.`,
    );
    return 'done';
  });
}

/** The first chapter: buckets, labels and the live model. @returns the ARN of the topic that mails go to */
async function deployLive(stage: Stage, { live, candidate, about }: Story): Promise<string> {
  const { aws, project } = stage;
  await stage.copy([live, candidate, DATA]);
  stage.say(
    `shadowctl demo release: a release that runs itself. ${about} Everything runs against the emulator at ${stage.emulatorUrl}; only time is virtual, and the function is called in this process.`,
  );
  stage.chapter('Production');
  for (const bucket of [STATE, UPLOADS]) await createBucket(aws, bucket);
  const topic = await createTopic(aws, 'releases');
  await putObject(aws, `s3://${UPLOADS}/labels/weather-test.csv`, {
    body: await readFile(join(project, basename(DATA))),
    type: 'text/csv',
  });
  const deploy = [
    ...['deploy', '--endpoint', ENDPOINT, '--artifact', basename(live), '--algorithm', 'linear-learner'],
    ...['--instance-type', 'ml.m5.large', '--instances', '3', '--yes'],
  ];
  stage.show(deploy);
  await stage.run(deploy);
  return topic;
}

/** A pipeline: its function, and the mails that it has sent. */
interface Pipeline {
  call: (event: unknown) => Promise<unknown>;
  mails: readonly Mail[];
}

/** Writes the settings of a pipeline, and makes its function. @param topic ARN of the topic that mails go to */
async function installPipeline({ aws, clock, project, surroundings }: Stage, topic: string): Promise<Pipeline> {
  const settings: FunctionSettings = {
    version: 1,
    name: 'demo',
    endpoint: ENDPOINT,
    watch: `s3://${UPLOADS}/weather/`,
    adopt: false,
    wayBack: 7 * 24 * HOUR,
    project: {
      notify: topic,
      policy: POLICY,
      release: {
        sampling: ['100%'],
        timeBox: '3h',
        answer: '1h',
        settle: '5m',
        link: 'https://releases.example.com',
        labels: `s3://${UPLOADS}/labels/weather-test.csv:label`,
      },
    },
  };
  const settingsUri = `s3://${STATE}/settings.json`;
  await putObject(aws, settingsUri, { body: JSON.stringify(settings), type: 'application/json' });
  const mails: Mail[] = [];
  const handler = createHandler({
    clock,
    env: { ...surroundings.env, SHADOWCTL_SETTINGS: settingsUri },
    folder: project,
    log: () => undefined,
    wrap: (connection) => noting(connection, mails),
  });
  return { call: (event) => handler(event, { getRemainingTimeInMillis: () => 15 * MINUTE }), mails };
}

async function upload(stage: Stage, candidate: string): Promise<void> {
  stage.chapter('An upload');
  await putObject(stage.aws, `s3://${UPLOADS}/weather/model.tar.gz`, {
    body: await readFile(join(stage.project, basename(candidate))),
    type: 'application/gzip',
  });
  stage.say(`${basename(candidate)} is uploaded to s3://${UPLOADS}/weather/model.tar.gz, and S3 tells EventBridge.`);
}

/** Calls the function for the upload and then tick by tick, until the release has ended. @param answers somebody follows the link */
async function follow(stage: Stage, { call, mails }: Pipeline, answers: boolean): Promise<TickRecord> {
  const { app, io, clock } = stage;
  const created = { source: 'aws.s3', 'detail-type': 'Object Created', detail: { bucket: { name: UPLOADS } } };
  let shown = 0;
  let tick = (await call(created)) as TickRecord;
  let state = '';
  let clicked = false;
  for (let n = 0; n < 150; n += 1) {
    app.signal.throwIfAborted();
    const now = tick.waits ?? tick.result;
    if (now !== state)
      for (const line of wrap(`${dateAndTime(clock.now())}  ${TICKS[now] ?? now}`, io.columns, ' '.repeat(18)))
        io.out(line);
    state = now;
    for (const mail of mails.slice(shown)) for (const line of mailLines(io, mail)) io.out(line);
    shown = mails.length;
    if (tick.result === 'ended') return tick;
    if (tick.waits === 'answer' && answers && !clicked) {
      stage.chapter('The page, and the click');
      await click(io, mails, call);
      clicked = true;
    }
    await clock.sleep(EVERY, app.signal);
    tick = (await call({ shadowctl: 'tick' })) as TickRecord;
  }
  throw unplanned('the release did not end');
}

const TICKS: Readonly<Record<string, string>> = {
  endpoint: 'tick: the endpoint is being updated',
  evidence: 'tick: the candidate sees copies of all requests; the evidence does not decide yet',
  answer: 'tick: approval is requested, and the release waits for it',
  update: 'tick: the candidate becomes production, one instance first, guarded by alarms',
  settling: 'tick: the candidate is production, and is watched',
  ended: 'tick: the release has ended',
};

const basenameOf = (name: string) => (name.startsWith('s3://') ? 'the copy of its artifact' : name);

/** A connection to AWS that also keeps what is published to a topic. */
function noting(aws: Aws, mails: Mail[]): Aws {
  return {
    ...aws,
    async sns() {
      const client = await aws.sns();
      return new Proxy(client, {
        get(target, key) {
          const own: unknown = Reflect.get(target, key);
          if (key !== 'send' || typeof own !== 'function') return own;
          return async (...args: unknown[]) => {
            const reply: unknown = await Reflect.apply(own as (...all: unknown[]) => unknown, target, args);
            const { input = {} } = (args[0] ?? {}) as { input?: { Subject?: string; Message?: string } };
            if (input.Message !== undefined) mails.push({ subject: input.Subject ?? '', text: input.Message });
            return reply;
          };
        },
      });
    },
  };
}

function mailLines(io: Io, { subject, text }: Mail): string[] {
  const width = Math.min(io.columns, 100) - 4;
  const lines = text
    .split('\n')
    // Rows of a table, and command lines, which are there to be copied, stay whole.
    .flatMap((line) => (/\S {2,}\S|: shadowctl /.test(line) ? [line] : paragraph({ ...io, columns: width }, line)));
  return ['', `  ┌ mail: ${plain(subject)}`, ...lines.map((line) => `  │ ${plain(line)}`.trimEnd()), '  └'];
}

/** Opens the page that the last mail leads to, and presses its first button. */
async function click(io: Io, mails: readonly Mail[], call: (event: unknown) => Promise<unknown>): Promise<void> {
  const [address = ''] = /https:\/\/releases\.example\.com\S+/.exec(mails.at(-1)?.text ?? '') ?? [];
  const { pathname, search } = new URL(address);
  const visit = async (method: string, body: string) =>
    (await call({
      requestContext: { http: { method } },
      rawPath: pathname,
      rawQueryString: search.slice(1),
      body,
      isBase64Encoded: false,
    })) as UrlReply;
  const page = await visit('GET', '');
  const words = page.body
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<title>.*?<\/title>/s, '')
    .replace(/<\/(?:p|h1|li|form)>/g, '\n')
    .replace(/<button[^>]*>(\w+)<\/button>/g, '[ $1 ]  ')
    .replace(/<[^>]+>/g, '')
    .replaceAll('&amp;', '&')
    .split('\n')
    .filter((line) => line.trim() !== '');
  for (const line of words) for (const one of wrap(`  ${plain(line).trim()}`, io.columns, '  ')) io.out(one);
  const answered = await visit('POST', `${search.slice(1)}&decision=approve`);
  if (page.statusCode !== 200 || answered.statusCode !== 200) throw unplanned('the page did not take the answer');
  io.out('  → Approve');
  io.out();
}

/** How the last release ended, by its history. */
async function outcomeOf(stage: Stage): Promise<string> {
  const { output } = await stage.run(['release', 'history', '--endpoint', ENDPOINT, '--format', 'json']);
  const [first] = JSON.parse(output) as { outcome: string | null }[];
  return first?.outcome ?? 'nothing';
}
