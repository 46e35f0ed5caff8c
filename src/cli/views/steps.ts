import { basename } from 'node:path';
import type { ProductionVariant } from '@aws-sdk/client-sagemaker';
import { algorithmOfImage } from '../../resources/artifact/images.ts';
import { nameOf, type Step } from '../../resources/steps.ts';
import type { Remainder } from '../../resources/teardown.ts';
import { wrap } from '../../ui/wrap.ts';

/** A step as it is shown before it is confirmed, in lines that fit: `+` creates, `~` changes, `-` deletes. */
export function describeStep(step: Step, columns: number, indent = ''): string[] {
  const mark = { create: '+', update: '~', delete: '-' }[step.action];
  return planLines(`${mark} ${nameOf(step)}`, describeDetail(step), columns, indent);
}

/** What is planned, and in brackets what there is to know about it: on the same line where it fits, else below. */
export function planLines(what: string, detail: string, columns: number, indent = ''): string[] {
  if (detail === '') return wrap(indent + what, columns, `${indent}    `);
  const line = `${indent}${what}  (${detail})`;
  if (line.length <= columns) return [line];
  return [
    ...wrap(indent + what, columns, `${indent}    `),
    ...wrap(`${indent}    ${detail}`, columns, `${indent}    `),
  ];
}

/** What a plan leaves, and why: `=`. */
export function staysLines(left: readonly Remainder[], columns: number): string[] {
  return left.flatMap(({ ref, why }) => planLines(`= ${nameOf(ref)}`, `stays, ${why}`, columns));
}

/** What was looked for by tags, and tags could not tell. */
export function notKnownLines(notKnown: readonly string[], columns: number): string[] {
  return notKnown.flatMap((what) => wrap(`not known from tags: ${what}`, columns, '  '));
}

/** Ends a sentence that holds as far as tags tell, where anything is not known from them. */
export function asFarAsKnown(notKnown: readonly string[]): string {
  return notKnown.length === 0 ? '.' : ', as far as tags tell.';
}

function describeDetail(step: Step): string {
  if (
    step.action === 'create' &&
    (step.kind === 'log-group' || step.kind === 's3-prefix' || step.kind === 'batch-outputs')
  )
    return 'written by SageMaker; cleanup deletes it';
  if (step.action === 'create' && (step.kind === 'athena-data' || step.kind === 'athena-look'))
    return 'made by Athena; cleanup deletes it';
  if (step.action === 'delete' || !('input' in step)) return '';
  switch (step.kind) {
    case 'model': {
      const container = step.input.PrimaryContainer;
      const variables = Object.keys(container?.Environment ?? {});
      return [
        imageText(container?.Image ?? ''),
        artifactText(container?.ModelDataUrl),
        variables.length === 0 ? undefined : `environment ${variables.join(' ')}`,
      ]
        .filter((part) => part !== undefined)
        .join(', ');
    }
    case 'endpoint-config': {
      const shadows = (step.input.ShadowProductionVariants ?? []).map((variant) =>
        variant.VariantName === 'shadow' ? variantText(variant) : `shadow ${variantText(variant)}`,
      );
      const off = step.input.DataCaptureConfig?.EnableCapture === false ? ['data capture off'] : [];
      return [...(step.input.ProductionVariants ?? []).map(variantText), ...shadows, ...off].join('; ');
    }
    case 'endpoint':
      return `runs ${step.input.EndpointConfigName}`;
    case 's3-object':
      return `${step.input.bytes} bytes from ${'from' in step.input ? step.input.from : basename(step.input.path)}`;
    case 'alarm':
      return step.input.AlarmDescription ?? step.input.MetricName ?? '';
    default:
      return '';
  }
}

/** Our own uploads by the digits of their content hash, which the line of the upload shows too; any other by its URI. */
function artifactText(uri: string | undefined): string | undefined {
  if (uri === undefined) return undefined;
  const hash = /\/([0-9a-f]{8})[0-9a-f]{56}\/model\.tar\.gz$/.exec(uri)?.[1];
  return hash === undefined ? uri : `artifact ${hash}…`;
}

/** `AllTraffic: weather-model on 3 × ml.m5.large` */
function variantText(variant: ProductionVariant): string {
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

/** Steps for machines: what containers get as environment may be secret, and stays out. */
export function stepsJson(steps: readonly Step[]): object[] {
  return steps.map((step) => {
    if (step.kind !== 'model' || step.action !== 'create') return step;
    const { PrimaryContainer: primary, Containers: containers } = step.input;
    const hidden = (container: NonNullable<typeof primary>) => ({
      ...container,
      ...(container.Environment && {
        Environment: Object.fromEntries(Object.keys(container.Environment).map((name) => [name, '***'])),
      }),
    });
    return {
      ...step,
      input: {
        ...step.input,
        ...(primary && { PrimaryContainer: hidden(primary) }),
        ...(containers && { Containers: containers.map(hidden) }),
      },
    };
  });
}
