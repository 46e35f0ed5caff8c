import { usageError } from '../../base/errors.ts';

/** Algorithms of SageMaker whose images we can look up. */
export type Algorithm = 'linear-learner' | 'xgboost';

/** A built-in algorithm's container image. */
export interface Image {
  algorithm: Algorithm;
  version: string;
  uri: string;
}

interface Known {
  column: 0 | 1;
  repository: string;
  /** Version to image tag, oldest first; the last is the default. */
  tags: Readonly<Record<string, string>>;
}

const ALGORITHMS: Readonly<Record<Algorithm, Known>> = {
  'linear-learner': { column: 0, repository: 'linear-learner', tags: { '1': '1' } },
  xgboost: {
    column: 1,
    repository: 'sagemaker-xgboost',
    tags: {
      '0.90-1': '0.90-1-cpu-py3',
      '0.90-2': '0.90-2-cpu-py3',
      '1.0-1': '1.0-1-cpu-py3',
      '1.2-1': '1.2-1',
      '1.2-2': '1.2-2',
      '1.3-1': '1.3-1',
      '1.5-1': '1.5-1',
      '1.7-1': '1.7-1',
      '3.0-5': '3.0-5',
      '3.2-0': '3.2-0',
    },
  },
};

/** What `--algorithm` takes, for help texts. */
const ALGORITHM_NAMES: readonly string[] = Object.keys(ALGORITHMS);

/**
 * The image of `--algorithm linear-learner|xgboost[:version]` in a region. Without a version: the newest.
 * @throws Problem (usage) listing what is known
 */
export function algorithmImage(text: string, region: string): Image {
  const [name = '', version] = text.split(':', 2);
  const known = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name as Algorithm] : undefined;
  if (known === undefined) {
    throw usageError(
      `--algorithm: "${name}" is not an algorithm whose image shadowctl knows.`,
      `Known: ${ALGORITHM_NAMES.join(', ')}. For any other container give --image URI.`,
    );
  }
  const versions = Object.keys(known.tags);
  const chosen = version ?? newest(name as Algorithm);
  const tag = known.tags[chosen];
  if (tag === undefined) {
    throw usageError(
      `--algorithm: ${name} has no version "${chosen}" that shadowctl knows.`,
      `Known: ${versions.map((one) => `${name}:${one}`).join(', ')}. For any other image give --image URI.`,
    );
  }
  const account = Object.hasOwn(REGISTRIES, region) ? REGISTRIES[region]?.[known.column] : undefined;
  if (account === undefined) {
    throw usageError(
      `--algorithm: the registry of ${name} in region "${region}" is not known.`,
      `Known regions: ${Object.keys(REGISTRIES).join(', ')}. For any other give --image URI.`,
    );
  }
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return {
    algorithm: name as Algorithm,
    version: chosen,
    uri: `${account}.dkr.ecr.${region}.${domain}/${known.repository}:${tag}`,
  };
}

/** Which built-in algorithm an image URI belongs to, by its repository; undefined for any other container. */
export function algorithmOfImage(uri: string): Image | undefined {
  const match = /\/([^/:@]+)(?::([^@]+))?(?:@.*)?$/.exec(uri);
  const entry = Object.entries(ALGORITHMS).find(([, known]) => known.repository === match?.[1]);
  if (entry === undefined) return undefined;
  const [algorithm, known] = entry;
  const version = Object.entries(known.tags).find(([, tag]) => tag === match?.[2])?.[0] ?? match?.[2] ?? '';
  return { algorithm: algorithm as Algorithm, version, uri };
}

/** Whether an account is a registry in which SageMaker keeps the images of its built-in algorithms. */
export function isAlgorithmRegistry(account: string): boolean {
  return Object.values(REGISTRIES).some((accounts) => accounts.includes(account));
}

function newest(algorithm: Algorithm): string {
  // Object.keys puts integer-like keys first; among ours only linear-learner's single "1" is one.
  return Object.keys(ALGORITHMS[algorithm].tags).at(-1) ?? '';
}

/** Registry accounts per region: [linear-learner, sagemaker-xgboost]. From the SageMaker Python SDK's image_uri_config (Apache-2.0, facts 7.1). */
const REGISTRIES: Readonly<Record<string, readonly [linearLearner: string, xgboost: string]>> = {
  'af-south-1': ['455444449433', '510948584623'],
  'ap-east-1': ['286214385809', '651117190479'],
  'ap-northeast-1': ['351501993468', '354813040037'],
  'ap-northeast-2': ['835164637446', '366743142698'],
  'ap-northeast-3': ['867004704886', '867004704886'],
  'ap-south-1': ['991648021394', '720646828776'],
  'ap-south-2': ['628508329040', '628508329040'],
  'ap-southeast-1': ['475088953585', '121021644041'],
  'ap-southeast-2': ['712309505854', '783357654285'],
  'ap-southeast-3': ['951798379941', '951798379941'],
  'ap-southeast-4': ['106583098589', '106583098589'],
  'ca-central-1': ['469771592824', '341280168497'],
  'ca-west-1': ['190319476487', '190319476487'],
  'cn-north-1': ['390948362332', '450853457545'],
  'cn-northwest-1': ['387376663083', '451049120500'],
  'eu-central-1': ['664544806723', '492215442770'],
  'eu-central-2': ['680994064768', '680994064768'],
  'eu-north-1': ['669576153137', '662702820516'],
  'eu-south-1': ['257386234256', '978288397137'],
  'eu-south-2': ['104374241257', '104374241257'],
  'eu-west-1': ['438346466558', '141502667606'],
  'eu-west-2': ['644912444149', '764974769150'],
  'eu-west-3': ['749696950732', '659782779980'],
  'il-central-1': ['898809789911', '898809789911'],
  'me-central-1': ['272398656194', '272398656194'],
  'me-south-1': ['249704162688', '801668240914'],
  'sa-east-1': ['855470959533', '737474898029'],
  'us-east-1': ['382416733822', '683313688378'],
  'us-east-2': ['404615174143', '257758044811'],
  'us-gov-east-1': ['237065988967', '237065988967'],
  'us-gov-west-1': ['226302683700', '414596584902'],
  'us-west-1': ['632365934929', '746614075791'],
  'us-west-2': ['174872318107', '246618743249'],
};
