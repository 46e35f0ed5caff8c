/**
 * An interval against the margin that it must keep to, on a line: `──━━●━━──┃──`. What lies beyond an end is drawn there.
 * @param scale what the two ends of the line stand for
 * @param width columns
 */
export function track(
  at: { low: number; high: number; estimate: number | undefined; margin: number },
  scale: readonly [number, number],
  width: number,
): string {
  const [from, to] = scale;
  const column = (value: number) =>
    Math.max(
      0,
      Math.min(width - 1, Math.round(((value - from) / Math.max(to - from, Number.MIN_VALUE)) * (width - 1))),
    );
  const line = Array.from({ length: width }, () => '─');
  for (let index = column(at.low); index <= column(at.high); index += 1) line[index] = '━';
  if (at.estimate !== undefined) line[column(at.estimate)] = '●';
  line[column(at.margin)] = '┃';
  return line.join('');
}
