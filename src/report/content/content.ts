import type { Report } from '../report.ts';
import { claimsSection } from './claims.ts';
import { effectSection, summarySection } from './metrics.ts';
import { daysSection } from './days.ts';
import { type NoData, noData } from './no-data.ts';
import { predictionContent } from './predictions.ts';
import type { Section } from './section.ts';

/** What every rendering for people shows, in this order. */
export interface Content {
  /** Stands in the place of the gates. */
  nothing: NoData | undefined;
  /** What holds in this window beside what may be expected; undefined where no gate tells them apart. */
  claims: Section | undefined;
  /** Of a batch; undefined of anything else. */
  days: Section | undefined;
  /** Empty where production had no request, or nobody measured: tables of dashes say nothing. */
  metrics: readonly Section[];
  predictions: readonly Section[];
}

/** Decides what a report says, section by section; how it is drawn is decided elsewhere. */
export function contentOf(report: Report): Content {
  const nothing = noData(report);
  const measured = report.summaries.production.invocations > 0;
  const metrics = measured ? [summarySection(report), effectSection(report)] : [];
  return {
    nothing,
    claims: nothing === undefined ? claimsSection(report) : undefined,
    days: daysSection(report),
    metrics: metrics.filter((section) => section !== undefined),
    predictions: nothing === undefined ? predictionContent(report) : [],
  };
}
