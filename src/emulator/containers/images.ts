/** Which container answers for an image. */
type ImageKind =
  | { kind: 'linear-learner' }
  /** `version` is what decides the behaviour, for example `1.2-1`; the legacy image `xgboost` counts as `0.72`. */
  | { kind: 'xgboost'; version: string };

/**
 * Tells the built-in container of an image by its repository name and tag (facts 7.1): `linear-learner:1`,
 * `sagemaker-xgboost:<version>[-cpu-py3]`, the legacy `xgboost:1` or `:latest`. The registry is not looked at, so that
 * every region and a user's own copy work. Undefined for every other image.
 */
export function builtInImage(image: string): ImageKind | undefined {
  const path = image.split('@')[0] ?? '';
  const last = path.slice(path.lastIndexOf('/') + 1);
  const colon = last.indexOf(':');
  const repository = colon < 0 ? last : last.slice(0, colon);
  const tag = colon < 0 ? 'latest' : last.slice(colon + 1);
  if (repository === 'linear-learner' && /^(?:1|latest)$/.test(tag)) return { kind: 'linear-learner' };
  if (repository === 'xgboost' && /^(?:1|latest)$/.test(tag)) return { kind: 'xgboost', version: '0.72' };
  const version = /^(\d+\.\d+-\d+)(?:-cpu-py3|-cpu|-gpu-py3)?$/.exec(tag)?.[1];
  if (repository === 'sagemaker-xgboost' && version) return { kind: 'xgboost', version };
  return undefined;
}
