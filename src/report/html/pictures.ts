import type { LabelSums, NumberSums } from '../../analysis/predictions.ts';
import { escapeHtml, scrolling } from './escape.ts';
import { count, counted, number, percent } from '../../base/units.ts';

const WIDTH = 520;
const LEFT = 64;
const RIGHT = WIDTH - 12;
const TOP = 12;
const BOTTOM = 44;

/** Round values between the two, ends included where they are round: steps of 1, 2 or 5 times a power of ten. */
export function ticks(low: number, high: number, most = 6): number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const power = 10 ** Math.floor(Math.log10(span / most));
  const step = power * ([1, 2, 5].find((times) => span / (power * times) <= most) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

type Place = (value: number) => number;

function xAxis(low: number, high: number, x: Place, bottom: number, title: string): string {
  const marks = ticks(low, high).map(
    (value) =>
      `<path class="grid" d="M${x(value).toFixed(1)} ${TOP}V${bottom + 4}"/><text x="${x(value).toFixed(1)}" y="${bottom + 17}" text-anchor="middle">${number(value)}</text>`,
  );
  return `${marks.join('')}<text class="title" x="${(LEFT + RIGHT) / 2}" y="${bottom + 36}" text-anchor="middle">${escapeHtml(title)}</text>`;
}

function yAxis(low: number, high: number, y: Place, bottom: number, title: string): string {
  const marks = ticks(low, high).map(
    (value) =>
      `<path class="grid" d="M${LEFT - 4} ${y(value).toFixed(1)}H${RIGHT}"/><text x="${LEFT - 8}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${number(value)}</text>`,
  );
  const middle = (TOP + bottom) / 2;
  return `${marks.join('')}<text class="title" x="14" y="${middle}" transform="rotate(-90 14 ${middle})" text-anchor="middle">${escapeHtml(title)}</text>`;
}

function figure(title: string, label: string, height: number, content: string): string {
  return `<figure><figcaption>${title}</figcaption><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(label)}">${content}</svg></figure>`;
}

/** Production's number against the shadow's, a point a pair, with the line where both are equal. */
export function scatter(sums: NumberSums): string {
  const values = sums.scatter.flat();
  if (values.length === 0) return '';
  let low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  let high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const height = 420;
  const bottom = height - BOTTOM;
  const share = (value: number) => (value - low) / (high - low);
  const x = (value: number) => LEFT + share(value) * (RIGHT - LEFT);
  const y = (value: number) => bottom - share(value) * (bottom - TOP);
  const points = sums.scatter
    .map(([production, shadow]) => `<circle cx="${x(production).toFixed(1)}" cy="${y(shadow).toFixed(1)}" r="2.4"/>`)
    .join('');
  const title = `Production against shadow`;
  const drawn = `${count(sums.scatter.length)} of ${counted(sums.rows, 'rows')}`;
  const label = `${title}, ${drawn}; both from ${number(low)} to ${number(high)}; correlation ${number(sums.correlation)}, bias ${number(sums.bias)}`;
  return figure(
    `${title} <span>(${drawn}; on the dashed line both are equal)</span>`,
    label,
    height,
    `${xAxis(low, high, x, bottom, 'production')}${yAxis(low, high, y, bottom, 'shadow')}<path class="axis" d="M${LEFT} ${TOP}V${bottom}H${RIGHT}"/><g class="points">${points}</g><path class="equal" d="M${LEFT} ${bottom}L${RIGHT} ${TOP}"/>`,
  );
}

/** Both distributions over each other: production as bars, the shadow as a line, so that no colour is needed. */
export function distributions(sums: NumberSums): string {
  const { production, shadow } = sums.histogram;
  let { low, high } = sums.histogram;
  if (production.length === 0) return '';
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const height = 420;
  const bottom = height - BOTTOM;
  const shares = (counts: readonly number[]) => {
    const total = counts.reduce((sum, n) => sum + n, 0);
    return counts.map((n) => (total === 0 ? 0 : (n / total) * 100));
  };
  const [productionShares, shadowShares] = [shares(production), shares(shadow)];
  const tallest = Math.max(...productionShares, ...shadowShares) * 1.05 || 1;
  const x = (value: number) => LEFT + ((value - low) / (high - low)) * (RIGHT - LEFT);
  const y = (value: number) => bottom - (value / tallest) * (bottom - TOP);
  const width = (RIGHT - LEFT) / productionShares.length;
  const bars = productionShares
    .map(
      (value, i) =>
        `<rect x="${(LEFT + i * width).toFixed(1)}" y="${y(value).toFixed(1)}" width="${Math.max(1, width - 1).toFixed(1)}" height="${(bottom - y(value)).toFixed(1)}"/>`,
    )
    .join('');
  const line = shadowShares.map((value) => `V${y(value).toFixed(1)}h${width.toFixed(2)}`).join('');
  const label = `Distributions of production and shadow from ${number(low)} to ${number(high)}: medians ${number(sums.production.p50)} and ${number(sums.shadow.p50)}, Kolmogorov-Smirnov distance ${number(sums.distances.ks)}`;
  return figure(
    'Distribution <span class="key"><i class="bar"></i> production <i class="line"></i> shadow</span>',
    label,
    height,
    `${xAxis(low, high, x, bottom, sums.of === 'value' ? 'prediction' : 'score')}${yAxis(0, tallest, y, bottom, 'rows, %')}<g class="bars">${bars}</g><path class="axis" d="M${LEFT} ${TOP}V${bottom}H${RIGHT}"/><path class="outline" d="M${LEFT} ${bottom}${line}V${bottom}"/>`,
  );
}

/** Confusion matrix, shaded by the share of production's label that went there. */
export function matrix(sums: LabelSums): string {
  const { labels, counts } = sums.confusion;
  if (labels.length === 0) return '';
  const head = labels.map((label) => `<th scope="col" class="number">${escapeHtml(label)}</th>`).join('');
  const rows = counts.map((row, i) => {
    const total = row.reduce((sum, n) => sum + n, 0);
    const cells = row.map((n, j) => {
      const shade = total === 0 || n === 0 ? 0 : Math.min(4, 1 + Math.floor((n / total) * 4));
      const share = n === 0 ? '' : `<small>${percent(n / total)}</small>`;
      return `<td class="${shade === 0 ? 'heat0' : i === j ? `heat${shade}` : `wrong${shade}`}">${count(n)}${share}</td>`;
    });
    return `<tr><th scope="row">${escapeHtml(labels[i] ?? '')}</th>${cells.join('')}</tr>`;
  });
  const table = `<table class="matrix"><caption>Rows: what production said; columns: what the shadow said</caption><thead><tr><td>production ↓</td><th scope="colgroup" class="number" colspan="${labels.length}">shadow →</th></tr><tr><td></td>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
  return scrolling('Confusion matrix', table);
}
