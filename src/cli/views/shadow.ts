import type { NoiseFloor } from '../../base/noise-floor.ts';
import { percent } from '../../base/units.ts';
import type { Judgement } from '../../lifecycle/judge.ts';
import { ACCEPTED } from '../../report/content/claims.ts';
import { waiverTexts } from '../../report/content/waivers.ts';
import { type Io, plain } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import { wrap } from '../../ui/wrap.ts';

/** The verdict on a shadow that is to be promoted, and why. */
export function judgementLines(
  io: Pick<Io, 'color' | 'columns'>,
  { model, judgement, force }: { model: string; judgement: Judgement; force: boolean },
): string[] {
  const { outcome, summary, reasons } = judgement;
  const good = outcome === 'pass' || judgement.accepted;
  const [sign, tone] = good
    ? (['✓', 'good'] as const)
    : outcome === 'fail'
      ? (['✗', 'bad'] as const)
      : (['?', 'warning'] as const);
  const notes = good ? [] : judgement.notes.map((note) => `note: ${note}`);
  return [
    ...wrap(`${sign} Verdict on ${model}: ${outcome}. ${plain(summary)}`, io.columns, '  ').map((line) =>
      line.replace(/^[✓✗?]/, (mark) => paint(io, tone, mark)),
    ),
    ...[...reasons, ...notes].flatMap((words) => wrap(plain(words), io.columns - 4, '  ')).map((line) => `    ${line}`),
    ...waiverTexts(judgement.waived).map((words) => `${paint(io, 'warning', '!')} ${plain(words)}`),
    ...(judgement.accepted ? [`${paint(io, 'warning', '!')} ${ACCEPTED} The journal records it.`] : []),
    ...(!good && force
      ? [`${paint(io, 'warning', '!')} Promoting against the verdict (--force); the journal records it.`]
      : []),
  ];
}

/** How much production differs from itself. */
export function noiseWords(floor: NoiseFloor | undefined): string {
  if (floor === undefined)
    return 'note: No request was answered by both copies in that time, so there is no noise floor.';
  const { labels, numbers, scores, pairs, model } = floor;
  if (labels === undefined && numbers === undefined && scores === undefined)
    return `note: Of ${pairs} pairs of answers none could be compared, so there is no noise floor. Use --prediction to say where predictions are in an answer.`;
  const share = (part: number, n: number) => percent(part / Math.max(1, n));
  const parts = [
    ...(labels === undefined ? [] : [`${share(labels.differing, labels.n)} of the labels differ`]),
    ...(numbers === undefined ? [] : [`${share(numbers.beyond, numbers.n)} of the numbers beyond the tolerance`]),
    ...(scores?.of ?? []).map(({ name, missing, n }) => `${share(missing, n)} missing from ${name}`),
  ];
  return `Noise floor of ${model}: ${parts.join(', ')}, over ${pairs} pairs.`;
}
