/** How the shadow's number may lie to production's: within the tolerance, or above or below it. */
export const BANDS = ['equal', 'above', 'below'] as const;
export type NumberBand = (typeof BANDS)[number];

/** Whether both models give a row the same class. */
export const CLASS_BANDS = ['agree', 'differ'] as const;
