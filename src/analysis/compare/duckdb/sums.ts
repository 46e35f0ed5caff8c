import { statements } from './statements.ts';
import sumsSql from './sums.sql';

/** The statements of sums.sql, which several files ask. */
export const SUMS = statements(sumsSql, [
  'keyed',
  'blocks',
  'numbers',
  'reference',
  'reference_minutes',
  'scatter',
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
