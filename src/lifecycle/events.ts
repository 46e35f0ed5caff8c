import type { Unseen } from '../aws/unseen.ts';
import type { Doing } from '../analysis/doing.ts';
import type { Problem } from '../base/errors.ts';
import type { AwsProblem } from '../aws/errors.ts';
import type { LogLine } from '../aws/logs.ts';
import type { TransformJob } from '../aws/transform-jobs.ts';
import type { Strategy } from '../guard/strategy.ts';
import type { Unexamined } from '../resources/artifact/check-remote.ts';
import type { ResolvedStep } from '../resources/resolve.ts';
import type { Step } from '../resources/steps.ts';
import type { Deletion } from '../resources/teardown.ts';
import type { NoiseFloor } from '../base/noise-floor.ts';
import type { Endpoint, Settled } from '../resources/wait.ts';
import type { JournalNote } from '../state/journal.ts';
import type { Rollout } from '../state/rollouts.ts';
import type { Snapshot, Update } from './guarded-update/await-update.ts';
import type { EndedUpdate } from './guarded-update/ended.ts';
import type { Judgement } from './judge.ts';
import type { MirrorRollout } from '../mirror/router/state.ts';
import type { MirrorStopped } from './mirror/stopped.ts';
import type { GuardedUpdatePlan, MirrorRolloutPlan, PlanNote, RolloutPlan } from './plans.ts';
import type { ReleaseNote } from './release/note.ts';
import type { StepVerdict } from './rollout/judge-step.ts';
import type { RolloutStopped } from './rollout/stopped.ts';
import type { PayloadForm } from './traffic/payload-rows.ts';
import type { Summary } from './traffic/tally.ts';

/**
 * What a session is told while something is done: facts as they come, never a sentence. The command line draws them; a
 * script may ignore them, for what counts is returned.
 */
export type LifecycleEvent =
  /** The journal has something to say about its file, in its own words. */
  | { kind: 'journal-note'; note: JournalNote }
  /** What an earlier command left open is settled; in the words of the module that settled it. */
  | { kind: 'recovered'; step: ResolvedStep }
  /** An abort was stopped before it gave this alarm its own rule back; that is done now. */
  | { kind: 'alarm-restored'; alarm: string }
  /** AWS does not take a config that ran before; the same is made anew under another name. */
  | { kind: 'config-refused'; config: string; otherwise: string; words: string }
  /** The fleet was scaled between the plan and the update, which goes by the new number. */
  | { kind: 'fleet-changed'; before: number; strategy: Strategy }
  /** AWS has accepted a step. */
  | { kind: 'step-applied'; step: Step }
  /** AWS has accepted a deletion of a cleanup, and an endpoint is gone. */
  | { kind: 'deleted'; step: Deletion }
  /** An artifact in S3 could not be looked into. */
  | { kind: 'artifact-unexamined'; artifact: Unexamined }
  /** Something was not looked at, because these credentials may not; the work goes on without. */
  | { kind: 'not-seen'; unseen: Unseen }
  /** An inference experiment of SageMaker's will change the endpoint at this moment (ms since the epoch). */
  | { kind: 'experiment-scheduled'; name: string; endpoint: string; startsAt: number }
  /** Work that takes a while begins, goes on and ends; between the first and the last another one may not begin. */
  | { kind: 'task-started'; task: Task }
  | { kind: 'task-progressed'; task: Task; progress: TaskProgress }
  | { kind: 'task-ended'; task: Task; end: TaskEnd }
  /** What the endpoint's containers printed since it was changed: where it did not come up, they say why. */
  | { kind: 'container-lines'; group: string; lines: readonly LogLine[] }
  /** What is worth knowing before a guarded update is examined. */
  | { kind: 'plan-notes'; endpoint: string; notes: readonly PlanNote[] }
  /** A guarded update is decided and examined; nothing is changed yet. */
  | { kind: 'update-examined'; plan: GuardedUpdatePlan; unguarded: boolean }
  /** The update begins when these alarms have left ALARM, and so many have been evaluated. */
  | { kind: 'alarms-awaited'; firing: readonly string[]; unevaluated: number }
  /** One look at an update that is under way. */
  | { kind: 'update-seen'; update: Update; snapshot: Snapshot }
  /** A guarded update has ended, and why is known; its metrics may follow. */
  | { kind: 'update-ended'; ended: EndedUpdate }
  /** The metrics of the last minute are waited for, until this moment at most (ms since the epoch). */
  | { kind: 'metrics-awaited'; until: number }
  | { kind: 'metrics-unreadable'; problem: AwsProblem }
  /** Who was told of an end, or why not. */
  | { kind: 'notified'; target: Target }
  | { kind: 'not-notified'; target: Target; reason: string }
  /** Requests of our own flow while something else is done. */
  | { kind: 'traffic-started'; file: string; rate: number }
  /** Without a reason: because the command was interrupted. */
  | { kind: 'traffic-stopped'; reason: string | undefined }
  /** A file of payloads is read, and is not sent line by line as it stands. */
  | { kind: 'payloads-read'; source: string; form: PayloadForm; rows: number }
  /** A run of requests is over: it was done, it failed or it was interrupted. */
  | { kind: 'requests-sent'; endpoint: string; summary: Summary }
  /** The shadow is judged; with `force` its model is promoted against the verdict too. */
  | { kind: 'shadow-judged'; model: string; judgement: Judgement; force: boolean }
  /** The journal does not say which gates failed, and why not. */
  | { kind: 'verdict-unwritten'; reason: string }
  /** The shadow's model is not taken; production keeps its own. */
  | { kind: 'shadow-ends'; model: string; production: string }
  /** How much production differs from itself; undefined where no request was answered by both copies. */
  | { kind: 'noise-measured'; floor: NoiseFloor | undefined }
  /** A rollout is decided; nothing is changed yet. */
  | { kind: 'rollout-planned'; plan: RolloutPlan }
  /** A step has its share since `at` (ms since the epoch, as below). */
  | { kind: 'rollout-step'; rollout: Rollout; step: number; at: number }
  /** A step is decided, or was watched for as long as was asked for. */
  | { kind: 'rollout-judged'; rollout: Rollout; step: number; verdict: StepVerdict; at: number }
  /** A slice that callers have sent to the candidate is decided. */
  | { kind: 'slice-judged'; slice: string; verdict: StepVerdict; at: number }
  /** Autoscaling had taken instances away from production: it has them again, or AWS said why not. */
  | { kind: 'production-raised'; rollout: Rollout; from: number; to: number; problem: string | undefined }
  /** All requests go to production again. */
  | { kind: 'rollout-returned'; rollout: Rollout; at: number }
  /** The shadow was to end at this moment (ms since the epoch), and stands; `detaches`: it is detached now, first. */
  | { kind: 'time-box-over'; endpoint: string; until: number; detaches: boolean }
  /** A rollout on a mirror is decided; nothing is changed yet. */
  | { kind: 'mirror-rollout-planned'; plan: MirrorRolloutPlan }
  /** A step of it holds, and is watched; it is decided, or was watched for as long as was asked for. */
  | { kind: 'mirror-rollout-step'; rollout: MirrorRollout; step: number; at: number }
  | { kind: 'mirror-rollout-judged'; rollout: MirrorRollout; step: number; verdict: StepVerdict; at: number }
  /** All requests of the mirror go to this side again. */
  | { kind: 'mirror-returned'; side: string; at: number }
  /** What a release has come to; people are told the same. */
  | { kind: 'release-told'; note: ReleaseNote }
  /** A topic that nobody gets mail from: SNS takes messages for it all the same. `pending` wait for their confirmation. */
  | { kind: 'no-subscribers'; arn: string; pending: number }
  /** A look of a release could not be done; the next one tries again. */
  | { kind: 'tick-failed'; problem: Problem }
  /** The report of a question could not be kept; people are asked all the same. */
  | { kind: 'report-not-kept'; problem: AwsProblem }
  /** An artifact that starts no release, and why. */
  | { kind: 'release-passed-over'; name: string; why: string }
  /** A transform job of a batch was begun. */
  | { kind: 'job-begun'; job: string; side: 'candidate' | 'production'; model: string; objects: number }
  /** A job waits until others have ended: SageMaker permits no more instances at once. */
  | { kind: 'jobs-limited'; words: string }
  /** A day of a batch is run now, of several; or nothing was delivered for it, or it could not be run. */
  | { kind: 'batch-day'; day: string; what: 'begins' | 'missing' | 'failed'; problem?: Problem | undefined }
  /** `engine: athena` is set, and this command reads captures on this machine all the same. */
  | { kind: 'captures-read-here' }
  /** A look by Athena could not delete what it made, and why: the next one does. */
  | { kind: 'look-left'; run: string; words: string }
  /** One of several endpoints is cleaned up now. */
  | { kind: 'cleanup-begun'; endpoint: string };

/** Work that takes a while. */
export type Task =
  /** Until an endpoint runs a config that it was told to run. */
  | { name: 'await-config'; endpoint: string; config: string }
  /** Until an endpoint is not being changed any more, or is gone. */
  | { name: 'await-settled' | 'await-gone'; endpoint: string }
  /** SageMaker writes captures up to half a minute after an endpoint is gone. */
  | { name: 'await-captures' }
  | { name: 'look-for-remains' }
  /** Until CloudWatch shows so many requests. */
  | { name: 'await-metrics'; endpoint: string; requests: number }
  /** Production is compared with itself over a window that ends at this moment (ms since the epoch). */
  | { name: 'measure-noise'; until: number }
  /** So many of the file's payloads are tried. */
  | { name: 'test'; source: string; payloads: number; of: number }
  /** Objects of a day are read: before its jobs, and once they have ended. */
  | { name: 'read-objects'; day: string; objects: number; phase: 'before' | 'answers' }
  /** Until so many transform jobs have ended. */
  | { name: 'transform'; jobs: number }
  /** Undefined count: until the time is over. */
  | { name: 'send'; source: string; endpoint: string; count: number | undefined }
  | { name: 'read-recording'; sources: readonly string[] }
  /** Undefined: until the time of a step is over, which sends so many times the peak. */
  | { name: 'replay'; to: string; requests: number | undefined; step: number | undefined };

export type TaskProgress =
  | { kind: 'endpoint'; endpoint: Endpoint }
  /** A look did not succeed and is repeated. */
  | { kind: 'trouble'; problem: AwsProblem }
  | { kind: 'sent'; sent: number; failed: number }
  | { kind: 'objects'; read: number }
  | { kind: 'jobs'; jobs: readonly TransformJob[] }
  | { kind: 'analysis'; doing: Doing };

export type TaskEnd =
  | { kind: 'settled'; settled: Settled; ms: number }
  /** So many of the requests that were waited for, or sent, have arrived. */
  | { kind: 'counted'; arrived: number; of: number }
  | { kind: 'done' }
  /** It was broken off: an error follows. */
  | { kind: 'stopped' };

/** Where an end is told: an SNS topic or a webhook. `form`: what takes it there; undefined: a program of the team's own. */
export type Target =
  | { kind: 'topic'; arn: string }
  | { kind: 'webhook'; url: string; form?: 'slack' | 'teams' | undefined };

/** An end that others are told of. */
export type LifecycleEnd =
  | { kind: 'update'; ended: EndedUpdate }
  /** A shadow has ended, and production stays. */
  | { kind: 'kept'; endpoint: string; model: string; production: string; reason: string | undefined }
  | { kind: 'rollout'; stopped: RolloutStopped }
  | { kind: 'mirror-rollout'; stopped: MirrorStopped }
  | { kind: 'release'; note: ReleaseNote };

/** How an end is told: `text` to people, `facts` beside it to a webhook's machine. */
export interface Message {
  subject: string;
  text: string;
  facts: Readonly<Record<string, unknown>>;
}
