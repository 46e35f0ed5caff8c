import { createHash } from 'node:crypto';
import uplot from 'uplot/dist/uPlot.iife.min.js';
import type { LabelSums, Predictions, VariantFacts } from '../../analysis/observations.ts';
import type { Gate, Verdict } from '../../analysis/verdict.ts';
import type { Report } from '../report.ts';
import { count, difference, gateInterval, gateValue, number, percent, windowText } from '../words.ts';
import browser from './browser.inline.js';
import { slicesByClass } from '../../analysis/slices.ts';
import { chartsOf, figure } from './charts.ts';
import { escapeHtml, escapeJson, htmlTable } from './escape.ts';
import { distributions, matrix, scatter } from './pictures.ts';
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
${facts(report)}
</header>
<main>
${verdict(report.verdict)}
${sequences.length === 0 ? '' : `<h2>Closing in on the margins</h2>\n${drawAll(sequences)}`}
<h2>Requests, errors, latency</h2>
${summary(report)}
${overTime.length === 0 ? '<p>no data</p>' : drawAll(overTime)}
${predictions(observations.predictions)}
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
  const row = (title: string, variant: VariantFacts | undefined) =>
    variant === undefined
      ? []
      : [
          [
            title,
            variant.name,
            variant.model ?? '–',
            variant.endpointConfig ?? '–',
            variant.instances === undefined ? '–' : `${variant.instances} × ${variant.instanceType ?? '?'}`,
          ],
        ];
  return htmlTable(
    ['', 'variant', 'model', 'endpoint config', 'instances'],
    [...row('production', observations.production), ...row('shadow', observations.shadow)],
    [],
    'What was compared',
  );
}

function verdict(found: Verdict | undefined): string {
  if (found === undefined)
    return '<section class="verdict"><strong>Nothing to compare</strong><p>The endpoint has no shadow variant.</p></section>';
  const rows = found.gates.map(
    (gate) =>
      `<tr class="${gate.outcome}${gate.gating ? '' : ' inform'}"><th scope="row"><span class="mark">${MARK[gate.outcome]}</span> ${gate.outcome}${gate.gating ? '' : ' (for information)'}</th><td><code>${escapeHtml(gate.id)}</code></td><td class="number">${escapeHtml(gateValue(gate, gate.estimate))}</td><td class="number">${escapeHtml(gateInterval(gate))}</td><td class="number">${escapeHtml(limit(gate))}</td><td>${escapeHtml(gate.reason)}${gate.needs === undefined ? '' : ` <span class="quiet">It takes ${escapeHtml(gate.needs)}.</span>`}</td></tr>`,
  );
  return `<section class="verdict ${found.outcome}" aria-label="Verdict"><strong>${MARK[found.outcome]} ${found.outcome}</strong><p>${escapeHtml(found.summary)}</p></section>
<div class="scroll" tabindex="0" role="region" aria-label="Gates"><table class="gates"><thead><tr><th scope="col">outcome</th><th scope="col">gate</th><th scope="col" class="number">seen</th><th scope="col" class="number">can be</th><th scope="col" class="number">limit</th><th scope="col">why</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
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
    'Quantiles are those of each minute, averaged by requests',
  );
}

function predictions(found: Predictions | undefined): string {
  if (found === undefined) return '';
  const side = (title: string, of: (one: Predictions['production']) => number) => [
    title,
    count(of(found.production)),
    count(of(found.shadow)),
  ];
  const pairing = htmlTable(
    ['', 'production', 'shadow'],
    [
      side('capture files', (one) => one.files),
      side('records', (one) => one.records),
      side('unmatched', (one) => one.unmatched),
      side('same id or input twice', (one) => one.ambiguous),
      side('without an answer', (one) => one.withoutAnswer),
      side('answer not understood', (one) => one.unparsed),
      side('lines not readable', (one) => one.unreadable),
      side('outside of the window', (one) => one.outside),
      side('different answers', (one) => one.distinct),
    ],
    [1, 2],
  );
  const { labels, numbers, truth, top } = found;
  const parts = [
    `<h2>Predictions</h2><p>${count(found.pairs)} pairs by ${escapeHtml(found.method ?? 'nothing')}; coverage ${percent(found.coverage)}.</p>${pairing}`,
  ];
  if (labels !== undefined) {
    parts.push(
      `<h3>Labels</h3><p>${count(labels.agree)} of ${count(labels.rows)} equal (${percent(labels.agree / labels.rows)}), Cohen's kappa ${number(labels.kappa)}.</p>${matrix(labels)}${slices(labels)}`,
    );
  }
  if (numbers !== undefined) {
    parts.push(`<h3>${numbers.of === 'value' ? 'Numbers' : 'Scores of the class that production chose'}</h3>
<p>bias ${number(numbers.bias)}, MAE ${number(numbers.mae)}, RMSE ${number(numbers.rmse)}, correlation ${number(numbers.correlation)}; KS ${number(numbers.distances.ks)}, Wasserstein ${number(numbers.distances.wasserstein)}, PSI ${number(numbers.distances.psi)}, Jensen-Shannon ${number(numbers.distances.jensenShannon)}.</p>
<div class="pictures">${scatter(numbers)}${distributions(numbers)}</div>`);
  }
  if (truth?.labels !== undefined) {
    parts.push(
      `<h3>Against the truth</h3><p>accuracy: production ${percent(truth.labels.production / truth.rows)}, shadow ${percent(truth.labels.shadow / truth.rows)}, over ${count(truth.rows)} of ${count(truth.of)} rows.</p>`,
    );
  } else if (truth?.numbers !== undefined) {
    parts.push(
      `<h3>Against the truth</h3><p>mean absolute error: production ${number(truth.numbers.maeProduction)}, shadow ${number(truth.numbers.maeShadow)}, over ${count(truth.rows)} of ${count(truth.of)} rows.</p>`,
    );
  }
  if (top.length > 0) {
    parts.push(
      `<h3>Most diverging pairs</h3>${htmlTable(
        ['id', 'production', 'shadow', 'input'],
        top.map((pair) => [
          pair.id + (pair.row > 0 ? ` #${pair.row}` : ''),
          pair.production,
          pair.shadow,
          pair.input ?? '–',
        ]),
      )}`,
    );
  }
  return parts.join('\n');
}

/** Agreement by the class that production chose. */
function slices(labels: LabelSums): string {
  const rows = slicesByClass(labels).map((slice) => [
    slice.name,
    count(slice.rows),
    percent(slice.agree / slice.rows),
    slice.interval.map(percent).join(' … '),
    slice.adjusted < 0.05 ? `yes (adjusted p = ${number(slice.adjusted)})` : 'no',
  ]);
  return htmlTable(
    ["production's label", 'rows', 'equal', 'can be', 'stands out'],
    rows,
    [1, 2, 3],
    'Where it differs (Benjamini-Hochberg over all classes)',
  );
}
