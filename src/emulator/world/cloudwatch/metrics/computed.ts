import type { Switches } from '../../options.ts';

/**
 * Does CloudWatch compute a statistic of a metric in a namespace? The Developer Guide lists Average, Sum, Min, Max and
 * SampleCount of SageMaker's; percentiles are common practice, ranks and counts are not sourced (facts 5.1).
 */
export function isComputed(
  { percentiles, rankStatistics }: Pick<Switches, 'percentiles' | 'rankStatistics'>,
  namespace: string | undefined,
  statistic: string,
): boolean {
  if (namespace !== 'AWS/SageMaker') return true;
  if (/^(?:PR|TC)\(/.test(statistic)) return rankStatistics;
  return percentiles || !/^p\d/.test(statistic);
}
