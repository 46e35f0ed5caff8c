import { describe, expect, test } from 'vitest';
import { echoing, withGivenFlags } from '../../src/ui/given-flags.ts';
import { wrap } from '../../src/ui/wrap.ts';
import { capturedIo } from '../support/io.ts';

const EMULATOR = { emulator: true };

describe('a next step carries the flags that were given', () => {
  test.each([
    ['  shadowctl status --endpoint w --watch', '  shadowctl status --emulator --endpoint w --watch'],
    ['Stop it:     shadowctl abort --endpoint w', 'Stop it:     shadowctl abort --emulator --endpoint w'],
    ['back: shadowctl shadow detach --endpoint w', 'back: shadowctl shadow detach --emulator --endpoint w'],
    [
      'shadowctl keep --endpoint w; or shadowctl promote --endpoint w',
      'shadowctl keep --emulator --endpoint w; or shadowctl promote --emulator --endpoint w',
    ],
    ['again: shadowctl shadow … --calibrate …', 'again: shadowctl shadow --emulator … --calibrate …'],
    ['Update it with: shadowctl deploy', 'Update it with: shadowctl deploy --emulator'],
  ])('%s', (line, expected) => expect(withGivenFlags(line, EMULATOR)).toBe(expected));

  test.each([
    'shadowctl status --endpoint w --emulator',
    '$ shadowctl status --endpoint w',
    'Use another type, or shadowctl deploy, which says openly that it has no guardrail.',
    'shadowctl canary makes three for each update.',
    'It ends with: shadowctl emulator stop',
    'shadowctl policy explain --policy p.yaml',
    'shadowctl demo --keep',
    'shadowctl abort: made to fire',
  ])('nothing of it in: %s', (line) => expect(withGivenFlags(line, EMULATOR)).toBe(line));

  test('each with its value, quoted where a shell asks for it; only those that stand nowhere yet', () => {
    const given = { profile: 'prod', region: 'eu-west-1', endpointUrl: 'http://h:1/', config: "my c'.yaml" };
    expect(withGivenFlags('shadowctl undo --endpoint w --region us-east-1', given)).toBe(
      "shadowctl undo --endpoint-url http://h:1/ --profile prod --config 'my c'\\''.yaml' --endpoint w --region us-east-1",
    );
    expect(withGivenFlags('with: shadowctl emulator stop', given)).toContain("stop --config 'my c'");
    expect(withGivenFlags('shadowctl undo --endpoint w', {})).toBe('shadowctl undo --endpoint w');
  });
});

describe('on the way to the user', () => {
  const long = 'weather stays as it is. End the shadow with: shadowctl keep --endpoint weather; or overrule it.';

  test('a line that did fit still does; a command after a label stays whole; what was too long is left so', () => {
    const io = { ...capturedIo(), columns: 100 };
    const told = echoing(io, EMULATOR, true);
    told.out(long);
    expect(io.outLines.every((line) => line.length <= 100)).toBe(true);
    expect(io.outLines.map((line) => line.trim()).join(' ')).toBe(long.replace('keep', 'keep --emulator'));
    const label = `Watch again: shadowctl canary --endpoint ${'w'.repeat(50)} --resume`;
    told.err(label);
    told.alert(`${long} ${long}`);
    expect(io.errLines).toEqual(
      [label, `${long} ${long}`].map((line) => line.replaceAll(/(canary|keep)/g, '$1 --emulator')),
    );
  });

  test('what a program reads is not touched', () => {
    const io = capturedIo();
    echoing(io, EMULATOR, false).out('{"next": "shadowctl keep --endpoint w"}');
    expect(io.outLines).toEqual(['{"next": "shadowctl keep --endpoint w"}']);
  });

  test('no wrapping parts a command from its first flag, or the flags would be lost', () => {
    const text = `${'word '.repeat(12)}shadowctl shadow detach --endpoint w`;
    for (let width = 40; width < 120; width += 1)
      expect(wrap(text, width).filter((line) => line.includes('shadowctl shadow detach --endpoint'))).toHaveLength(1);
  });
});
