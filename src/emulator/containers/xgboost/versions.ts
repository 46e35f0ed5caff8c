/** What an image of XGBoost can do, by its version (facts 7.3). */
export interface ImageVersion {
  /** XGBoost's own release, for example 1.2. */
  major: number;
  minor: number;
  /** Does /ping load the model? From 1.2-2 on (aws/sagemaker-xgboost-container 2a64248); before, it says 200 unseen. */
  pingLoads: boolean;
  /** Does the answer follow the Accept header? From 1.5-1 on (7f160b9); before, it is always CSV on one line. */
  negotiates: boolean;
}

/** Reads `1.2-1`, or `0.72` of the legacy image. */
export function imageVersion(version: string): ImageVersion {
  const [major = 0, minor = 0, build = 0] = version.split(/[.-]/).map(Number);
  const since = (m: number, n: number, b = 0) =>
    major > m || (major === m && (minor > n || (minor === n && build >= b)));
  return { major, minor, pingLoads: since(1, 2, 2), negotiates: since(1, 5) };
}

/** Is this image's XGBoost of that release or a later one? */
export function atLeast(image: ImageVersion, major: number, minor: number): boolean {
  return image.major > major || (image.major === major && image.minor >= minor);
}
