import { statements } from './statements.ts';
import sumsSql from './sums.sql';

/** The statements of sums.sql. */
export const SUMS = statements(sumsSql, ['blocks', 'numbers', 'reference', 'reference_minutes', 'scatter']);
