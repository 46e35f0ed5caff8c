import { usage } from '../base/errors.ts';
import { REGISTRIES } from './registries.ts';

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
    throw usage(
      `--algorithm: "${name}" is not an algorithm shadowctl knows the image of.`,
      `Known: ${ALGORITHM_NAMES.join(', ')}. For any other container give --image URI.`,
    );
  }
  const versions = Object.keys(known.tags);
  const chosen = version ?? newest(name as Algorithm);
  const tag = known.tags[chosen];
  if (tag === undefined) {
    throw usage(
      `--algorithm: ${name} has no version "${chosen}" that shadowctl knows.`,
      `Known: ${versions.map((one) => `${name}:${one}`).join(', ')}. For any other image give --image URI.`,
    );
  }
  const account = Object.hasOwn(REGISTRIES, region) ? REGISTRIES[region]?.[known.column] : undefined;
  if (account === undefined) {
    throw usage(
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

function newest(algorithm: Algorithm): string {
  // Object.keys puts integer-like keys first; among ours only linear-learner's single "1" is one.
  return Object.keys(ALGORITHMS[algorithm].tags).at(-1) ?? '';
}
