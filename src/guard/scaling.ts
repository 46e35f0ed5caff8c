import { type CommandLine, type Text, text } from '../base/text.ts';
import { duration, SECOND } from '../base/units.ts';
import type { Finding } from './finding.ts';
import { instances, type Strategy } from './strategy.ts';

/** A variant that scales automatically, between so many instances. */
export interface Scaled {
  variant: string;
  min: number;
  max: number;
}

/** "between 2 and 6 instances" */
export function rangeWords({ min, max }: Scaled): string {
  return `between ${min} and ${instances(max)}`;
}

/**
 * What autoscaling means for an endpoint that is looked at ("Update endpoints that use automatic scaling", SageMaker
 * Developer Guide: scaling is blocked while an update is in progress, and an update that changes the instance type fails).
 */
export function scalingFindings(endpoint: string, targets: readonly Scaled[], shadows: readonly string[]): Finding[] {
  const subject = `endpoint ${endpoint}`;
  const production = targets.filter(({ variant }) => !shadows.includes(variant));
  const scaled = targets.filter(({ variant }) => shadows.includes(variant));
  const fixed = shadows.filter((shadow) => !targets.some(({ variant }) => variant === shadow));
  const ofShadows = scaled.map((target): Finding => {
    return {
      severity: 'note',
      check: 'shadow-scales',
      subject,
      message: `Its shadow ${target.variant} scales automatically, ${rangeWords(target)}, by its own requests: it may have more or fewer instances than production at the same time.`,
    };
  });
  const ofProduction = production.flatMap((target): Finding[] => [
    {
      severity: 'note',
      check: 'autoscaled',
      subject,
      message: `Its variant ${target.variant} scales automatically, ${rangeWords(target)}, but not while an update is in progress; SageMaker refuses an update to another instance type.`,
    },
    ...fixed.map((shadow): Finding => {
      return {
        severity: 'warning',
        check: 'shadow-not-scaled',
        subject,
        message: `The shadow ${shadow} does not scale with production (${rangeWords(target)}): when production has more instances, each of the shadow's takes more requests, so its latency and errors show an overload.`,
        next: registerAdvice(endpoint, shadow, target),
      };
    }),
  ]);
  return [...ofProduction, ...ofShadows];
}

/** So long without scaling is worth a warning, in seconds. */
const LONG_SECONDS = 1800;

/** What an update behind alarms means for a variant that scales automatically. */
export function frozenFinding(endpoint: string, target: Scaled, strategy: Strategy): Finding {
  const seconds = strategy.bakeSeconds * (strategy.stages.length - 1) + strategy.finalBakeSeconds;
  return {
    severity: seconds > LONG_SECONDS ? 'warning' : 'note',
    check: 'scaling-frozen',
    subject: `endpoint ${endpoint}`,
    message: `It scales automatically, ${rangeWords(target)}, but not while it is being updated: for at least ${duration(seconds * SECOND)}, ${instances(strategy.fleet)} must carry all requests.`,
    next: 'Update at a quiet time, or bake for a shorter time.',
  };
}

const DIMENSION = 'sagemaker:variant:DesiredInstanceCount';

function scalingCommand(command: string, endpoint: string, variant: string, more: CommandLine['options']): CommandLine {
  const options = {
    'service-namespace': 'sagemaker',
    'resource-id': `endpoint/${endpoint}/variant/${variant}`,
    'scalable-dimension': DIMENSION,
    ...more,
  };
  return { program: 'aws', command: `application-autoscaling ${command}`, options, incomplete: false };
}

function registerAdvice(endpoint: string, variant: string, { min, max }: Scaled): Text {
  const more = { 'min-capacity': String(min), 'max-capacity': String(max) };
  return text`Give it a target and a policy of its own: ${scalingCommand('register-scalable-target', endpoint, variant, more)}`;
}

/** How the instance type of a variant can be changed all the same. */
export function deregisterAdvice(endpoint: string, variant: string): Text {
  return text`Take its target away first, and register it again afterwards: ${scalingCommand('deregister-scalable-target', endpoint, variant, {})}`;
}
