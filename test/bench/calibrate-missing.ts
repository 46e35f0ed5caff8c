import { judgeBias } from '../../src/analysis/judge/bias.ts';
import { judgeClasses } from '../../src/analysis/judge/classes.ts';
import { judgeSchema } from '../../src/analysis/judge/schema.ts';
import { readable } from '../../src/analysis/judge/readable.ts';
import type { Evidence } from '../../src/analysis/judge/evidence.ts';
import type { Outcome } from '../../src/analysis/judge/verdict.ts';
import { LabelCounter } from '../../src/analysis/compare/memory/label-counter.ts';
import type { MissingMinute, Predictions } from '../../src/analysis/predictions.ts';
import type { Random } from '../support/random.ts';
import { autoregressive, type Ended, MINUTES, policy, RATE, watch } from './calibrate-frame.ts';

const NO_METRICS = { production: { invocations: [] }, shadow: undefined };

/** The gate itself is asked, with no more of the evidence than it looks at. */
function asked(predictions: Partial<Predictions>): { predictions: Predictions; evidence: Evidence } {
  const side = { records: 1, unreadable: 0, unparsed: 0, withoutAnswer: 0, examples: [] };
  const whole = { coverage: 1, production: side, shadow: side, ...predictions } as unknown as Predictions;
  const observations = { predictions: whole, metrics: NO_METRICS, sampling: 1 };
  return {
    predictions: whole,
    evidence: { observations, summaries: {}, policy, minutes: MINUTES } as unknown as Evidence,
  };
}

/** Answers that cannot be read: of each model so many, drawn by themselves. */
export function broken(random: Random, production: number, shadow: number): Ended {
  const missing: MissingMinute[] = [];
  return watch((minutes) => {
    while (missing.length < minutes) {
      const one = { empty: 0, unreadable: 0, absent: 0, rows: 0, absentRows: 0, onlyShadow: 0, neither: 0 };
      for (let i = 0; i < RATE; i += 1) {
        const [ours, theirs] = [random.next() < production, random.next() < shadow];
        if (ours && theirs) one.neither += 1;
        else if (ours) one.onlyShadow += 1;
        else if (theirs) one.unreadable += 1;
      }
      missing.push({ at: missing.length * 60_000, answered: RATE - one.onlyShadow - one.neither, ...one });
    }
    const { predictions, evidence } = asked({ missing: [...missing] });
    return readable(predictions, evidence).outcome;
  });
}

/** A field that each model leaves out of its answers by chance: of each so many, drawn by themselves. */
export function lacking(random: Random, production: number, shadow: number): Ended {
  let [rows, either, missing, extra] = [0, 0, 0, 0];
  return watch((minutes) => {
    for (; rows < minutes * RATE; rows += 1) {
      const [ours, theirs] = [random.next() >= production, random.next() >= shadow];
      if (ours || theirs) either += 1;
      if (ours && !theirs) missing += 1;
      if (theirs && !ours) extra += 1;
    }
    const one = { path: '$.note', rows: either, differing: 0, missing, extra, otherKind: 0, ignored: false };
    const found = {
      pairs: rows,
      rows,
      differentRows: 0,
      fields: [one],
      labels: { rows, agree: rows },
    } as unknown as Partial<Predictions>;
    const { predictions, evidence } = asked(found);
    return judgeSchema(predictions, evidence)[0]?.outcome === 'fail' ? 'fail' : 'inconclusive';
  });
}

/** The shadow's numbers lie so many deviations higher; whole minutes lean by `mood` (AR(1) with `phi`), rows scatter by 0.3. */
export function lean(random: Random, bias: number, phi: number, mood: number): Ended {
  const moods = autoregressive(random, phi, MINUTES);
  const blocks: { at: number; rows: number; d: number }[] = [];
  let [rows, sum, squares] = [0, 0, 0];
  return watch((minutes) => {
    while (blocks.length < minutes) {
      let minute = 0;
      for (let i = 0; i < RATE; i += 1) {
        const d = bias + mood * (moods[blocks.length] ?? 0) + 0.3 * random.normal();
        minute += d;
        squares += d * d;
      }
      sum += minute;
      rows += RATE;
      blocks.push({ at: 0, rows: RATE, d: minute });
    }
    const mean = sum / rows;
    const numbers = {
      of: 'value',
      rows,
      bias: mean,
      deviation: Math.sqrt((squares - rows * mean * mean) / (rows - 1)),
      production: { deviation: 1 },
      histogram: { low: -4, high: 4 },
    };
    const { predictions, evidence } = asked({ pairs: rows, rows, blocks, numbers } as unknown as Partial<Predictions>);
    return judgeBias(predictions, evidence)[0]?.outcome ?? 'inconclusive';
  });
}

/**
 * A rare class that both models give equally often, and never to the same row: whose a minute's rows are goes by the sign of
 * an AR(1) with `phi`. `found`: the share of production's that the shadow gives too, if it is another model.
 */
export function rareClass(random: Random, rate: number, phi: number, found?: number): Ended {
  const signs = autoregressive(random, phi, MINUTES);
  const counter = new LabelCounter();
  const blocks: { at: number; rows: number; agree: number }[] = [];
  let rows = 0;
  return watch((minutes): Outcome => {
    while (blocks.length < minutes) {
      const at = blocks.length * 60_000;
      let agree = 0;
      for (let i = 0; i < RATE; i += 1) {
        const rare = random.next() < rate;
        const own = found === undefined ? (signs[blocks.length] ?? 0) > 0 : true;
        const theirs = found === undefined ? !own : random.next() < found;
        const said = [rare && own ? 'rare' : 'usual', rare && theirs ? 'rare' : 'usual'] as const;
        counter.add(said[0], said[1], at, rows);
        if (said[0] === said[1]) agree += 1;
        rows += 1;
      }
      blocks.push({ at, rows: RATE, agree });
    }
    const { predictions, evidence } = asked({
      pairs: rows,
      rows,
      blocks,
      labels: counter.sums(true),
    } as unknown as Partial<Predictions>);
    return judgeClasses(predictions, evidence, true)[0]?.outcome === 'fail' ? 'fail' : 'inconclusive';
  });
}
