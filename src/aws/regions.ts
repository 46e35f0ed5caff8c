import { nearest } from '../base/schema.ts';

/**
 * The areas of AWS's regions, each with the number of its last region (the partitions of the AWS SDK, which a test holds
 * this against).
 */
export const AREAS: Readonly<Record<string, number>> = {
  'af-south': 1,
  'ap-east': 2,
  'ap-northeast': 3,
  'ap-south': 2,
  'ap-southeast': 7,
  'ca-central': 1,
  'ca-west': 1,
  'eu-central': 2,
  'eu-north': 1,
  'eu-south': 2,
  'eu-west': 3,
  'il-central': 1,
  'me-central': 1,
  'me-south': 1,
  'me-west': 1,
  'mx-central': 1,
  'sa-east': 1,
  'sa-west': 1,
  'us-east': 2,
  'us-west': 2,
  'cn-north': 1,
  'cn-northwest': 1,
  'eusc-de-east': 1,
  'us-iso-east': 1,
  'us-iso-west': 1,
  'us-isob-east': 1,
  'us-isob-west': 1,
  'eu-isoe-west': 1,
  'us-isof-east': 1,
  'us-isof-south': 1,
  'us-gov-east': 1,
  'us-gov-west': 1,
};

/**
 * The region that was probably meant by one in an area that this version does not know: `eu-west-1` for `eu-wset-1`. AWS
 * opens regions: one more in a known area (`eu-west-9`), or one that resembles none, is taken for new. Pure.
 */
export function misspelledRegion(region: string): string | undefined {
  const [, area = '', number = ''] = /^(.*)-(\d+)$/.exec(region) ?? [];
  if (area === '' || area in AREAS) return undefined;
  const meant = nearest(area, Object.keys(AREAS));
  return meant && `${meant}-${number}`;
}
