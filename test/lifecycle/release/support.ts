import type { Aws } from '../../../src/aws/clients.ts';
import { connect } from '../../../src/aws/clients.ts';
import { describeEndpoint, describeEndpointConfig, describeModel } from '../../../src/aws/sagemaker.ts';
import { readPolicy } from '../../../src/analysis/policy/schema.ts';
import { nothingJudged } from '../../../src/lifecycle/judge.ts';
import { type EvidenceLook, type EvidencePort, shadowEvidence } from '../../../src/lifecycle/release/evidence.ts';
import type { Evidence } from '../../../src/lifecycle/release/machine.ts';
import { beginRelease, type ReleaseRequest } from '../../../src/lifecycle/release/release.ts';
import { tick, type TickResult } from '../../../src/lifecycle/release/runner.ts';
import type { TickParts } from '../../../src/lifecycle/release/tick-parts.ts';
import { readReleaseSettings, termsOf } from '../../../src/lifecycle/release/settings.ts';
import type { Session } from '../../../src/lifecycle/session.ts';
import { stateObjects } from '../../../src/aws/state-objects.ts';
import { openJournal, type Recorded } from '../../../src/state/journal.ts';
import { objectState } from '../../../src/state/object-state.ts';
import { existing, replay } from '../../../src/state/replay.ts';
import type { Release } from '../../../src/state/releases.ts';
import { ENDPOINT, type Stage } from '../../support/stage.ts';
import { scriptSession } from '../script.ts';

export const MINUTE = 60_000;
export const GOOD = 's3://models/009.tar.gz';

/** What a look finds, by where the release stands. */
export type Script = (release: Release) => Partial<Evidence>;

export const PASSES: Script = () => ({ outcome: 'pass', passes: true, errors: 'pass', summary: 'it passes' });
export const FAILS: Script = () => ({ outcome: 'fail', passes: false, errors: 'fail', summary: 'it fails' });
export const OPEN: Script = () => ({ outcome: 'inconclusive', passes: false, errors: 'pass', summary: 'not decided' });

const POLICY = readPolicy({}, 'a test');

/** SageMaker's shadow, really attached and detached; what it shows is the script's. */
function scripted(session: Session, settings: TickParts['settings'], script: Script): EvidencePort {
  const judging = { policy: POLICY, policyFrom: 'a test', labels: undefined, comparator: undefined };
  return {
    ...shadowEvidence(session, ENDPOINT, { settings, judging }),
    async look(release): Promise<EvidenceLook> {
      const evidence: Evidence = {
        outcome: 'inconclusive',
        passes: false,
        errors: 'inconclusive',
        summary: '',
        reasons: [],
        open: [],
        ...script(release),
      };
      return { evidence, judgement: nothingJudged(evidence.outcome, evidence.summary), sides: [] };
    },
  };
}

/** Journals in a bucket that is there already. */
function inBucket({ clock }: Stage, aws: Aws): Pick<Session, 'state' | 'journal'> {
  const root = objectState(stateObjects(aws, clock, { bucket: 'models', key: 'state' }), clock, {
    lockTimeout: 2 * MINUTE,
  });
  return {
    state: async () => root,
    journal: (endpoint) => openJournal(root, { account: '000000000000', region: 'us-east-1', endpoint }, clock),
  };
}

/** A session with everything that a tick works with. */
export function releaseOn(
  stage: Stage,
  written: object,
  script: Script,
  aws?: Aws,
  place: 'folder' | 'bucket' = 'folder',
) {
  const session = scriptSession(stage, {
    ...(aws !== undefined && { aws: async () => aws }),
    ...(place === 'bucket' && inBucket(stage, aws ?? stage.aws)),
  });
  const read = readReleaseSettings([written], 'a test');
  // No requests flow here, so no alarm can be shown to fire.
  const settings = { ...read, guard: { ...read.guard, unguarded: true } };
  const parts: TickParts = { endpoint: ENDPOINT, settings, evidence: scripted(session, settings, script), targets: [] };
  const request: ReleaseRequest = {
    endpoint: ENDPOINT,
    wanted: { artifact: GOOD },
    image: undefined,
    algorithm: undefined,
    allowMismatch: false,
    settings,
    terms: termsOf(settings, undefined),
    from: 'hand',
    again: false,
    adopt: true,
    plan: false,
  };
  return {
    session,
    parts,
    request,
    begin: (more: Partial<ReleaseRequest> = {}) => beginRelease(session, { ...request, ...more }),
    tick: () => tick(session, parts),
    /** Ticks every two minutes until it waits for this, or has ended. */
    async until(what: string): Promise<TickResult> {
      for (let n = 0; n < 90; n += 1) {
        const result = await tick(session, parts);
        if (result.kind === what || (result.kind === 'waits' && result.move.for === what)) return result;
        if (result.kind === 'ended') return result;
        await stage.clock.sleep(2 * MINUTE);
      }
      throw new Error(`it never came to ${what}`);
    },
    events: async (): Promise<readonly Recorded[]> => (await session.journal(ENDPOINT)).events(),
  };
}

/** What runs: production's artifact, and how many shadows. */
export async function running(stage: Stage): Promise<{ artifact: string | undefined; shadows: number }> {
  const config = (await describeEndpoint(stage.aws, ENDPOINT))?.EndpointConfigName ?? '';
  const live = await describeEndpointConfig(stage.aws, config);
  const model = await describeModel(stage.aws, live?.ProductionVariants?.[0]?.ModelName ?? '');
  return {
    artifact: model?.PrimaryContainer?.ModelDataUrl,
    shadows: live?.ShadowProductionVariants?.length ?? 0,
  };
}

/** The facts of releases without names and times, each run of equal ones once; and what stands by kind. */
export function outcomeOf(events: readonly Recorded[]): { facts: string[]; stands: Record<string, number> } {
  const state = replay(events);
  const facts = state.facts
    .filter(({ name }) => name.startsWith('release-'))
    .map(({ name, value }) => {
      const kept = Object.entries(value).filter(([key]) =>
        ['step', 'about', 'ask', 'answer', 'outcome', 'why'].includes(key),
      );
      return `${name} ${JSON.stringify(Object.fromEntries(kept))}`;
    });
  const stands: Record<string, number> = {};
  for (const { ref, adopted } of existing(state)) if (!adopted) stands[ref.kind] = (stands[ref.kind] ?? 0) + 1;
  return { facts: facts.filter((fact, i) => fact !== facts[i - 1]), stands };
}

/** What a process that is killed throws: no error that anybody could catch for one. */
export const KILLED = Symbol('killed');

/**
 * The same account for a process that is killed just before or after its call of this number, from 1; gives how many there were.
 * @param counted `changes`: those that only look are not counted
 */
export function killedAt(
  stage: Stage,
  at: number,
  moment: 'before' | 'after' = 'after',
  counted: 'all' | 'changes' = 'all',
): { aws: Aws; calls(): number } {
  const aws = connect({
    region: 'us-east-1',
    endpointUrl: stage.emulator.url,
    profile: undefined,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  let count = 0;
  const wrapped = <Client extends object>(client: Client): Client =>
    new Proxy(client, {
      get(target, key) {
        const own: unknown = Reflect.get(target, key);
        if (key !== 'send' || typeof own !== 'function') return own;
        return async (...args: unknown[]) => {
          // The dead make no calls.
          if (count >= at) throw KILLED;
          const name = (args[0] as object).constructor.name;
          const counts = counted === 'all' || !/^(?:Get|List|Describe|Head|Filter)/.test(name);
          if (counts && moment === 'before' && count + 1 === at) {
            count = at;
            throw KILLED;
          }
          const reply: unknown = await Reflect.apply(own as (...all: unknown[]) => unknown, target, args);
          if (counts) count += 1;
          if (count >= at) throw KILLED;
          return reply;
        };
      },
    });
  const lazily =
    <Client extends object>(make: () => Promise<Client>) =>
    async () =>
      wrapped(await make());
  return {
    aws: {
      ...aws,
      sagemaker: lazily(aws.sagemaker),
      cloudwatch: lazily(aws.cloudwatch),
      logs: lazily(aws.logs),
      s3: lazily(aws.s3),
      sns: lazily(aws.sns),
      autoscaling: lazily(aws.autoscaling),
    },
    calls: () => count,
  };
}
