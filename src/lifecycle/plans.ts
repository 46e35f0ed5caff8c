import type { SliceRanking } from '../analysis/statistics/slice-risk.ts';
import type { PlannedAlarm } from '../guard/alarms/plan.ts';
import type { Capacity } from '../guard/capacity.ts';
import type { PriceList } from '../guard/prices.ts';
import type { Scaled } from '../guard/scaling.ts';
import type { Changed, Lost } from '../guard/restorable.ts';
import type { Finding } from '../guard/finding.ts';
import type { Phase } from '../guard/phase.ts';
import type { Strategy, StrategyName } from '../guard/strategy.ts';
import type { Needed } from '../resources/prune.ts';
import type { Step } from '../resources/steps.ts';
import type { Deletion, Remainder } from '../resources/teardown.ts';
import type { Calibration } from '../state/calibration.ts';
import type { DivisionWords, MirrorRollout } from '../mirror/router/state.ts';
import type { ReleaseSource, ReleaseTerms } from '../state/releases.ts';
import type { Rollout } from '../state/rollouts.ts';
import type { ReleaseBatch } from './release/batch-settings.ts';
import type { ReplayPlan } from './replay/planned.ts';
import type { RolloutTimes } from './rollout/times.ts';
import type { UpdateStarted } from '../state/updates.ts';

/** Where a plan is for. */
export interface Place {
  /** Twelve digits. */
  account: string;
  region: string;
  /** The AWS profile, where one was named. */
  profile: string | undefined;
  /** Where requests go, if not to AWS itself. */
  endpointUrl: string | undefined;
}

/** What a lifecycle function is about to do: with `plan: true` it is returned, else it must be approved. */
export type LifecyclePlan =
  | DeployPlan
  | PlainUpdatePlan
  | GuardedUpdatePlan
  | AbortPlan
  | CleanupPlan
  | PrunePlan
  | RolloutPlan
  | RolloutReturnPlan
  | ReleasePlan
  | CalibrationResumedPlan
  | PromoteWithoutShadowPlan
  | MirrorRolloutPlan
  | MirrorChangePlan
  | ReplayPlan
  | BatchPlan;

export interface DeployPlan {
  kind: 'deploy';
  place: Place;
  endpoint: string;
  /** What the endpoint will run. */
  config: string;
  model: string;
  /** Empty where the endpoint is already as asked for. */
  steps: readonly Step[];
  /** The endpoint is recorded as adopted: cleanup will not delete it. */
  adopt: boolean;
  notes: readonly PlanNote[];
}

/** An update of a live endpoint all at once, without alarms. */
export interface PlainUpdatePlan {
  kind: 'plain-update';
  place: Place;
  command: string;
  endpoint: string;
  /** The config that runs now. */
  from: string | undefined;
  config: string;
  /** The last one tells the endpoint to run `config`. */
  steps: readonly Step[];
  adopt: boolean;
  notes: readonly PlanNote[];
  /** What runs now and what will, where the change is of models. */
  models: { from: ConfigModels; to: ConfigModels } | undefined;
  /** It is part of something that was approved already. */
  approved: boolean;
}

/** The models of an endpoint config. */
export interface ConfigModels {
  /** Of its production variants. */
  production: readonly string[];
  shadow: string | undefined;
}

/** What a plan costs: all variants, shadows too. */
export interface PlanCost {
  prices: PriceList;
  /** While both fleets stand; undefined where there is one fleet alone. */
  during: readonly Capacity[] | undefined;
  /** When it has ended. */
  after: readonly Capacity[];
  /** How long both stand at least, as far as the plan decides that, in seconds. */
  seconds: number | undefined;
}

/** What is worth knowing before a plan is approved. */
export type PlanNote =
  /** The shadow variant that the endpoint carries now is lost. */
  | { kind: 'shadow-lost'; variant: string }
  /** A new endpoint gets one instance, which nobody asked for: a canary needs two. */
  | { kind: 'one-instance' }
  /** This version does not know the type of instance; the nearest that it knows. */
  | { kind: 'unknown-type'; instanceType: string; nearest: string | undefined }
  /** So many instances stand at once, by type: quotas must permit them. */
  | { kind: 'capacity'; capacity: readonly Capacity[] }
  /** A variant scales automatically; the shadows beside it, by name, do not. */
  | { kind: 'scales'; target: Scaled; shadows: readonly string[] }
  /** The shadow will scale as production does; policies that it cannot take over are left. */
  | {
      kind: 'autoscale';
      variant: string;
      target: Scaled;
      policies: number;
      left: readonly { name: string; type: string }[];
    }
  /** The new config has detailed observability, which the old one does not have. */
  | { kind: 'observability' }
  /** What runs now cannot be started again: this no longer exists. */
  | { kind: 'no-way-back'; lost: readonly Lost[] }
  /** What runs now, or what it returns to, would come back as something else. */
  | { kind: 'changed-since'; changed: readonly Changed[]; of: 'what runs now' | 'the way back' }
  /** Production has one instance, and the canary by which a shadow is promoted needs two. */
  | { kind: 'single-instance' }
  /** What the shadow's fleet costs while it stands. */
  | { kind: 'shadow-cost'; instanceType: string; count: number; prices: PriceList }
  /** The shadow is to end after so many milliseconds; its instances. */
  | { kind: 'time-box'; ms: number; fleet: readonly Capacity[]; prices: PriceList }
  /** What all variants cost. */
  | { kind: 'cost'; cost: PlanCost }
  /** The image of production's model cannot read its artifact: in words, a sentence. */
  | { kind: 'production-unreadable'; words: string }
  /** Settings of production's variant that the shadow does not take over. */
  | { kind: 'not-inherited'; settings: readonly string[] }
  /** Requests and answers are captured under this S3 URI, by SageMaker as these roles. */
  | { kind: 'captures'; under: string; roles: readonly string[] }
  /** Production's own model is the shadow for so many milliseconds: now; or before the plan, `begun` where it already is. */
  | { kind: 'calibrates'; ms: number }
  | { kind: 'calibrates-first'; ms: number; begun: boolean };

/** An update that guards itself: everything about it is decided. */
export interface GuardedUpdatePlan {
  kind: 'guarded-update';
  place: Place;
  command: UpdateStarted['command'];
  endpoint: string;
  variant: string;
  /** The endpoint carries a shadow, which the new config does not have. */
  besideShadow: boolean;
  /** The config that runs now, and the one that is asked for. */
  previous: string;
  requested: string;
  models: { previous: string; requested: string };
  /** What must be created before the update. */
  steps: readonly Step[];
  strategy: Strategy;
  /** Ours, written anew for this fleet. */
  alarms: readonly PlannedAlarm[];
  /** Those of ours that stand from an earlier update, by name: they get new rules. */
  standingAlarms: readonly string[];
  /** The team's own, by name. */
  teamAlarms: readonly string[];
  adopt: boolean;
  cost: PlanCost;
  /** What the examination found: blocking findings stop it unless `unguarded` was given. */
  findings: readonly Finding[];
  /** FailureReason and LastModifiedTime (ms since the epoch) that are there already. */
  before: { reason: string | undefined; modified: number | undefined };
}

export interface AbortPlan {
  kind: 'abort';
  place: Place;
  endpoint: string;
  /** What the update is doing now. */
  stage: Phase;
  previous: string;
  requested: string;
  /** Our alarm that is made to fire. */
  alarm: string;
  /** SageMaker looks at alarms only while a fleet bakes: false where the rollback begins only when the new fleet has traffic. */
  atOnce: boolean;
}

/** Configs, models and uploads that nothing needs. */
export interface PrunePlan {
  kind: 'prune';
  place: Place;
  endpoint: string;
  /** So many earlier releases stay. */
  keep: number;
  steps: readonly Deletion[];
  kept: readonly Needed[];
}
/** A shadow of ours on an endpoint that is to stay, and the update that takes it away. */
export interface ShadowEnd {
  variant: string;
  update: PlainUpdatePlan;
}

/** An endpoint that stays keeps what it runs with: what that is, and whether shadowctl may change it. */
export interface NeedingEndpoint {
  runs: 'rollout' | 'shadow' | 'model';
  managed: boolean;
}

/** What a cleanup deletes of an endpoint, and what stays. */
export interface CleanupPlan {
  kind: 'cleanup';
  place: Place;
  endpoint: string;
  /** The shadow of ours that is taken away first, from an endpoint that stays. */
  shadow?: ShadowEnd | undefined;
  steps: readonly Deletion[];
  /** What stays, and why. */
  left: readonly Remainder[];
  /** The endpoint that stays, where it needs any of that; once the shadow has ended, where that comes first. */
  needs?: NeedingEndpoint | undefined;
  /** What tags could not tell; none where nobody asked for tags. */
  notKnown: readonly string[];
}

/** A release that is to begin: what it may do by itself from then on. */
export interface ReleasePlan {
  kind: 'release';
  place: Place;
  endpoint: string;
  source: ReleaseSource;
  /** The endpoint is recorded as adopted: cleanup will not delete it. */
  adopt: boolean;
  terms: ReleaseTerms;
  /** How long production is watched afterwards, in milliseconds. */
  settle: number;
  /** What keeps it from beginning at once: a sentence. Then its steps are not known yet. */
  waits: string | undefined;
  /** Until its shadow is attached: the copy of the artifact first. Names are chosen anew when it is done. */
  steps: readonly Step[];
  notes: readonly PlanNote[];
  /** How it comes into production; undefined where that is not known yet. */
  strategy: Strategy | undefined;
  /** Instances that are billed besides: the shadow's, and those of the canary while it lasts. */
  fleets: { shadow: readonly Capacity[]; canary: readonly Capacity[] };
  /** Evidence comes from days of recorded inputs; undefined: from a shadow. */
  batch: ReleaseBatch | undefined;
  prices: PriceList;
}

/** A growing share of the requests for a candidate. */
export interface RolloutPlan {
  kind: 'rollout';
  place: Place;
  endpoint: string;
  rollout: Rollout;
  times: RolloutTimes;
  /** What must be created before. */
  steps: readonly Step[];
  /** Instances that stand at once while it begins. */
  capacity: readonly Capacity[];
  cost: PlanCost;
  /** Production scales automatically. */
  scaled: Scaled | undefined;
  /** Whether production could be started again: the way back raises it where it has shrunk. */
  notes: readonly PlanNote[];
}

/** All requests go back to production, and a rollout that is under way ends. */
export interface RolloutReturnPlan {
  kind: 'rollout-return';
  place: Place;
  endpoint: string;
  rollout: Rollout;
  /** The candidate's share of the requests now, as the journal knows it: 0 to 1. */
  share: number;
}

/** A growing part of a mirror's requests for one of its shadows, which is the live side in the end. */
export interface MirrorRolloutPlan {
  kind: 'mirror-rollout';
  /** The mirror, as it was named. */
  mirror: string;
  /** One that is under way goes on from its step. */
  rollout: MirrorRollout;
  /** When the live side answers what the candidate fails. */
  fallback: string;
  /** What the candidate answers already. */
  division: DivisionWords | undefined;
  /** Where its steps are the slices of a field: how risky each is. */
  ranking?: SliceRanking | undefined;
}

/** A change of who answers at a mirror, done at once. */
export interface MirrorChangePlan {
  kind: 'mirror-change';
  mirror: string;
  /** `returned`: the shadow's part of the requests; `undone`: the promotion; `kept`: the shadow ends. */
  what: 'returned' | 'undone' | 'kept';
  shadow: string;
  /** What answers, and what will. */
  live: string;
  after: string;
}

/** A calibration that was stopped goes on; then the candidate is attached. */
interface CalibrationResumedPlan {
  kind: 'calibration-resumed';
  endpoint: string;
  calibration: Calibration;
}

/** SageMaker refused guardrails beside the shadow: the shadow goes first, then its model comes into production. */
interface PromoteWithoutShadowPlan {
  kind: 'promote-without-shadow';
  endpoint: string;
  model: string;
  strategy: StrategyName;
  /** SageMaker's own words. */
  words: string;
  /** The policy has agreed. */
  agreed: boolean;
}

/** A day of a batch that is about to be run. */
export interface BatchPlan {
  kind: 'batch';
  place: Place;
  batch: string;
  /** `2026-11-29`, in `zone`. */
  day: string;
  zone: string;
  /** Where its objects lie, and what is in them. */
  places: readonly string[];
  objects: number;
  bytes: number;
  rows: number;
  /** Goes on with a run that was stopped, or runs what failed again. */
  resumes: boolean;
  /** What must be created before the jobs. */
  steps: readonly Step[];
  jobs: readonly PlannedJob[];
  prices: PriceList;
  /** What the last day that was run took and cost; undefined where there was none, or its price is not known. */
  before: { day: string; rows: number; ms: number; dollars: number | undefined } | undefined;
  /** US dollars beyond which jobs are stopped. */
  maxCost: number | undefined;
  /** So many further jobs may look for bad rows. */
  searches: number;
  notes: readonly string[];
}

/** A transform job that is to be begun. */
export interface PlannedJob {
  side: 'candidate' | 'production';
  model: string;
  objects: number;
  instanceType: string;
  instances: number;
  contentType: string;
  accept: string;
}
