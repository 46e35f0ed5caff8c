import { expect, test } from 'vitest';
import type { Payload } from '../../../src/analysis/answers/captures.ts';
import { MAX_NAMES } from '../../../src/analysis/answers/kinds/counter.ts';
import { mergePredictions } from '../../../src/analysis/merge/predictions.ts';
import { DEFAULT_POLICY } from '../../../src/analysis/policy/policy.ts';
import { RECORDS, SECONDS, START, verdictOf } from '../answers/verdict-of.ts';

const json = (value: unknown): Payload => ({
  data: JSON.stringify(value),
  encoding: 'JSON',
  contentType: 'application/json',
});
const box = (label: string, x: number) => ({ label, score: 0.9, box: { xmin: x, ymin: 10, xmax: x + 50, ymax: 60 } });
const reply = (name: string | undefined) => ({
  id: 'x',
  choices: [
    {
      index: 0,
      finish_reason: name === undefined ? 'stop' : 'tool_calls',
      message:
        name === undefined
          ? { role: 'assistant', content: 'It is on its way.' }
          : {
              role: 'assistant',
              content: null,
              tool_calls: [{ id: 'c', type: 'function', function: { name, arguments: '{}' } }],
            },
    },
  ],
});

/** In one of twelve answers something rare stands; the shadow's lack it. */
const rare = (i: number) => i % 12 === 0;
function sides(production: (i: number) => unknown, shadow: (i: number) => unknown) {
  const side = (answer: (i: number) => unknown) => ({
    files: 1,
    captures: Array.from({ length: RECORDS }, (_, i) => ({
      inferenceId: `r-${i}`,
      eventId: undefined,
      at: START + i * SECONDS * 1000,
      input: { data: `${i},0.5`, encoding: 'CSV', contentType: 'text/csv' } as const,
      output: json(answer(i)),
    })),
    unreadable: 0,
    outside: 0,
    examples: [],
  });
  return { production: side(production), shadow: side(shadow) };
}
// So few rows say nothing of a share; what is asked here is the rare name alone.
const answers = { ...DEFAULT_POLICY.answers, refusals: 0.05 };
const policy = { ...DEFAULT_POLICY, agreement: 0.7, tasks: {}, answers };

test.each<[string, string, (i: number, lacks: boolean) => unknown]>([
  ['a class of boxes', 'boxes', (i, lacks) => [box('car', i), ...(rare(i) && !lacks ? [box('bike', i + 90)] : [])]],
  [
    'a kind of part',
    'spans',
    (i, lacks) => [
      { entity_group: 'PER', score: 0.9, word: 'Ann', start: 0, end: 3 + (i % 9) },
      ...(rare(i) && !lacks ? [{ entity_group: 'DATE', score: 0.9, word: '1999', start: 20, end: 24 }] : []),
    ],
  ],
  [
    'the right place of a class of boxes',
    'boxes',
    (i, lacks) => [box('car', i), ...(rare(i) ? [box('bike', lacks ? i + 300 : i + 90)] : [])],
  ],
  [
    'the right number of a rare branch',
    'json',
    (i, lacks) => ({ found: { kind: rare(i) ? 'B' : 'A', value: rare(i) && lacks ? -1 : i } }),
  ],
  [
    'a short text',
    'text',
    (i, lacks) => [{ generated_text: rare(i) && !lacks ? 'ask a human' : i % 3 ? 'send it on' : 'close the case' }],
  ],
  ['a tool', 'chat', (i, lacks) => reply(rare(i) && !lacks ? 'cancel' : i % 3 === 0 ? 'look_up' : undefined)],
  [
    'an item of a list in a document',
    'json',
    (i, lacks) => ({ found: { tags: ['a', ...(i % 2 ? ['b'] : []), ...(rare(i) && !lacks ? ['c'] : [])], of: i % 3 } }),
  ],
])('%s that the shadow never gives is no pass, however rare it is', async (_, kind, answer) => {
  const lacking = sides(
    (i) => answer(i, false),
    (i) => answer(i, true),
  );
  const { outcome, gates, predictions } = await verdictOf(lacking, policy);
  expect(predictions.answers?.kind).toBe(kind);
  expect(gates?.find(({ id }) => id === 'output.values')?.outcome).toBe('inconclusive');
  expect(outcome).toBe('inconclusive');
  expect((await verdictOf(lacking, { ...policy, expect: { kind: 'same' } })).outcome).toBe('fail');
  const same = sides(
    (i) => answer(i, false),
    (i) => answer(i, false),
  );
  expect((await verdictOf(same, policy)).gates?.filter((g) => g.outcome !== 'pass')).toEqual([]);
});

test('names of windows are added, of many the commonest, and a window that does not say them is told', async () => {
  const answers = (of: (i: number) => string) =>
    sides(
      (i) => [box(of(i), i)],
      (i) => [box(of(i), i)],
    );
  const { predictions } = await verdictOf(answers((i) => `c${i % 3}`));
  const later = { ...predictions, blocks: predictions.blocks.map((one) => ({ ...one, at: one.at + 86_400_000 })) };
  const third = predictions.answers?.names?.find(({ value }) => value === 'c1');
  expect(third).toEqual({ value: 'c1', production: 110, shadow: 110, both: 110 });
  const both = mergePredictions(predictions, later, 1);
  expect(both.answers?.names).toContainEqual({ value: 'c1', production: 220, shadow: 220, both: 220 });
  const older = later.answers && { ...later, answers: { ...later.answers, names: undefined } };
  expect(mergePredictions(predictions, older ?? later, 1).lacks).toContain('fields');
  const many = Array.from({ length: MAX_NAMES + 1 }, (_, i) => ({ value: `n${i}`, production: 1, shadow: 1, both: 1 }));
  const crowded = later.answers && { ...later, answers: { ...later.answers, names: many } };
  expect(mergePredictions(predictions, crowded ?? later, 1).answers?.names).toHaveLength(MAX_NAMES);
});
