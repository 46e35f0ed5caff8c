import { statements } from './statements.ts';
import worstSql from './worst.sql';

/** Asks for `key`, `moment`, `place`, `distance` and `times` of at most ten rows, the worst first. */
export const { worst: WORST } = statements(worstSql, ['worst']);
