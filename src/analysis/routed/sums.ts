import type { Answer } from '../answers/answer.ts';
import type { Capture } from '../answers/captures.ts';
import { clustersOf } from '../answers/cluster.ts';
import type { AgeRule } from '../answers/label-age.ts';
import { countRows } from '../answers/row-count.ts';
import { inputRows, type Truth } from '../answers/truth.ts';
import { MINUTE } from '../../base/units.ts';
import type { RoutedSide } from './side.ts';

/** The slice of a captured request: what all of its rows hold in the column; undefined where they differ, or it is not known. */
export function sliceOf({ input }: Pick<Capture, 'input'>, column: string): string | undefined {
  const rows = (input && countRows(input)) ?? 1;
  const [first, ...others] = clustersOf(input, rows, column);
  return first !== undefined && others.every((one) => one === first) ? first : undefined;
}

/** Labels, and which of them count. */
export interface RoutedTruth {
  truth: Truth;
  ages: AgeRule | undefined;
}

/** Adds a captured request to a side. */
export function addTo(
  side: RoutedSide,
  capture: Capture,
  answers: readonly Answer[] | undefined,
  labels: RoutedTruth | undefined,
): void {
  side.request(capture.input, answers);
  const minute = Math.floor(capture.at / MINUTE) * MINUTE;
  const features = labels?.truth.by === 'input' && capture.input !== undefined ? inputRows(capture.input) : [];
  for (const [row, answer] of (answers ?? []).entries())
    side.row(minute, answer, labels && labelOf(capture, row, features[row], labels));
}

/** The label of a row, by the caller's id or else SageMaker's own, as Model Monitor takes them. */
function labelOf(
  { inferenceId, eventId, at }: Capture,
  row: number,
  features: string | undefined,
  { truth, ages }: RoutedTruth,
): string | null | undefined {
  if (ages?.before !== undefined && at >= ages.before) return null;
  const ids = [inferenceId ?? '', ...(eventId === undefined ? [] : [eventId])];
  const id = ids.find((one) => truth.of(one, row, features) !== undefined);
  if (id === undefined) return undefined;
  const came = truth.cameAt?.(id, row, features);
  const late = ages?.timed === true && (came === undefined || came - at > ages.age);
  return late ? undefined : truth.of(id, row, features);
}

/** What production answered elsewhere, before and since a slice was moved: what changed there is not the candidate's doing. */
interface Control {
  before: RoutedSide;
  since: RoutedSide;
}

/** Everything by which a slice is judged. */
export interface RoutedEvidence {
  slice: string;
  /** What the candidate answers now, and what production answered to the same slice. */
  candidate: RoutedSide;
  production: RoutedSide;
  control: Control;
}
