/**
 * Parcels that nobody sent: rows for `demo batch` that are generated, the same every time. Will a parcel be late? A day has some
 * hundreds; on Mondays and before the weekend more are late.
 */

/** The columns of a row, in order. The last four say which of four carriers takes it. */
export const PARCEL_COLUMNS = ['km', 'kg', 'hour', 'express', 'north', 'east', 'south', 'west'] as const;
const CARRIERS = 4;

export interface Parcel {
  /** What the models are asked: a line of CSV, in the order of the columns. */
  row: string;
  late: boolean;
}

/** What is really the case: how far and how heavy it is counts, when it was handed in, and who takes it. */
const CARRIER = [0.2, 1.6, -1.8, -0.9];
/** Until spring, `west` was late more often than not. */
const CARRIER_EARLIER = [0.2, 1.6, -1.8, 2.6];

/**
 * @param when `training`: of last year, by which models were trained; else the number of a day
 */
export function parcels(when: 'training' | 'retraining' | number, count: number): Parcel[] {
  const next = random(when === 'training' ? 77_777 : when === 'retraining' ? 99_991 : 1000 + when);
  const carriers = when === 'training' ? CARRIER_EARLIER : CARRIER;
  const ofDay = typeof when === 'number' ? ([0.1, 0, -0.05, 0, 0.1, -0.1, -0.1][when % 7] ?? 0) : 0;
  return Array.from({ length: count }, () => {
    const km = Math.round(20 + 900 * next() ** 2);
    const kg = Math.round(10 * (0.2 + 20 * next() ** 3)) / 10;
    const hour = Math.round(10 * (6 + 14 * next())) / 10;
    const express = next() < 0.3 ? 1 : 0;
    const draw = next();
    const carrier = draw < 0.32 ? 0 : draw < 0.58 ? 1 : draw < 0.83 ? 2 : 3;
    const odds = -2.4 + km / 260 + kg / 7 + (hour - 12) / 5 - 1.3 * express + (carriers[carrier] ?? 0) + ofDay;
    const late = next() < 1 / (1 + Math.exp(-1.8 * odds));
    const taken = Array.from({ length: CARRIERS }, (_, i) => (i === carrier ? 1 : 0));
    return { row: [km, kg, hour, express, ...taken].join(','), late };
  });
}

/** Numbers from 0 to 1 by a seed (mulberry32, which is in the public domain). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
