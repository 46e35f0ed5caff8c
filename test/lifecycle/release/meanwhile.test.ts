import { CreateEndpointConfigCommand, UpdateEndpointCommand } from '@aws-sdk/client-sagemaker';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { describeEndpoint, describeEndpointConfig } from '../../../src/aws/sagemaker.ts';
import { readPolicy } from '../../../src/analysis/policy/schema.ts';
import type { Aws } from '../../../src/aws/clients.ts';
import type { Clock } from '../../../src/base/clock.ts';
import type { Problem } from '../../../src/base/errors.ts';
import { printText, type Text } from '../../../src/base/text.ts';
import { runRelease } from '../../../src/lifecycle/release/run.ts';
import { answerRelease, beginRelease } from '../../../src/lifecycle/release/release.ts';
import { lookForRelease } from '../../../src/lifecycle/release/look.ts';
import { answerPage } from '../../../src/lifecycle/release/page.ts';
import { tick } from '../../../src/lifecycle/release/runner.ts';
import { type Session, viewEndpoint } from '../../../src/lifecycle/session.ts';
import { releasesOf } from '../../../src/state/releases.ts';
import { ENDPOINT, openStage, type Stage } from '../../support/stage.ts';
import { FAILS, MINUTE, outcomeOf, PASSES, releaseOn, running } from './support.ts';

// What happens while a tick looks at the evidence, which takes minutes, and on machines whose clocks are wrong.

vi.setConfig({ testTimeout: 120_000 });

let stage: Stage;
afterEach(() => stage.close());

const ALL = { sampling: ['100%'], settle: '2m', answer: '6h' };
const approve = { endpoint: ENDPOINT, answer: 'approve', question: undefined, reason: undefined } as const;
type Life = ReturnType<typeof releaseOn>;

/** Lets something happen during the next look. */
function duringTheNextLook(life: Life, happens: () => Promise<void>): void {
  const { evidence } = life.parts;
  let happened = false;
  Object.assign(life.parts, {
    evidence: {
      ...evidence,
      look: async (...asked: Parameters<typeof evidence.look>) => {
        const look = await evidence.look(...asked);
        if (!happened) await happens();
        happened = true;
        return look;
      },
    },
  });
}

/** Somebody puts a shadow of theirs in place of the release's, past shadowctl. */
async function somebodysShadow(): Promise<string> {
  const sagemaker = await stage.aws.sagemaker();
  const runs = (await describeEndpoint(stage.aws, ENDPOINT))?.EndpointConfigName ?? '';
  const { ProductionVariants = [], ShadowProductionVariants = [] } =
    (await describeEndpointConfig(stage.aws, runs)) ?? {};
  const theirs = ProductionVariants[0]?.ModelName;
  await sagemaker.send(
    new CreateEndpointConfigCommand({
      EndpointConfigName: 'theirs',
      ProductionVariants,
      ShadowProductionVariants: ShadowProductionVariants.map((one) => ({ ...one, ModelName: theirs })),
    }),
  );
  await sagemaker.send(new UpdateEndpointCommand({ EndpointName: ENDPOINT, EndpointConfigName: 'theirs' }));
  for (let n = 0; n < 60; n += 1) {
    await stage.clock.sleep(MINUTE);
    if ((await describeEndpoint(stage.aws, ENDPOINT))?.EndpointStatus === 'InService') return 'theirs';
  }
  throw new Error('it never came up');
}

const facts = async (life: Life) => outcomeOf(await life.events()).facts.join('\n');

describe("another's shadow that came during the look", () => {
  test('is not promoted by the approval of the one before it', async () => {
    stage = await openStage();
    const life = releaseOn(stage, ALL, PASSES);
    await life.begin();
    await life.until('answer');
    await answerRelease(life.session, approve);
    duringTheNextLook(life, async () => void (await somebodysShadow()));
    expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'overtaken' } } });
    expect(await facts(life)).not.toContain('release-promoting');
    expect((await describeEndpoint(stage.aws, ENDPOINT))?.EndpointConfigName).toBe('theirs');
  });

  test('is not removed in its place', async () => {
    stage = await openStage();
    let fails = false;
    const life = releaseOn(stage, ALL, (release) => (fails ? FAILS(release) : PASSES(release)));
    await life.begin();
    await life.until('answer');
    fails = true;
    duringTheNextLook(life, async () => void (await somebodysShadow()));
    expect(await life.until('ended')).toMatchObject({ release: { ended: { outcome: 'overtaken' } } });
    expect(await running(stage)).toMatchObject({ shadows: 1 });
  });
});

test('hours that begin during the look are kept', async () => {
  stage = await openStage();
  // The stage begins on a Monday at nine.
  const life = releaseOn(stage, { ...ALL, quiet: 'Mon 12:00-Mon 20:00' }, PASSES);
  await life.begin();
  await life.until('answer');
  await answerRelease(life.session, approve);
  duringTheNextLook(life, () => stage.clock.sleep(Date.UTC(2026, 0, 5, 12, 5) - stage.clock.now()));
  expect(await life.tick()).toMatchObject({ kind: 'waits', move: { for: 'quiet-hours' } });
  expect(await facts(life)).not.toContain('release-promoting');
});

describe('a machine whose clock is wrong', () => {
  /** The same session on a machine whose clock is so much ahead. */
  function ahead(session: Session, by: number): Session {
    const clock: Clock = Object.create(session.clock, { now: { value: () => session.clock.now() + by } }) as Clock;
    return { ...session, clock };
  }
  const wrong = { kind: 'cannot-run', message: expect.stringContaining('clock of this machine') };

  test.each([4 * 24 * 60 * MINUTE, -3 * MINUTE])('by %i ms begins, decides and answers nothing', async (by) => {
    stage = await openStage();
    const life = releaseOn(stage, { ...ALL, link: 'https://releases.example.com' }, PASSES);
    const late = ahead(life.session, by);
    await expect(beginRelease(late, life.request)).rejects.toMatchObject(wrong);
    await life.begin();
    await life.until('answer');
    const before = await facts(life);
    await expect(tick(late, life.parts)).rejects.toMatchObject(wrong);
    await expect(answerRelease(late, approve)).rejects.toMatchObject(
      by > 0 ? { kind: 'no', message: expect.stringContaining('were taken until') } : wrong,
    );
    expect(await facts(life)).toBe(before);
    if (by > 0) return;
    // A page there takes no approval either.
    const note = life.session.events.flatMap((event) => (event.kind === 'release-told' ? [event.note] : [])).at(-1);
    const { pathname, search } = new URL(note?.about === 'asked' ? (note.link ?? '') : '');
    const request = { method: 'POST', path: pathname, query: '', body: `${search.slice(1)}&decision=approve` };
    await expect(answerPage(late, request, () => '')).rejects.toMatchObject(wrong);
    expect(await facts(life)).toBe(before);
  });

  test('by a little less puts nothing out of order: what came after the beginning is what came later', async () => {
    stage = await openStage();
    const life = releaseOn(stage, ALL, PASSES);

    await beginRelease(ahead(life.session, 100_000), life.request);
    await life.tick();
    const seen = await viewEndpoint(life.session, ENDPOINT, async (on) => {
      const release = releasesOf(on.state()).at(-1);
      return release && lookForRelease(on, release, { spans: [], zone: 'UTC' });
    });
    expect(seen).toMatchObject({ accepted: true, changedBy: undefined });
  });
});

describe('credentials that end while a release waits', () => {
  /** The same account, whose session has ended. @param renewable by a profile; else they are those of the environment */
  function ended(aws: Aws, renewable: boolean): Aws {
    const expired = Object.assign(new Error('The security token included in the request is expired'), {
      name: 'ExpiredTokenException',
      $fault: 'client',
      $metadata: { attempts: 1, httpStatusCode: 400 },
    });
    const send = () => Promise.reject(expired);
    return {
      ...aws,
      target: { ...aws.target, ...(renewable && { credentials: undefined, profile: 'team' }) },
      sagemaker: async () => ({ send }) as never,
    };
  }
  const judging = { policy: readPolicy({}, 'a test'), policyFrom: 'a test', labels: undefined, comparator: undefined };
  const goOn = (life: Life, aws: () => Promise<Aws>, signal: AbortSignal) =>
    runRelease(
      { ...life.session, aws, signal },
      { endpoint: ENDPOINT, settings: { ...life.parts.settings, every: MINUTE }, judging, targets: [] },
      { ...life.request, wanted: {}, watch: undefined, approve: undefined, once: false },
    );

  test('and that nothing can renew end the run, which says what goes on and how to go on', async () => {
    stage = await openStage();
    const life = releaseOn(stage, ALL, PASSES);
    await life.begin();
    await life.tick();
    const aws = ended(await life.session.aws(), false);
    const problem = await goOn(life, async () => aws, new AbortController().signal).catch((error: unknown) => error);
    expect(problem).toMatchObject({ kind: 'cannot-run', message: expect.stringContaining('continues there') });
    expect(printText((problem as Problem).next as Text)).toMatch(
      /AWS_SESSION_TOKEN.*shadowctl release --endpoint weather/s,
    );
  });

  test('and are renewed beside it are taken up: each look fails until then, and says how to log in', async () => {
    stage = await openStage();
    const life = releaseOn(stage, ALL, PASSES);
    await life.begin();
    await life.tick();
    const real = await life.session.aws();
    const stop = new AbortController();
    const until = stage.clock.now() + 4 * MINUTE;
    await stage.clock.all<unknown>([
      () =>
        goOn(life, async () => (stage.clock.now() < until ? ended(real, true) : real), stop.signal).catch(
          (error: unknown) => error,
        ),
      async () => {
        await stage.clock.sleep(20 * MINUTE);
        stop.abort();
      },
    ]);
    const failed = life.session.events.flatMap((event) => (event.kind === 'tick-failed' ? [event.problem] : []));
    expect(failed.length).toBeGreaterThan(1);
    expect(printText(failed[0]?.next ?? '')).toContain('aws sso login --profile team');
    expect(await facts(life)).toContain('release-gathering');
    expect(await facts(life)).not.toContain('release-trouble');
  });
});
