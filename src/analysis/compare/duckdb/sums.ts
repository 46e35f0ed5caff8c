import { statements } from '../sql/statements.ts';
import sumsSql from './sums.sql';

/** The statements of sums.sql, which several files of this engine ask. */
export const OWN_SUMS = statements(sumsSql, ['keyed', 'skew_by_id', 'skew_by_input', 'answers']);
