/** The first parts of regions outside of the partition `aws` (botocore 1.43.11, partitions.json). */
const OTHERS: Readonly<Record<string, string>> = {
  'cn-': 'aws-cn',
  'us-gov-': 'aws-us-gov',
  'us-iso-': 'aws-iso',
  'us-isob-': 'aws-iso-b',
  'eu-isoe-': 'aws-iso-e',
  'us-isof-': 'aws-iso-f',
  'eusc-': 'aws-eusc',
};

/** The partition of a region, as ARNs begin with it. */
export function partitionOf(region: string): string {
  return Object.entries(OTHERS).find(([start]) => region.startsWith(start))?.[1] ?? 'aws';
}
