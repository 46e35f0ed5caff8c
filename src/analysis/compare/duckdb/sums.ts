import { statements } from '../sql/statements.ts';
import sumsSql from './sums.sql';

/** The statements of sums.sql, which several files of this engine ask. */
export const OWN_SUMS = statements(sumsSql, [
  'keyed',
  'ripe',
  'ages',
  'delays',
  'with_truth',
  'truth_blocks',
  'truth',
  'truth_strata',
  'class_name',
  'truth_cells',
  'truth_outcomes',
  'truth_losses',
  'truth_bands',
  'truth_fit',
  'truth_scores',
  'truth_curves',
  'skew_by_id',
  'skew_by_input',
  'answers',
]);
