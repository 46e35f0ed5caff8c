import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { App, Environment, ExecuteOverrides, Outcome } from '../../app.ts';
import { type Aws, connect } from '../../aws/clients.ts';
import { createBucket } from '../../aws/s3.ts';
import { putObject } from '../../aws/s3-text.ts';
import { createTopic } from '../../aws/sns.ts';
import { VirtualClock } from '../../base/clock.ts';
import { interrupted } from '../../base/errors.ts';
import { printText } from '../../base/text.ts';
import { dateAndTime, duration, HOUR, MINUTE } from '../../base/units.ts';
import { emulatorEnvironment } from '../../emulator/daemon/process.ts';
import { startEmulator } from '../../emulator/http/server.ts';
import { createHandler } from '../../handler.ts';
import type { TickRecord, UrlReply } from '../../pipeline/handle.ts';
import type { FunctionSettings } from '../../pipeline/settings.ts';
import type { Io } from '../../ui/io.ts';
import { plain } from '../../ui/io.ts';
import { fixture } from './fixtures.ts';
import { heading, paragraph, shellLine } from './narration.ts';
import { quiet, unplanned, withTraffic } from './playing.ts';

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

const STORIES: Readonly<
  Record<ReleaseStory, { live: string; candidate: string; about: string; ends: string; answers: boolean }>
> = {
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
  const { io } = app;
  const began = app.clock.now();
  const { live, candidate, about, ends, answers } = STORIES[story];
  const project = await mkdtemp(join(tmpdir(), 'shadowctl-demo-'));
  const clock = new VirtualClock(began - HEAD_START);
  const emulator = await startEmulator({ clock, seed: 1 });
  const env: Environment = {
    ...app.env,
    ...emulatorEnvironment(emulator.url, {}),
    SHADOWCTL_STATE: `s3://${STATE}/journals`,
  };
  const surroundings: ExecuteOverrides = { clock, cwd: project, env };
  const aws = connectTo(env);
  const say = (text: string) => paragraph(io, text).forEach((line) => io.out(line));
  try {
    for (const file of [live, candidate, DATA]) await copyFile(fixture(file), join(project, basename(file)));
    say(
      `shadowctl demo release: a release that runs itself. ${about} Everything runs against the emulator at ${emulator.url}; only time is virtual, and the function is called in this process.`,
    );
    io.out();
    io.out(heading(io, 1, 'Production'));
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
    for (const line of shellLine(io, deploy)) io.out(line);
    await app.execute(deploy, { ...surroundings, io: quiet(io) });

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
      env: { ...env, SHADOWCTL_SETTINGS: settingsUri },
      folder: project,
      log: () => undefined,
      wrap: (one) => noting(one, mails),
    });
    const call = (event: unknown) => handler(event, { getRemainingTimeInMillis: () => 15 * MINUTE });

    io.out();
    io.out(heading(io, 2, 'An upload'));
    await putObject(aws, `s3://${UPLOADS}/weather/model.tar.gz`, {
      body: await readFile(join(project, basename(candidate))),
      type: 'application/gzip',
    });
    say(`${basename(candidate)} is uploaded to s3://${UPLOADS}/weather/model.tar.gz, and S3 tells EventBridge.`);
    const upload = { source: 'aws.s3', 'detail-type': 'Object Created', detail: { bucket: { name: UPLOADS } } };
    const last = await withTraffic(app, TRAFFIC, surroundings, async () => {
      let chapter = 2;
      let shown = 0;
      const showMails = () => {
        for (const mail of mails.slice(shown)) for (const line of mailLines(io, mail)) io.out(line);
        shown = mails.length;
      };
      let tick = (await call(upload)) as TickRecord;
      let state = '';
      let clicked = false;
      for (let n = 0; n < 150; n += 1) {
        app.signal.throwIfAborted();
        const now = tick.waits ?? tick.result;
        if (now !== state) io.out(`${dateAndTime(clock.now())}  ${TICKS[now] ?? now}`);
        state = now;
        showMails();
        if (tick.result === 'ended') return tick;
        if (tick.waits === 'answer' && answers && !clicked) {
          chapter += 1;
          io.out();
          io.out(heading(io, chapter, 'The page, and the click'));
          await click(io, mails, call);
          clicked = true;
        }
        await clock.sleep(EVERY, app.signal);
        tick = (await call({ shadowctl: 'tick' })) as TickRecord;
      }
      throw unplanned('the release did not end');
    });
    io.out();
    io.out(heading(io, answers ? 4 : 3, 'The end'));
    const history = await app.execute(['release', 'history', '--endpoint', ENDPOINT], surroundings);
    if (history !== 'done') throw unplanned('release history did not end as planned');
    const outcome = await outcomeOf(app, surroundings);
    if (outcome !== ends) throw unplanned(`the release ended "${outcome}", planned was "${ends}"`);
    say(
      `What the function deleted, since nothing needs it any more: ${last.deleted.length === 0 ? 'nothing' : last.deleted.map(basenameOf).join(', ')}.`,
    );
    say(
      `Everything went as planned: ${duration(clock.now() - (began - HEAD_START))} of endpoint time in ${duration(app.clock.now() - began)} of yours.`,
    );
    return 'done';
  } catch (error) {
    if (app.signal.aborted)
      throw interrupted('Interrupted: the demo has ended. Nothing is left: its emulator and its folder are gone.');
    throw error;
  } finally {
    aws.close();
    await emulator.close();
    await rm(project, { recursive: true, force: true });
  }
}

const TICKS: Readonly<Record<string, string>> = {
  endpoint: 'tick: the shadow is being attached, or removed',
  evidence: 'tick: the candidate sees copies of all requests; the evidence does not decide yet',
  answer: 'tick: approval is requested, and the release waits for it',
  update: 'tick: the candidate becomes production, one instance first, guarded by alarms',
  settling: 'tick: the candidate is production, and is watched',
  ended: 'tick: the release has ended',
};

const basenameOf = (name: string) => (name.startsWith('s3://') ? 'the copy of its artifact' : name);

function connectTo(env: Environment): Aws {
  return connect({
    region: env.AWS_REGION ?? '',
    endpointUrl: env.AWS_ENDPOINT_URL,
    profile: undefined,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID ?? '', secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '' },
  });
}

/** The same connection; what is published to a topic is also kept. */
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
    .flatMap((line) => (/\S {2,}\S/.test(line) ? [line] : paragraph({ ...io, columns: width }, line)));
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
  for (const line of words) for (const one of paragraph(io, `  ${plain(line)}`)) io.out(one);
  const answered = await visit('POST', `${search.slice(1)}&decision=approve`);
  if (page.statusCode !== 200 || answered.statusCode !== 200) throw unplanned('the page did not take the answer');
  io.out('  → Approve');
  io.out();
}

async function outcomeOf(app: App, surroundings: ExecuteOverrides): Promise<string> {
  const lines: string[] = [];
  const io: Io = { ...quiet(app.io), out: (line = '') => void lines.push(printText(line)) };
  await app.execute(['release', 'history', '--endpoint', ENDPOINT, '--format', 'json'], { ...surroundings, io });
  const [first] = JSON.parse(lines.join('\n')) as { outcome: string | null }[];
  return first?.outcome ?? 'nothing';
}
