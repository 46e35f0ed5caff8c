const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/**
 * A line of small bars, newest at the right, from zero to the greatest value (or `top`); a gap where there is no data.
 * @param width columns; only the newest values that fit are drawn, and a shorter series is padded at the left
 */
export function sparkline(values: readonly (number | undefined)[], width: number, top?: number): string {
  const shown = values.slice(-width);
  const finite = shown.filter((value): value is number => value !== undefined && Number.isFinite(value));
  const highest = Math.max(top ?? 0, ...finite);
  const bars = shown.map((value) => {
    if (value === undefined || !Number.isFinite(value)) return ' ';
    if (highest <= 0) return BARS[0] ?? '';
    const step = Math.min(BARS.length - 1, Math.max(0, Math.ceil((value / highest) * BARS.length) - 1));
    return BARS[step] ?? '';
  });
  return bars.join('').padStart(width);
}
