import { createHash } from 'node:crypto';
import uplot from 'uplot/dist/uPlot.iife.min.js';
import { summarizeEffect } from '../../analysis/judge/effect.ts';
import type { VariantFacts } from '../../analysis/observations.ts';
import type { Gate, Verdict } from '../../analysis/verdict.ts';
import type { Report } from '../report.ts';
import { count, difference, effectRows, gateInterval, gateValue, number, percent, windowText } from '../words.ts';
import browser from './browser.inline.js';
import { chartsOf, figure } from './charts.ts';
import { escapeHtml, escapeJson, htmlTable, proseHtml, scrolling } from './escape.ts';
import { predictionSections } from './predictions.ts';
import ownStyle from './style.css.txt';
import uplotStyle from './uplot.css.txt';

const MARK = { pass: '✓', fail: '✗', inconclusive: '?' } as const;

/**
 * One file that needs nothing else: no network (its own policy forbids it), light and dark, made for screen and paper.
 * Scripts and styles are named in the policy by their hash, so nothing that a model answered can run.
 */
export function renderHtml(report: Report): string {
  const { observations } = report;
  const charts = chartsOf(report);
  const style = `${uplotStyle}\n${ownStyle}`;
  const script = `${uplot}\n${browser}`;
  const policy = `default-src 'none'; style-src '${hash(style)}'; script-src '${hash(script)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const overTime = Object.entries(charts).filter(([id]) => !id.startsWith('sequence-'));
  const sequences = Object.entries(charts).filter(([id]) => id.startsWith('sequence-'));
  const drawAll = (list: typeof overTime) =>
    `<div class="pictures">${list.map(([id, chart]) => figure(id, chart)).join('\n')}</div>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(`Shadow report on ${observations.endpoint}`)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>Shadow report on ${escapeHtml(observations.endpoint)}</h1>
<p class="quiet">${escapeHtml(windowText(observations.window))}; made ${new Date(report.created).toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
</header>
<main>
${verdict(report.verdict)}
${facts(report)}
${sequences.length === 0 ? '' : `<h2>Closing in on the margins</h2>\n<p class="quiet">What the truth can still be, as evidence grew. A gate decides when the band has left its margin; the first, widest bounds may lie off the chart.</p>\n${drawAll(sequences)}`}
<h2>Requests, errors, latency</h2>
${summary(report)}
${overTime.length === 0 ? '<p>no data</p>' : drawAll(overTime)}
${effect(report)}
${predictionSections(observations.predictions, observations.noise)}
${observations.notes.length === 0 ? '' : `<h2>Notes</h2><ul>${observations.notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul>`}
</main>
<script type="application/json" id="data">${escapeJson({ charts })}</script>
<script>${script}</script>
</body>
</html>`;
}

/** What a Content-Security-Policy calls this text. */
function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function facts({ observations }: Report): string {
  const { production, shadow, sampling } = observations;
  const row = (title: string, variant: VariantFacts) => [
    title,
    variant.name,
    variant.model ?? '–',
    variant.endpointConfig ?? '–',
    variant.instances === undefined ? '–' : `${variant.instances} × ${variant.instanceType ?? '?'}`,
  ];
  const table = htmlTable(
    ['', 'variant', 'model', 'endpoint config', 'instances'],
    [row('production', production), ...(shadow === undefined ? [] : [row('shadow', shadow)])],
    [],
    shadow === undefined || sampling === undefined
      ? 'What runs behind the endpoint'
      : `The shadow sees ${percent(sampling)} of the requests`,
  );
  return `<h2>What was compared</h2>\n${table}`;
}

function verdict(found: Verdict | undefined): string {
  if (found === undefined)
    return '<section class="verdict"><h2>Nothing to compare</h2><p>The endpoint has no shadow variant.</p></section>';
  const table = `<table class="gates"><caption>Gates: what was asked, seen, and allowed</caption><thead><tr><th scope="col">gate</th><th scope="col" class="number">seen</th><th scope="col" class="number">can be</th><th scope="col" class="number">limit</th><th scope="col">why</th></tr></thead><tbody>${found.gates.map(gateRow).join('\n')}</tbody></table>`;
  return `<section class="verdict ${found.outcome}"><h2><span class="mark" aria-hidden="true">${MARK[found.outcome]}</span> Verdict: ${found.outcome}</h2><p>${proseHtml(found.summary)}</p></section>
${scrolling('Gates', table)}`;
}

function gateRow(gate: Gate): string {
  const cell = (title: string, words: string) => `<td class="number" data-title="${title}">${escapeHtml(words)}</td>`;
  const needs = gate.needs === undefined ? '' : ` <span class="quiet">It takes ${proseHtml(gate.needs)}.</span>`;
  const informs = gate.gating ? '' : ', for information';
  return `<tr class="${gate.outcome}${gate.gating ? '' : ' inform'}"><th scope="row"><code>${escapeHtml(gate.id)}</code><span class="outcome"><span class="mark" aria-hidden="true">${MARK[gate.outcome]}</span> ${gate.outcome}${informs}</span></th>${cell('seen', gateValue(gate, gate.estimate))}${cell('can be', gateInterval(gate))}${cell('limit', limit(gate))}<td>${proseHtml(gate.reason)}${needs}</td></tr>`;
}

function limit(gate: Gate): string {
  return gate.margin === undefined ? '–' : `${gate.relation} ${gateValue(gate, gate.margin)}`;
}

function summary({ summaries }: Report): string {
  const { production, shadow } = summaries;
  const whole = (value: number | undefined) => (value === undefined ? '–' : count(value));
  const time = (value: number | undefined) => number(value, 'ms');
  const row = (
    title: string,
    of: (variant: typeof production) => number | undefined,
    text: (value: number | undefined) => string,
  ) => {
    const theirs = shadow === undefined ? undefined : of(shadow);
    return [title, text(of(production)), text(theirs), difference(of(production), theirs)];
  };
  return htmlTable(
    ['', 'production', 'shadow', 'difference'],
    [
      row('requests', (v) => v.invocations, whole),
      row('4XX errors', (v) => v.errors4xx, whole),
      row('5XX errors', (v) => v.errors5xx, whole),
      row('model errors', (v) => v.modelErrors, whole),
      row('failed', (v) => v.errorRate, percent),
      ...(['mean', 'p50', 'p90', 'p99'] as const).map((name) =>
        row(`ModelLatency ${name}`, (v) => v.latency[name], time),
      ),
      ...(['mean', 'p50', 'p90', 'p99'] as const).map((name) =>
        row(`OverheadLatency ${name}`, (v) => v.overhead[name], time),
      ),
      row(
        'CPU',
        (v) => v.cpu,
        (value) => number(value, '%'),
      ),
      row(
        'memory',
        (v) => v.memory,
        (value) => number(value, '%'),
      ),
    ],
    [1, 2, 3],
    'Both variants over the window; quantiles are those of each minute, averaged by requests',
  );
}

/** What shadowing costs production: the time before the shadow against the time with it. */
function effect({ observations, policy }: Report): string {
  const { metrics } = observations;
  const both = summarizeEffect(metrics, policy.warmupMinutes);
  const times = metrics.before?.times;
  if (both === undefined || times?.[0] === undefined) return '';
  const window = windowText({ from: times[0], to: (times.at(-1) ?? times[0]) + 60_000 });
  const table = htmlTable(
    ['production', 'before', 'with shadow', 'difference'],
    effectRows(both).map(([title = '', ...cells], i, all) => [under(title, all[i - 1]?.[0]), ...cells]),
    [1, 2, 3],
    `Before: ${window}`,
  );
  return `<h2>Production before and with the shadow</h2>
${table}
<p class="quiet">Other requests at another time: a difference need not come from the shadow.</p>`;
}

/** A row's title with what it stands under: `  p99` below `ModelLatency mean` is `ModelLatency p99`. */
function under(title: string, above = ''): string {
  return title.startsWith(' ') ? `${above.split(' ')[0]} ${title.trim()}` : title;
}
