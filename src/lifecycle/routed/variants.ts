import type { Aws } from '../../aws/clients.ts';
import { endpointNotFound } from '../../aws/endpoint-not-found.ts';
import { describeEndpoint, describeEndpointConfig } from '../../aws/sagemaker.ts';
import { environmentError, usageError } from '../../base/errors.ts';
import { lines, shown, text } from '../../base/text.ts';
import type { TwoVariants } from '../rollout/judge-step.ts';

/** An endpoint whose callers say which of two variants answers. */
export interface RoutedEndpoint extends TwoVariants {
  config: string;
  /** When the config was made, milliseconds since the epoch: its models did not answer by it before. */
  created: number;
  /** `s3://…` under which captures land. */
  captures: string;
  /** The share of requests that is captured, 0 to 1. */
  sampling: number;
}

/**
 * The two production variants that callers choose from.
 *
 * @param named production and candidate; undefined: of two, the candidate is the one with weight 0
 * @throws Problem where there are no such two, or their requests are not captured whole
 */
export async function readRouted(
  aws: Aws,
  endpoint: string,
  named: readonly [production: string, candidate: string] | undefined,
  signal: AbortSignal,
): Promise<RoutedEndpoint> {
  const live = await describeEndpoint(aws, endpoint, signal);
  if (live === undefined) throw endpointNotFound(aws.target, endpoint);
  const config = await describeEndpointConfig(aws, live.EndpointConfigName ?? '', signal);
  if (live.EndpointStatus !== 'InService' || config === undefined)
    throw environmentError(
      `Endpoint "${endpoint}" is ${live.EndpointStatus}: which models answer cannot be said.`,
      'Wait until it is in service.',
    );
  const variants = (config.ProductionVariants ?? []).map(
    ({ VariantName = '', ModelName = '', InitialVariantWeight }) => ({
      name: VariantName,
      model: ModelName,
      weight:
        live.ProductionVariants?.find((one) => one.VariantName === VariantName)?.CurrentWeight ??
        InitialVariantWeight ??
        1,
    }),
  );
  const [production, candidate] = named?.map((name) => variants.find((one) => one.name === name)) ?? byWeight(variants);
  if (production === undefined || candidate === undefined || production === candidate) {
    const has = variants.map(({ name }) => name).join(', ');
    throw usageError(
      named === undefined
        ? `Which variant of "${endpoint}" is the candidate is not plain: it has ${has}, and not just one of two with weight 0.`
        : `"${endpoint}" has no two production variants ${named.join(' and ')}: it has ${has}.`,
      variants.length < 2
        ? lines(
            'Callers choose between two production variants (TargetVariant); this endpoint has one.',
            text`By share: ${shown('rollout', { endpoint, steps: '10%,25%,50%,100%' })} and the candidate`,
          )
        : 'Say which: --variants PRODUCTION,CANDIDATE',
    );
  }
  const { DataCaptureConfig: capture } = config;
  const modes = (capture?.CaptureOptions ?? []).map(({ CaptureMode }) => CaptureMode);
  const whole = modes.includes('InputAndOutput') || (modes.includes('Input') && modes.includes('Output'));
  if (capture?.EnableCapture === false || capture?.DestinationS3Uri === undefined || !whole)
    throw environmentError(
      `Endpoint "${endpoint}" does not capture requests and answers: by what callers choose, and what each variant answers, cannot be seen.`,
      'Give its config a DataCaptureConfig with Input and Output.',
    );
  return {
    production: { name: production.name, model: production.model },
    candidate: { name: candidate.name, model: candidate.model },
    config: live.EndpointConfigName ?? '',
    created: config.CreationTime?.getTime() ?? 0,
    captures: capture.DestinationS3Uri,
    sampling: (capture.InitialSamplingPercentage ?? 100) / 100,
  };
}

function byWeight<One extends { weight: number }>(variants: readonly One[]): [One | undefined, One | undefined] {
  const idle = variants.filter(({ weight }) => weight === 0);
  if (variants.length !== 2 || idle.length !== 1) return [undefined, undefined];
  return [variants.find(({ weight }) => weight !== 0), idle[0]];
}
