import { createHash } from 'node:crypto';
import uplot from 'uplot/dist/uPlot.iife.min.js';
import type { RenderOptions, Report } from '../report.ts';
import { contentOf } from '../content/content.ts';
import { factsOf } from '../content/facts.ts';
import { coveredText, errorText } from '../content/covered.ts';
import { GATE_COLUMNS, gateGroups, MARK, legendOf } from '../content/gates.ts';
import type { GateGroup, GateRow } from '../content/gates.ts';
import { nextStep } from '../content/next.ts';
import type { NoData } from '../content/no-data.ts';
import browser from './browser.inline.js';
import { chartsOf, figure } from './charts.ts';
import { escapeHtml, escapeJson, htmlTable, proseHtml, scrolling } from './escape.ts';
import { sectionHtml } from './sections.ts';
import ownStyle from './style.css.txt';
import uplotStyle from './uplot.css.txt';
import { type CommandLine, printCommand } from '../../base/text.ts';
import { dateAndTime, MISSING } from '../../base/units.ts';

/**
 * One file that needs nothing else: no network (its own policy forbids it), light and dark, made for screen and paper.
 * Scripts and styles are named in the policy by their hash, so nothing that a model answered can run.
 */
export function renderHtml(report: Report, options: Pick<RenderOptions, 'command' | 'asked' | 'release'> = {}): string {
  const { observations, batch } = report;
  const title = batch === undefined ? `Shadow report on ${observations.endpoint}` : `Report on batch ${batch.name}`;
  const { charts, zeros } = chartsOf(report);
  const style = `${uplotStyle}\n${ownStyle}`;
  const script = `${uplot}\n${browser}`;
  const policy = `default-src 'none'; style-src '${hash(style)}'; script-src '${hash(script)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const overTime = Object.entries(charts).filter(([id]) => !/^(sequence|days)-/.test(id));
  const byDay = Object.entries(charts).filter(([id]) => id.startsWith('days-'));
  const sequences = Object.entries(charts).filter(([id]) => id.startsWith('sequence-'));
  const content = contentOf(report);
  const [summary, ...rest] = content.metrics;
  const drawAll = (list: typeof overTime) =>
    `<div class="pictures">${list.map(([id, chart]) => figure(id, chart)).join('\n')}</div>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p class="quiet">${escapeHtml(factsOf(report).window)}; made ${dateAndTime(report.created)} UTC; policy: ${escapeHtml(report.policyFrom)}</p>
</header>
<main>
${factsOf(report)
  .warnings.map((words) => `<p><strong>${escapeHtml(words)}</strong></p>`)
  .join('\n')}
${verdict(report, content.nothing, options)}
${facts(report)}
${content.claims === undefined ? '' : sectionHtml(content.claims, 2)}
${sequences.length === 0 ? '' : `<h2>Closing in on the margins</h2>\n<p class="quiet">What the truth can still be, as evidence grew. A gate decides when the band has left its margin; the first, widest bounds may lie off the chart.</p>\n${drawAll(sequences)}`}
${content.days === undefined ? '' : `${sectionHtml(content.days, 2)}\n${byDay.length === 0 ? '' : drawAll(byDay)}`}
${summary === undefined ? '' : `${sectionHtml(summary, 2)}\n${drawAll(overTime)}${zeros.map((words) => `\n<p class="quiet">${escapeHtml(words)}</p>`).join('')}`}
${rest.map((section) => sectionHtml(section, 2)).join('\n')}
${content.predictions.map((section, i) => sectionHtml(section, i === 0 ? 2 : 3)).join('\n')}
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

function facts(report: Report): string {
  const { variants, sampling, answers, engine } = factsOf(report);
  const live = sampling === undefined ? 'What runs behind the endpoint' : `The shadow ${sampling}`;
  // A batch has no endpoint.
  const table =
    report.batch === undefined
      ? htmlTable(
          ['', 'variant', 'model', 'endpoint config', 'instances'],
          variants.map(({ role, name, model, endpointConfig, instances }) => [
            role,
            name,
            model ?? MISSING,
            endpointConfig ?? MISSING,
            instances ?? MISSING,
          ]),
          [],
          live,
        )
      : htmlTable(
          ['', 'model'],
          variants.map(({ role, model }) => [role, model ?? MISSING]),
          [],
          'What answered the rows of each day',
        );
  const read = answers.length === 0 ? '' : `\n<p>Answers: ${proseHtml(answers.join('; or '))}</p>`;
  return `<h2>What runs</h2>\n${table}${read}\n<p>Covered: ${proseHtml([coveredText(report), errorText(report)].filter((part) => part !== undefined).join('; '))}.</p>${engine === undefined ? '' : `\n<p>${proseHtml(engine)}</p>`}`;
}

function verdict(
  report: Report,
  nothing: NoData | undefined,
  { command: print = printCommand, asked, release }: Pick<RenderOptions, 'command' | 'asked' | 'release'>,
): string {
  const { verdict: found } = report;
  if (nothing !== undefined || found === undefined) {
    const outcome = found === undefined ? '' : `Verdict: ${found.outcome}. `;
    const words =
      nothing === undefined ? '' : `<p>${proseHtml(nothing.why)}</p>${step(nothing.next, nothing.command, print)}`;
    return `<section class="verdict ${found?.outcome ?? ''}"><h2>${outcome}Nothing to compare</h2>${words}</section>`;
  }
  const next = nextStep(report, asked, release);
  const then = next === undefined ? '' : step(`Next: ${next.words}`, next.command, print);
  const { waived: waivers, fleets } = factsOf(report);
  const waived = [...waivers, ...(fleets === undefined ? [] : [fleets])].map(
    (words) => `<p><strong>${proseHtml(words)}</strong></p>`,
  );
  const legend = legendOf(report);
  return `<section class="verdict ${found.outcome}"><h2><span class="mark" aria-hidden="true">${MARK[found.outcome]}</span> Verdict: ${found.outcome}</h2><p>${proseHtml(found.summary)}</p>${waived.join('')}${then}</section>
${gateGroups(report).map(gates).join('\n')}${legend.length === 0 ? '' : `\n<p class="quiet">${proseHtml(legend.join(' '))}</p>`}`;
}

function step(words: string, command: CommandLine | undefined, print: (line: CommandLine) => string): string {
  // On a line of its own, which is never broken: it is there to be copied.
  return `<p>${proseHtml(words)}</p>${command === undefined ? '' : `<pre><code>${escapeHtml(print(command))}</code></pre>`}`;
}

function gates({ sort, title, rows }: GateGroup): string {
  const { id, seen, canBe, limit, why } = GATE_COLUMNS;
  const numbers = sort === 'rule' ? [] : [seen, canBe, limit];
  const head = numbers.map((name) => `<th scope="col" class="number">${name}</th>`).join('');
  const table = `<table class="gates"><caption>${escapeHtml(title)}</caption><thead><tr><th scope="col">${id}</th>${head}<th scope="col">${why}</th></tr></thead><tbody>${rows.map((row) => gateRow(row, sort)).join('\n')}</tbody></table>`;
  return scrolling(title, table);
}

/** The numbers of a rule are in its sentence. */
function gateRow({ gate, seen, canBe, limit, why }: GateRow, sort: GateGroup['sort']): string {
  const cell = (title: string, words: string) => `<td class="number" data-title="${title}">${escapeHtml(words)}</td>`;
  const informs = gate.gating ? '' : gate.waived === undefined ? ', for information' : ', waived';
  const numbers =
    sort === 'rule'
      ? ''
      : cell(GATE_COLUMNS.seen, seen) + cell(GATE_COLUMNS.canBe, canBe) + cell(GATE_COLUMNS.limit, limit);
  return `<tr class="${gate.outcome}${gate.gating ? '' : ' inform'}"><th scope="row"><code>${escapeHtml(gate.id)}</code><span class="outcome"><span class="mark" aria-hidden="true">${MARK[gate.outcome]}</span> ${gate.outcome}${informs}</span></th>${numbers}<td>${reason(why)}</td></tr>`;
}

function reason(why: GateRow['why']): string {
  if ('sameAs' in why) return `as <code>${escapeHtml(why.sameAs)}</code>`;
  const needs = why.needs === undefined ? '' : ` <span class="quiet">Needs ${proseHtml(why.needs)}.</span>`;
  return `${proseHtml(why.words)}${needs}`;
}
