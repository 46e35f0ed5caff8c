import { describe, expect, it } from 'vitest';
import { readNumber } from '../../../src/analysis/compare/ingest/fast/number.ts';
import { Scratch } from '../../../src/analysis/compare/ingest/fast/scratch.ts';
import { seededRandom } from '../../support/random.ts';

function read(text: string): number | undefined {
  const bytes = Buffer.from(`${text},`);
  const scratch = new Scratch();
  const end = readNumber(scratch, bytes, 0);
  return end === text.length ? scratch.number[0] : undefined;
}

describe('numbers read from bytes', () => {
  it('are those of Number(), to the last bit, however many digits they have', () => {
    const random = seededRandom(7);
    const digits = (n: number) => Array.from({ length: n }, () => Math.floor(random.next() * 10)).join('');
    const wrong: string[] = [];
    for (let i = 0; i < 100_000; i += 1) {
      const whole = i % 3 === 0 ? '0' : `${1 + (i % 9)}${digits(i % 18)}`;
      const text = `${i % 2 === 0 ? '-' : ''}${whole}.${digits(1 + (i % 24))}`;
      if (!Object.is(read(text), Number(text))) wrong.push(text);
      const shortest = String((random.next() - 0.5) * 10 ** Math.floor(random.next() * 20));
      if (!Object.is(read(shortest), Number(shortest))) wrong.push(shortest);
    }
    expect(wrong).toEqual([]);
  });

  it('are right where they lie between two doubles', () => {
    // 2^53 + 1 and its like: as near to the double above as to the one below, or a digit beside that.
    const hard = ['9007199254740993', '9007199254740993.0000000000001', '9007199254740992.9999999999999'];
    const halves = [
      '0.5000000000000000555',
      '4503599627370496.5',
      '4503599627370497.50000000000000001',
      '1e23',
      '-0',
      '0',
    ];
    const long = [
      '1.00000000000000011102230246251565404236316680908203125',
      '123456789012345678901234567890',
      '0.1e-7',
    ];
    for (const text of [...hard, ...halves, ...long]) expect([text, read(text)]).toEqual([text, Number(text)]);
  });

  it.each(['', '-', '01', '.5', '1.', '1e', '+1', 'NaN', '1e999', '-1e151'])('takes %j for no number', (text) => {
    expect(read(text)).toBeUndefined();
  });
});
