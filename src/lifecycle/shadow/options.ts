import type { Comparator } from '../../analysis/compare/comparator/compare.ts';
import type { CommandLine } from '../../base/text.ts';
import type { Policy } from '../../analysis/policy/policy.ts';
import type { Task } from '../../analysis/predictions.ts';
import type { ScalableTarget } from '../../aws/autoscaling.ts';
import type { Scaling, Step } from '../../resources/steps.ts';
import type { CandidateNames, CandidateSpec } from '../candidate.ts';

/** How production is measured against itself. */
export interface CalibrationOptions {
  /** Milliseconds. */
  length: number;
  /** How answers are read and compared, as a report would. */
  task: Task | undefined;
  policy: Policy;
  /** The policy's own, where it may run. */
  comparator?: Comparator | undefined;
  /** The command that continues it, should it be stopped; undefined: the caller does not know. */
  again?: CommandLine | undefined;
}

export interface ShadowOptions {
  endpoint: string;
  candidate: CandidateSpec;
  /** Share of production's requests that the shadow sees, above 0, at most 1. */
  sample: number;
  /** Of the shadow variant. */
  variantName: string;
  /** Of the shadow; undefined: production's. */
  instanceType: string | undefined;
  instances: number | undefined;
  /** False: the capture stays as it is; then only errors and latency can be compared. */
  capture: boolean;
  /** S3 URI for captures; undefined: where they go already, or the default bucket. */
  captureTo: string | undefined;
  /** Let the shadow scale automatically, within production's limits and by its policies of target tracking. */
  autoscale: 'like-production' | undefined;
  /** First shadow production with its own model, to measure how much it differs from itself. */
  calibrate: CalibrationOptions | undefined;
  /** How long it is to be attached, in milliseconds from the plan on; undefined: until somebody ends it. */
  lasts: number | undefined;
  /** What its instances may cost until then, in US dollars. */
  maxCost: number | undefined;
  /** Change an endpoint that shadowctl did not create, and record it as adopted. */
  adopt: boolean;
  /** Decide only: the plan is returned, and nothing is changed. */
  plan: boolean;
  /** False: returns as soon as AWS has accepted the update. */
  wait: boolean;
}

/** What must be said; the rest has a default: production's instances, all of its requests. */
export type ShadowRequest = Pick<ShadowOptions, 'endpoint' | 'candidate'> & Partial<ShadowOptions>;

export const SHADOW_DEFAULTS: Omit<ShadowOptions, 'endpoint' | 'candidate'> = {
  sample: 1,
  variantName: 'shadow',
  instanceType: undefined,
  instances: undefined,
  capture: true,
  captureTo: undefined,
  autoscale: undefined,
  calibrate: undefined,
  lasts: undefined,
  maxCost: undefined,
  adopt: false,
  plan: false,
  wait: true,
};

/** How a shadow is to scale, read from production. */
export interface ShadowScaling {
  target: ScalableTarget;
  scaling: Scaling;
  /** Policies of production that a shadow cannot take over, with their types. */
  left: readonly { name: string; type: string }[];
}

/** What is decided about a shadow. */
export interface DecidedShadow {
  names: CandidateNames;
  steps: Step[];
  /** What must be there before SageMaker can capture; and the S3 URI that captures go to, where they are turned on. */
  captureSteps: Step[];
  destination: string | undefined;
  /** How it is to scale automatically, where that was asked for. */
  scaling: ShadowScaling | undefined;
}
