import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judge } from '../../../src/analysis/judge/judge.ts';
import { collectFromFiles } from '../../../src/analysis/observe/from-files.ts';
import { lastGap } from '../../../src/analysis/observe/capture-gap.ts';
import { comparisonBy } from '../../../src/analysis/policy/answers.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/analysis/policy/policy.ts';
import { summarizeBoth } from '../../../src/analysis/judge/summaries.ts';
import { coveredText } from '../../../src/report/content/covered.ts';
import type { Report } from '../../../src/report/report.ts';
import type { MissingMinute } from '../../../src/analysis/predictions.ts';
import { redact } from '../../../src/analysis/redact.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 5, 1);

/** Minutes with so many answers of production, and of these how many without a record of the shadow. */
function minutesOf(list: readonly (readonly [answered: number, absent: number])[]): MissingMinute[] {
  const none = { empty: 0, unreadable: 0, rows: 0, absentRows: 0, onlyShadow: 0, neither: 0 };
  return list.map(([answered, absent], i) => ({ at: START + i * MINUTE, ...none, answered, absent }));
}

const times = <T>(n: number, one: T): T[] => Array.from({ length: n }, () => one);

describe('where the captures of the shadow pause', () => {
  test.each<[string, [number, number][], { from: number; to: number; requests: number } | undefined]>([
    [
      'five minutes',
      [...times(3, [9, 0]), ...times(5, [9, 9]), ...times(3, [9, 0])] as [number, number][],
      { from: 3, to: 8, requests: 45 },
    ],
    ['four minutes', [...times(3, [9, 0]), ...times(4, [9, 9]), ...times(3, [9, 0])] as [number, number][], undefined],
    [
      'twice: the last counts',
      [[9, 0], ...times(5, [9, 9]), [9, 0], ...times(6, [9, 9]), [9, 0]] as [number, number][],
      { from: 7, to: 13, requests: 54 },
    ],
    [
      'at the ends captures are late',
      [...times(20, [9, 9]), [9, 0], ...times(20, [9, 9])] as [number, number][],
      undefined,
    ],
    [
      'a shadow that sees one in ten may see none of 30',
      [...times(30, [10, 9]), ...times(5, [6, 6]), ...times(30, [10, 9])] as [number, number][],
      undefined,
    ],
    [
      'and not of 300',
      [...times(30, [10, 9]), ...times(30, [10, 10]), ...times(30, [10, 9])] as [number, number][],
      { from: 30, to: 60, requests: 300 },
    ],
    [
      'minutes without requests are no pause',
      [...times(3, [9, 0]), ...times(10, [0, 0]), ...times(3, [9, 0])] as [number, number][],
      undefined,
    ],
  ])('%s', (_, list, found) => {
    expect(lastGap(minutesOf(list))).toEqual(
      found && { from: START + found.from * MINUTE, to: START + found.to * MINUTE, requests: found.requests },
    );
  });
});

/** A folder of captures: 20 requests a minute; the shadow's answer differs in every so many of them, before and after a pause of so long. */
function folder(before: number, pause: number, after: number): string {
  const root = mkdtempSync(join(tmpdir(), 'gap-'));
  const sides = { AllTraffic: [] as string[], shadow: [] as string[] };
  for (let minute = 0; minute < 220; minute += 1)
    for (let i = 0; i < 20; i += 1) {
      const n = minute * 20 + i;
      const every = minute < 100 ? before : after;
      const says = n % 2 === 0 ? 'cat' : 'dog';
      const line = (answer: string) =>
        JSON.stringify({
          captureData: {
            endpointInput: { data: `${n},1`, encoding: 'CSV', mode: 'INPUT', observedContentType: 'text/csv' },
            endpointOutput: { data: answer, encoding: 'CSV', mode: 'OUTPUT', observedContentType: 'text/csv' },
          },
          eventMetadata: {
            eventId: `e${n}`,
            inferenceId: `r${n}`,
            inferenceTime: new Date(START + minute * MINUTE + i * 3000).toISOString(),
          },
          eventVersion: '0',
        });
      sides.AllTraffic.push(line(says));
      if (minute >= 100 && minute < 100 + pause) continue;
      sides.shadow.push(line(n % every === 0 ? (says === 'cat' ? 'dog' : 'cat') : says));
    }
  for (const [name, lines] of Object.entries(sides)) {
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, 'c.jsonl'), `${lines.join('\n')}\n`);
  }
  return root;
}

async function seen(path: string) {
  const spill = mkdtempSync(join(tmpdir(), 'spill-'));
  return collectFromFiles({
    path,
    variants: undefined,
    window: undefined,
    comparison: { tolerance: undefined, ...comparisonBy(DEFAULT_POLICY, undefined), memory: '1GB', spill },
  });
}

const SAME: Policy = { ...DEFAULT_POLICY, expect: { kind: 'same' }, inform: ['output.answered'] };

describe('a folder of captures in which the shadow pauses', () => {
  test('another shadow after it, which differs: nothing is decided, and the pause is named', async () => {
    // One in a thousand before, one in seven after: all together differ in 6 %.
    const found = await seen(folder(1000, 20, 7));
    expect(found.gap).toMatchObject({ from: START + 100 * MINUTE, to: START + 120 * MINUTE, requests: 400 });
    const verdict = judge(found, SAME);
    const gate = verdict?.gates.find(({ id }) => id === 'output.gap');
    expect(gate).toMatchObject({ outcome: 'inconclusive', gating: true, test: 'rule' });
    expect(gate?.needs).toContain(`--from ${new Date(START + 120 * MINUTE).toISOString()}`);
    expect(verdict?.outcome).toBe('inconclusive');
    // What is known to be one shadow is judged by all that there is.
    const whole = judge(found, { ...SAME, inform: ['output'] });
    expect(whole?.outcome).not.toBe(judge({ ...found, predictions: found.gap?.after, gap: undefined }, SAME)?.outcome);
    const report = { observations: found, summaries: summarizeBoth(found) } as unknown as Report;
    expect(coveredText(report)).toContain("without the shadow's captures from 01:40 to 02:00 UTC");
    expect(JSON.stringify(redact(found).gap)).not.toContain('"119,1"');
  });

  test('the same after it as before: the verdict stands', async () => {
    const found = await seen(folder(1000, 6, 1000));
    const verdict = judge(found, SAME);
    expect(verdict?.gates.find(({ id }) => id === 'output.gap')?.outcome).toBe('pass');
    expect(verdict?.outcome).toBe('pass');
  });

  test('without a pause nothing is asked', async () => {
    const found = await seen(folder(1000, 3, 7));
    expect(found.gap).toBeUndefined();
    expect(judge(found, SAME)?.gates.some(({ id }) => id === 'output.gap')).toBe(false);
  });
});
