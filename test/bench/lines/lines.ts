import type { Line } from '../calibrate-frame.ts';
import { ANSWERS } from './answers.ts';
import { DAYS } from './days.ts';
import { ERRORS } from './errors.ts';
import { JUDGED } from './judged.ts';
import { LATENCY } from './latency.ts';
import { POWER } from './power.ts';
import { SUMS } from './sums.ts';
import { WINDOW } from './window.ts';

/** Every line of `npm run calibrate`, in its order. */
export const LINES: readonly Line[] = [
  ...LATENCY,
  ...ERRORS,
  ...ANSWERS,
  ...JUDGED,
  ...SUMS,
  ...WINDOW,
  ...DAYS,
  ...POWER,
];
