import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readReference } from '../../src/analysis/answers/reference.ts';
import { loadPolicy } from '../../src/analysis/observe/policy-file.ts';
import { readPolicy } from '../../src/analysis/policy/schema.ts';
import type { Policy } from '../../src/analysis/policy/policy.ts';
import { seededRandom } from '../support/random.ts';
import { told } from './labelled.ts';

const numbers = (n: number, of: (i: number) => number) => Array.from({ length: n }, (_, i) => of(i)).join('\n');

describe('a file of numbers', () => {
  const even = numbers(1000, (i) => i / 1000);

  test('one a line, a column by its name, or by what is usual; semicolons have decimal commas', () => {
    const plain = readReference(even, 'x');
    expect(plain).toMatchObject({ rows: 1000 });
    expect(plain.edges).toHaveLength(99);
    expect(plain.edges[49]).toEqual({ at: 0.4995, below: 0.5, upTo: 0.5 });
    expect(readReference(`score\n${even}`, 'x').digest).toBe(plain.digest);
    const table = `id,score,other\n${even.replaceAll(/^.*$/gm, (line) => `a,${line},7`)}`;
    expect(readReference(table, 'x').digest).toBe(plain.digest);
    expect(readReference(table, 'x', 'score').digest).toBe(plain.digest);
    expect(readReference(table, 'x', 'other').edges).toEqual([{ at: 7, below: 0, upTo: 1 }]);
    const semicolons = `a;score\n${numbers(200, (i) => i / 8).replaceAll(/^.*$/gm, (line) => `1;${line.replace('.', ',')}`)}`;
    expect(readReference(semicolons, 'x').digest).toBe(
      readReference(
        numbers(200, (i) => i / 8),
        'x',
      ).digest,
    );
  });

  test.each([
    ['1\n2\n', 'holds 2 numbers'],
    [`${even}\nnan`, "line 1001: 'nan' is not a number"],
    [even.replaceAll(/^.*$/gm, (line) => `${line},1`), 'has 2 columns'],
    [`a,b\n${even.replaceAll(/^.*$/gm, (line) => `${line},1`)}`, 'none is called score or prediction'],
  ])('what cannot be used is refused', (text, message) => {
    expect(() => readReference(text, 'scores.csv')).toThrow(message);
  });
});

describe('the shadow’s numbers beside it', () => {
  const random = seededRandom(8);
  const reference = readReference(
    numbers(2000, () => random.normal()),
    'scores.csv',
  );
  const judged = (shift: number, changed: Partial<Policy> = {}) =>
    told(
      (one) => {
        const x = one.normal();
        return { production: 100 * x, shadow: x + shift, truth: 0, labelled: false };
      },
      { reference: { file: 'scores.csv', ks: 0.1, psi: 0.2 }, ...changed },
      90,
      shift < 1 ? 60 : 20,
      reference,
    );

  test.each([
    [0, 'pass', 'pass'],
    [1, 'fail', 'fail'],
    [0.25, 'inconclusive', 'pass'],
  ])('a shift of %d deviations', (shift, ks, psi) => {
    const { gate } = judged(shift);
    expect(gate('reference.ks')).toMatchObject({ outcome: ks, gating: true });
    expect(gate('reference.psi')).toMatchObject({ outcome: psi, gating: true });
    // Of two normal distributions 2 Φ(shift / 2) − 1.
    expect(gate('reference.ks')?.estimate).toBeCloseTo([0, 0.383, 0.0995][[0, 1, 0.25].indexOf(shift)] as number, 1);
  });

  test('without numbers, or without having been held against it, nothing is known', () => {
    const words = told(
      () => ({ production: 'a', shadow: 'a', truth: 'a', labelled: false }),
      { reference: { file: 'scores.csv', ks: 0.1 } },
      90,
      10,
      reference,
    );
    expect(words.gate('reference.ks')).toMatchObject({ outcome: 'inconclusive', gating: true, n: 0 });
    expect(words.gate('reference.psi')).toBeUndefined();
    expect(judged(1, { reference: undefined }).gate('reference.ks')).toBeUndefined();
  });
});

describe('in a policy', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reference-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('the file lies beside it, and has a distance by default', async () => {
    writeFileSync(join(folder, 'p.yaml'), 'reference: scores.csv\n');
    const { policy } = await loadPolicy('/', join(folder, 'p.yaml'), async () => ({
      policy: undefined,
      file: undefined,
    }));
    expect(policy.reference).toEqual({ file: join(folder, 'scores.csv'), ks: 0.1 });
    const given = { policy: { reference: { file: 'a.csv:x', psi: 0.1 } }, file: 'shadowctl.yaml' };
    expect((await loadPolicy(folder, undefined, async () => given)).policy.reference).toEqual({
      file: join(folder, 'a.csv:x'),
      psi: 0.1,
    });
  });

  test.each([{ reference: 5 }, { reference: { ks: 0.1 } }, { reference: { file: 'a', psi: 0.5 } }])(
    '%j is refused',
    (section) => {
      expect(() => readPolicy(section, 'x')).toThrow(/reference/);
    },
  );
});
