import type { CapacitySize, DeploymentConfig } from '@aws-sdk/client-sagemaker';
import { usageError } from '../base/errors.ts';
import { lines, shown, text } from '../base/text.ts';
import { duration, durationFlag, SECOND } from '../base/units.ts';
import { AS_FLAGS, type GuardSetting, type SettingWords } from './setting-words.ts';

export type StrategyName = 'canary' | 'linear' | 'rolling' | 'all-at-once';

export const STRATEGIES: readonly StrategyName[] = ['canary', 'linear', 'rolling', 'all-at-once'];

/** A part of a fleet, as the user says it: `2` is two instances, `10%` is a share of them. */
export interface Size {
  unit: 'instances' | 'percent';
  /** A whole number of at least 1. */
  value: number;
}

/** How traffic is to move, as the user asked for it; undefined leaves it to the default. */
export interface StrategyRequest {
  strategy: StrategyName;
  /** canary: the canary's size; linear: a step's; rolling: a batch's. */
  size?: Size | undefined;
  /** rolling only: how many instances are returned at a time. */
  rollbackSize?: Size | undefined;
  /** How long each stage is watched before the next. */
  bakeSeconds?: number | undefined;
  /** How long the whole new fleet is watched before the old one is taken away. */
  finalBakeSeconds?: number | undefined;
  /** When SageMaker gives up. */
  maxSeconds?: number | undefined;
}

/** A strategy that SageMaker will accept, with everything said that follows from it. */
export interface Strategy {
  name: StrategyName;
  /** Instances of the new fleet. */
  fleet: number;
  /** Instances of the new fleet that take traffic in each stage, the last being the whole fleet. */
  stages: readonly number[];
  /** Seconds watched after each stage but the last. */
  bakeSeconds: number;
  /** Seconds watched with all traffic on the new fleet before the old one goes; 0 for rolling, which has no such time. */
  finalBakeSeconds: number;
  maxSeconds: number | undefined;
  config: DeploymentConfig;
}

/** Watched by default: an alarm over one minute fires about three minutes after the first failure (facts 4.3). */
const DEFAULT_BAKE_SECONDS = 300;

/**
 * The longest that SageMaker permits an update to take (facts 4.1). It is said always: what counts where it is left out is
 * documented nowhere, and an update that bakes longer than that would be rolled back.
 */
const MAX_SECONDS = 28_800;

function limited(config: DeploymentConfig, max: number | undefined): DeploymentConfig {
  if (max === undefined) return config;
  const { BlueGreenUpdatePolicy: blueGreen, RollingUpdatePolicy: rolling } = config;
  return {
    ...(blueGreen && { BlueGreenUpdatePolicy: { ...blueGreen, MaximumExecutionTimeoutInSeconds: max } }),
    ...(rolling && { RollingUpdatePolicy: { ...rolling, MaximumExecutionTimeoutInSeconds: max } }),
  };
}

/**
 * The request as SageMaker's DeploymentConfig, without alarms. Every numeric and cross-field rule of UpdateEndpoint
 * (facts 4.1) is checked here, so that nothing is created for an update that would be refused.
 * @param fleet instances the new fleet will have
 * @param endpoint for what is advised
 * @param besideShadow the endpoint carries a shadow, so that its fleet cannot be changed before that ends
 * @param say how whoever is told sets these
 * @throws Problem 'usage' naming the rule
 */
export function planStrategy(
  request: StrategyRequest,
  fleet: number,
  endpoint = 'NAME',
  besideShadow = false,
  say: SettingWords = AS_FLAGS,
): Strategy {
  const bake = seconds(say, 'bake', request.bakeSeconds, DEFAULT_BAKE_SECONDS);
  if (request.rollbackSize !== undefined && request.strategy !== 'rolling') {
    throw usageError(
      `${say('rollback-batch-size')} belongs to ${say('strategy', 'rolling')}; with ${request.strategy} the old fleet runs until the end.`,
    );
  }
  needTwo(request.strategy, fleet, { endpoint, besideShadow, say });
  const shifted = shift(request, fleet, bake, say);
  const waits = shifted.bakeSeconds * (shifted.stages.length - 1) + shifted.finalBakeSeconds;
  const max = request.maxSeconds ?? (waits < MAX_SECONDS ? MAX_SECONDS : undefined);
  if (max !== undefined) {
    if (max < 600 || max > MAX_SECONDS)
      throw usageError(`${say('max-time', durationFlag(max * SECOND))}: SageMaker permits 10m to 8h (600 to 28800 s).`);
    if (max <= waits) {
      throw usageError(
        `${say('max-time', durationFlag(max * SECOND))}: it must be longer than all the waits together, which are ${duration(waits * SECOND)}` +
          ` (${shifted.stages.length - 1} × ${duration(shifted.bakeSeconds * SECOND)} + ${duration(shifted.finalBakeSeconds * SECOND)}).`,
      );
    }
  }
  return { name: request.strategy, fleet, maxSeconds: max, ...shifted, config: limited(shifted.config, max) };
}

type Shifted = Pick<Strategy, 'stages' | 'bakeSeconds' | 'finalBakeSeconds' | 'config'>;

function shift(request: StrategyRequest, fleet: number, bake: number, say: SettingWords): Shifted {
  if (request.strategy === 'canary') return canary(request, fleet, bake, say);
  if (request.strategy === 'linear') return linear(request, fleet, bake, say);
  if (request.strategy === 'rolling') return rolling(request, fleet, bake, say);
  return allAtOnce(request, fleet, say);
}

function canary(request: StrategyRequest, fleet: number, bake: number, say: SettingWords): Shifted {
  const size = request.size ?? { unit: 'instances', value: 1 };
  const count = instancesOf(size, fleet);
  if (size.unit === 'percent' ? size.value > 50 : count * 2 > fleet) {
    throw usageError(
      `A canary of ${show(size)} is more than half of ${instances(fleet)}: SageMaker permits at most 50 % of the new fleet.`,
      `Use ${say('canary-size', String(Math.floor(fleet / 2)))} or less.`,
    );
  }
  const final = seconds(say, 'final-bake', request.finalBakeSeconds, DEFAULT_BAKE_SECONDS);
  return {
    stages: [count, fleet],
    bakeSeconds: bake,
    finalBakeSeconds: final,
    config: blueGreen({ Type: 'CANARY', CanarySize: capacity(size), WaitIntervalInSeconds: bake }, final),
  };
}

function linear(request: StrategyRequest, fleet: number, bake: number, say: SettingWords): Shifted {
  const size = request.size ?? { unit: 'percent', value: 50 };
  const share = size.unit === 'percent' ? size.value / 100 : size.value / fleet;
  if (share < 0.1 || share > 0.5) {
    throw usageError(
      `A linear step of ${show(size)} with ${instances(fleet)}: SageMaker permits 10 to 50 % of the new fleet a step.`,
      `Use ${say('step-size', String(Math.ceil(fleet / 10)))} to ${Math.floor(fleet / 2)}, or 10% to 50%.`,
    );
  }
  const step = instancesOf(size, fleet);
  const stages: number[] = [];
  for (let taken = step; taken < fleet; taken += step) stages.push(taken);
  const final = seconds(say, 'final-bake', request.finalBakeSeconds, DEFAULT_BAKE_SECONDS);
  return {
    stages: [...stages, fleet],
    bakeSeconds: bake,
    finalBakeSeconds: final,
    config: blueGreen({ Type: 'LINEAR', LinearStepSize: capacity(size), WaitIntervalInSeconds: bake }, final),
  };
}

function rolling(request: StrategyRequest, fleet: number, bake: number, say: SettingWords): Shifted {
  if (request.finalBakeSeconds !== undefined) {
    throw usageError(
      `${say('final-bake')} does not exist for ${say('strategy', 'rolling')}: the old instances are removed batch by batch.`,
      `Use ${say('bake')}, which is the wait after every batch.`,
    );
  }
  const size = request.size ?? { unit: 'percent', value: 50 };
  const share = size.unit === 'percent' ? size.value / 100 : size.value / fleet;
  if (share < 0.05 || share > 0.5) {
    throw usageError(
      `A batch of ${show(size)} with ${instances(fleet)}: SageMaker permits 5 to 50 % of the fleet at a time.`,
      `Use ${say('batch-size', String(Math.ceil(fleet / 20)))} to ${Math.floor(fleet / 2)}, or 5% to 50%.`,
    );
  }
  const batch = instancesOf(size, fleet);
  const stages: number[] = [];
  for (let taken = batch; taken < fleet; taken += batch) stages.push(taken);
  return {
    stages: [...stages, fleet],
    bakeSeconds: bake,
    finalBakeSeconds: 0,
    config: {
      RollingUpdatePolicy: {
        MaximumBatchSize: capacity(size),
        WaitIntervalInSeconds: bake,
        ...(request.rollbackSize === undefined ? {} : { RollbackMaximumBatchSize: capacity(request.rollbackSize) }),
      },
    },
  };
}

function allAtOnce(request: StrategyRequest, fleet: number, say: SettingWords): Shifted {
  if (request.size !== undefined)
    throw usageError(`${say('strategy', 'all-at-once')} moves all traffic in one step: it has no size.`);
  if (request.bakeSeconds !== undefined && request.finalBakeSeconds !== undefined) {
    throw usageError(
      `${say('strategy', 'all-at-once')} has one bake only: give ${say('bake')} or ${say('final-bake')}, not both.`,
    );
  }
  const final = seconds(say, 'bake', request.finalBakeSeconds ?? request.bakeSeconds, DEFAULT_BAKE_SECONDS);
  return {
    stages: [fleet],
    bakeSeconds: 0,
    finalBakeSeconds: final,
    // The SDK's model requires WaitIntervalInSeconds although nothing waits for it here (facts 4.1).
    config: blueGreen({ Type: 'ALL_AT_ONCE', WaitIntervalInSeconds: 0 }, final),
  };
}

function blueGreen(
  routing: NonNullable<NonNullable<DeploymentConfig['BlueGreenUpdatePolicy']>['TrafficRoutingConfiguration']>,
  final: number,
): DeploymentConfig {
  return {
    BlueGreenUpdatePolicy: {
      TrafficRoutingConfiguration: routing,
      TerminationWaitInSeconds: final,
    },
  };
}

function needTwo(
  name: StrategyName,
  fleet: number,
  { endpoint, besideShadow, say }: { endpoint: string; besideShadow: boolean; say: SettingWords },
): void {
  if (fleet >= 2 || name === 'all-at-once') return;
  throw usageError(
    `A ${name} update needs at least 2 instances, and the new fleet has ${fleet}: SageMaker permits at most 50 % of the fleet in a step.`,
    besideShadow
      ? `Use ${say('strategy', 'all-at-once')}, which watches the whole new fleet before the old one goes. The fleet can be made larger only without the shadow.`
      : lines(
          `Use ${say('strategy', 'all-at-once')}, which watches the whole new fleet before the old one goes. Or give the endpoint 2 instances first:`,
          text`  ${shown('deploy', { endpoint, instances: 2 })}`,
        ),
  );
}

function seconds(say: SettingWords, setting: GuardSetting, given: number | undefined, otherwise: number): number {
  const value = given ?? otherwise;
  if (value < 0 || value > 3600)
    throw usageError(`${say(setting, durationFlag(value * SECOND))}: SageMaker permits 0 to 1h (3600 s).`);
  return value;
}

/** How many instances a size means; SageMaker cannot start a part of an instance. */
function instancesOf(size: Size, fleet: number): number {
  return size.unit === 'instances' ? size.value : Math.max(1, Math.floor((fleet * size.value) / 100));
}

function show(size: Size): string {
  return size.unit === 'percent' ? `${size.value} %` : instances(size.value);
}

function capacity(size: Size): CapacitySize {
  return { Type: size.unit === 'percent' ? 'CAPACITY_PERCENT' : 'INSTANCE_COUNT', Value: size.value };
}

/** `1 instance`, `3 instances`. */
export function instances(count: number): string {
  return count === 1 ? '1 instance' : `${count} instances`;
}
