import type { LabelSums, NumberSums } from '../../analysis/observations.ts';
import { count, number } from '../words.ts';
import { escapeHtml } from './escape.ts';

const SIZE = 320;
const EDGE = 56;

/** Production's number against the shadow's, a point a pair, with the line where both are equal. */
export function scatter(sums: NumberSums): string {
  const values = sums.scatter.flat();
  if (values.length === 0) return '';
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const at = (value: number) => (high > low ? (value - low) / (high - low) : 0.5) * (SIZE - EDGE - 10);
  const points = sums.scatter
    .map(
      ([ours, theirs]) =>
        `<circle cx="${(EDGE + at(ours)).toFixed(1)}" cy="${(SIZE - EDGE - at(theirs)).toFixed(1)}" r="2.2" fill-opacity="0.45"/>`,
    )
    .join('');
  const right = SIZE - 10;
  const bottom = SIZE - EDGE;
  const title = `Production against shadow, ${count(sums.scatter.length)} of ${count(sums.rows)} pairs`;
  return `<figure><figcaption>${escapeHtml(title)}</figcaption><svg viewBox="0 0 ${SIZE} ${SIZE}" role="img" aria-label="${escapeHtml(`${title}; correlation ${number(sums.correlation)}`)}">
<path class="axis" d="M${EDGE} 10V${bottom}H${right}"/><line class="equal" x1="${EDGE}" y1="${bottom}" x2="${right}" y2="10"/>
<g class="shadow">${points}</g>
<text x="${EDGE}" y="${bottom + 16}">${number(low)}</text><text x="${right}" y="${bottom + 16}" text-anchor="end">${number(high)}</text><text x="${(EDGE + right) / 2}" y="${bottom + 30}" text-anchor="middle">production</text>
<text x="${EDGE - 4}" y="${bottom}" text-anchor="end">${number(low)}</text><text x="${EDGE - 4}" y="18" text-anchor="end">${number(high)}</text><text x="12" y="${bottom / 2}" transform="rotate(-90 12 ${bottom / 2})" text-anchor="middle">shadow</text></svg></figure>`;
}

/** Both distributions over each other. */
export function distributions(sums: NumberSums): string {
  const { low, high, production, shadow } = sums.histogram;
  const tallest = Math.max(1, ...production, ...shadow);
  const width = (2 * SIZE - EDGE - 10) / production.length;
  const bottom = SIZE * 0.75 - EDGE;
  const bars = (counts: readonly number[], name: string) =>
    `<g class="${name}" fill-opacity="0.5">${counts
      .map((n, i) => {
        const height = (n / tallest) * (bottom - 10);
        return `<rect x="${(EDGE + i * width).toFixed(1)}" y="${(bottom - height).toFixed(1)}" width="${Math.max(1, width - 1).toFixed(1)}" height="${height.toFixed(1)}"/>`;
      })
      .join('')}</g>`;
  return `<figure><figcaption>Distribution <span>(blue production, orange shadow)</span></figcaption><svg viewBox="0 0 ${2 * SIZE} ${SIZE * 0.75}" role="img" aria-label="Histograms of both variants; Kolmogorov-Smirnov distance ${number(sums.distances.ks)}">
<path class="axis" d="M${EDGE} 10V${bottom}H${2 * SIZE - 10}"/>${bars(production, 'production')}${bars(shadow, 'shadow')}
<text x="${EDGE}" y="${bottom + 16}">${number(low)}</text><text x="${2 * SIZE - 10}" y="${bottom + 16}" text-anchor="end">${number(high)}</text></svg></figure>`;
}

/** Confusion matrix, shaded by the share of production's label that went there. */
export function matrix(sums: LabelSums): string {
  const { labels, counts } = sums.confusion;
  const head = labels.map((label) => `<th scope="col" class="number">${escapeHtml(label)}</th>`).join('');
  const rows = counts.map((row, i) => {
    const total = row.reduce((sum, n) => sum + n, 0);
    const cells = row.map((n, j) => {
      const shade = total === 0 || n === 0 ? 0 : Math.min(4, 1 + Math.floor((n / total) * 4));
      return `<td class="${shade === 0 ? 'heat0' : i === j ? `heat${shade}` : `wrong${shade}`}">${count(n)}</td>`;
    });
    return `<tr><th scope="row">${escapeHtml(labels[i] ?? '')}</th>${cells.join('')}</tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix"><table class="matrix"><caption>Rows: production's label. Columns: the shadow's.</caption><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}
