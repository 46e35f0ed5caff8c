import type { ProductionVariant } from '@aws-sdk/client-sagemaker';
import { algorithmOfImage } from '../../resources/images.ts';
import { nameOf, shortName, type Step } from '../../resources/steps.ts';

/** A step in one line: `+` creates, `~` changes, `-` deletes. */
export function describeStep(step: Step): string {
  const mark = { create: '+', update: '~', delete: '-' }[step.action];
  const detail = describeDetail(step);
  return `${mark} ${nameOf(step)}${detail === '' ? '' : `  (${detail})`}`;
}

function describeDetail(step: Step): string {
  if (step.action === 'delete' || !('input' in step)) return '';
  switch (step.kind) {
    case 'model': {
      const container = step.input.PrimaryContainer;
      return [imageText(container?.Image ?? ''), container?.ModelDataUrl]
        .filter((part) => part !== undefined)
        .map(shortName)
        .join(', ');
    }
    case 'endpoint-config': {
      const shadows = (step.input.ShadowProductionVariants ?? []).map((variant) => `shadow ${variantText(variant)}`);
      return [...(step.input.ProductionVariants ?? []).map(variantText), ...shadows].join('; ');
    }
    case 'endpoint':
      return `runs ${step.input.EndpointConfigName}`;
    case 's3-object':
      return `${step.input.bytes} bytes from ${step.input.path}`;
    case 'alarm':
      return step.input.AlarmDescription ?? step.input.MetricName ?? '';
    default:
      return '';
  }
}

/** `AllTraffic: weather-model on 3 × ml.m5.large` */
export function variantText(variant: ProductionVariant): string {
  const fleet =
    variant.InitialInstanceCount === undefined
      ? 'no instances'
      : `${variant.InitialInstanceCount} × ${variant.InstanceType}`;
  return `${variant.VariantName}: ${variant.ModelName} on ${fleet}`;
}

/** `linear-learner:1` for a built-in container, else the URI. */
export function imageText(uri: string): string {
  const image = algorithmOfImage(uri);
  return image === undefined ? uri : `${image.algorithm}:${image.version}`;
}
