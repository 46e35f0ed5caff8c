import { atLeast, type ImageVersion } from './versions.ts';

const fround = Math.fround;

/** `expf` rounded to float32. */
const exp = (x: number) => fround(Math.exp(x));

const sigmoid = (x: number) => fround(1 / fround(1 + exp(Math.min(-x, 88.7))));

const LOGISTIC = new Set(['reg:logistic', 'binary:logistic']);
const EXPONENTIAL = new Set(['count:poisson', 'reg:gamma', 'reg:tweedie', 'survival:cox', 'survival:aft']);
const IDENTITY = new Set([
  'reg:squarederror',
  'reg:linear',
  'reg:squaredlogerror',
  'reg:pseudohubererror',
  'reg:absoluteerror',
  'reg:quantileerror',
  'reg:expectileerror',
  'binary:logitraw',
  'rank:pairwise',
  'rank:ndcg',
  'rank:map',
]);

/** The release of XGBoost that brought an objective, where an older image meets it in a file. */
const SINCE: Record<string, readonly [major: number, minor: number]> = {
  'reg:squarederror': [0, 90],
  'reg:squaredlogerror': [1, 0],
  'reg:pseudohubererror': [1, 1],
  'survival:aft': [1, 1],
  'reg:absoluteerror': [1, 7],
  'reg:quantileerror': [2, 0],
};

/** Throws an Error where the image's XGBoost does not know an objective, or the emulator does not evaluate it. */
export function checkObjective(objective: string, image: ImageVersion): void {
  const since = SINCE[objective];
  if (since && !atLeast(image, ...since)) throw new Error(`Unknown objective function: \`${objective}\``);
  const known =
    LOGISTIC.has(objective) ||
    EXPONENTIAL.has(objective) ||
    IDENTITY.has(objective) ||
    /^(?:binary:hinge|multi:soft(?:max|prob))$/.test(objective);
  if (!known) throw new Error(`the emulator does not evaluate the objective ${JSON.stringify(objective)}`);
}

/**
 * XGBoost's ProbToMargin: base_score as the user gave it, to what the sum of trees begins with. binary:logitraw takes its
 * base_score as a margin since 1.3.
 */
export function probToMargin(objective: string, score: number, image: ImageVersion): number {
  if (LOGISTIC.has(objective) || (objective === 'binary:logitraw' && !atLeast(image, 1, 3)))
    return fround(-fround(Math.log(fround(fround(1 / score) - 1))));
  if (EXPONENTIAL.has(objective)) return fround(Math.log(score));
  return fround(score);
}

/** XGBoost's PredTransform of one output that stands alone, used for base scores of files older than 1.0. */
export function transformOne(objective: string, margin: number): number {
  if (LOGISTIC.has(objective)) return sigmoid(margin);
  if (EXPONENTIAL.has(objective)) return exp(margin);
  return objective === 'binary:hinge' ? (margin > 0 ? 1 : 0) : margin;
}

/** XGBoost's PredTransform of one record's margins, in float32: as many numbers as come out of `Booster.predict`. */
export function transform(objective: string, margins: Float32Array): Float32Array {
  if (objective === 'multi:softmax') {
    let best = 0;
    for (let k = 1; k < margins.length; k++) if ((margins[k] as number) > (margins[best] as number)) best = k;
    return Float32Array.of(best);
  }
  if (objective === 'multi:softprob') return softmax(margins);
  return margins.map((margin) => transformOne(objective, margin));
}

/** common::Softmax: exponents in float32, their sum in double, divided as float32. */
function softmax(margins: Float32Array): Float32Array {
  const max = margins.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = margins.map((margin) => exp(fround(margin - max)));
  let sum = 0;
  for (const power of powers) sum += power;
  return powers.map((power) => fround(power / fround(sum)));
}
