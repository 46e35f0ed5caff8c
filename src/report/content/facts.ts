import { suspectedSource } from '../../analysis/judge/label-fault.ts';
import { earlierText } from '../../analysis/judge/earlier.ts';
import { fleetText } from '../../analysis/judge/fleets.ts';
import type { ReadElsewhere, VariantFacts } from '../../analysis/observations.ts';
import { bytes, count, counted, percent, scanPrice } from '../../base/units.ts';
import type { LostLines, Predictions } from '../../analysis/predictions.ts';
import type { Report } from '../report.ts';
import { spanOfDays } from './days.ts';
import { waiverTexts } from './waivers.ts';
import { readingsText, windowText } from '../words.ts';

/** What runs as one of the two variants; undefined where it is not known. */
interface RunningVariant {
  role: 'production' | 'shadow' | 'candidate';
  name: string;
  model: string | undefined;
  endpointConfig: string | undefined;
  /** `3 × ml.m5.large` */
  instances: string | undefined;
}

/** What a report is about, before anything is judged. */
export interface Facts {
  endpoint: string;
  window: string;
  variants: readonly RunningVariant[];
  /** How much of the traffic the shadow gets: goes on after "the shadow". */
  sampling: string | undefined;
  /** What was captured and is in none of the numbers, because it could not be read; and labels that may be none. Sentences. */
  warnings: readonly string[];
  /** That the two fleets did not stay in proportion, where they did not. */
  fleets: string | undefined;
  /** What of the policy's demands was waived, or failed before and is not answered by this verdict, a sentence each. */
  waived: readonly string[];
  /** What answers were taken for, a sentence each way in which they can be read; the likeliest first. */
  answers: readonly string[];
  /** What read the captures, and what that cost, where it was not this machine. A sentence. */
  engine: string | undefined;
  /** Undefined where nothing was judged by it. */
  policy: string | undefined;
}

/** The head of a report: what was compared, over which window, by which policy. */
export function factsOf({ observations, verdict, policyFrom, fleets, batch, earlier = [] }: Report): Facts {
  const { endpoint, window, production, shadow, sampling, days } = observations;
  return {
    endpoint: batch === undefined ? endpoint : `batch ${batch.name}`,
    window: batch === undefined || days === undefined ? windowText(window) : spanOfDays(days, batch.zone),
    variants: [
      running('production', production),
      ...(shadow === undefined ? [] : [running(batch === undefined ? 'shadow' : 'candidate', shadow)]),
    ],
    sampling: shadow === undefined || sampling === undefined ? undefined : `sees ${percent(sampling)} of the requests`,
    warnings: [...sampledOf(observations.engine), ...warningsOf(observations.predictions)],
    fleets: fleets && fleetText(fleets),
    waived: [...waiverTexts(verdict?.waivers ?? []), ...earlier.map(earlierText)],
    answers: readingsText(observations.predictions),
    engine: observations.engine && engineText(observations.engine),
    policy: verdict === undefined ? undefined : policyFrom,
  };
}

/** That answers were compared of a part of the requests alone. */
function sampledOf(engine: ReadElsewhere | undefined): string[] {
  if (engine?.sampled === undefined) return [];
  const { requests, of, why } = engine.sampled;
  return [`Answers were compared of ${count(requests)} of ${counted(of, 'pairs')}, drawn at random, because ${why}.`];
}

/** What Athena read, and what that cost. */
function engineText({ queries, scanned, billed, dollars, hours, workgroup }: ReadElsewhere): string {
  const kept = hours.kept === 0 ? '' : `, ${count(hours.kept)} were kept from earlier looks`;
  return `Athena read the captures where they lie: ${counted(hours.read, 'hourly folders')} read${kept}; ${counted(queries, 'queries')} scanned ${bytes(scanned)}, billed as ${bytes(billed)}: about ${scanPrice(dollars)} (workgroup ${workgroup}).`;
}

function warningsOf(predictions: Predictions | undefined): string[] {
  return predictions === undefined ? [] : [...unreadOf(predictions), ...ownLabels(predictions)];
}

function ownLabels(predictions: Predictions): string[] {
  const whose = suspectedSource(predictions);
  if (whose === undefined) return [];
  const side = whose === 'production' ? "production's" : "the shadow's";
  return [
    `All ${counted(predictions.truth?.rows ?? 0, 'labels')} equal ${side} own answers. Labels that were made from answers prove nothing.`,
  ];
}

/** Counted by reason, for whoever reads only the first lines. */
function unreadOf(predictions: Predictions): string[] {
  return (['production', 'shadow'] as const).flatMap((role) => {
    const { unreadable, unreadableBy = [], unparsed, records } = predictions[role];
    const whose = role === 'production' ? "production's" : "the shadow's";
    const lines =
      unreadable === 0
        ? []
        : [
            `Of ${whose} ${counted(records + unreadable, 'capture lines')}, ${count(unreadable)} could not be read${reasons(unreadableBy)}, and ${unreadable === 1 ? 'is' : 'are'} in none of the numbers.`,
          ];
    const fate = role === 'production' ? 'and these are not compared' : 'and these count against it';
    const answers =
      unparsed === 0
        ? []
        : [`Of ${whose} ${counted(records, 'answers')}, ${count(unparsed)} could not be read as predictions, ${fate}.`];
    return [...lines, ...answers];
  });
}

function reasons(by: readonly LostLines[]): string {
  return by.length === 0 ? '' : ` (${by.map(({ why, count: n }) => `${count(n)}: ${why}`).join('; ')})`;
}

function running(role: RunningVariant['role'], facts: VariantFacts): RunningVariant {
  const { name, model, endpointConfig, instances, instanceType } = facts;
  const known = instances !== undefined && instanceType !== undefined;
  return { role, name, model, endpointConfig, instances: known ? `${instances} × ${instanceType}` : undefined };
}
