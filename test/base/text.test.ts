import { describe, expect, test } from 'vitest';
import {
  isCommandLine,
  lines,
  linesOf,
  printCommand,
  printText,
  shown,
  shownStart,
  text,
} from '../../src/base/text.ts';
import { layout } from '../../src/ui/wrap.ts';
import { withTargetFlags } from '../../src/ui/target-flags.ts';
import { capturedIo } from '../support/io.ts';

describe('a command that is shown', () => {
  test('has the flags that were typed, its own before them in value, quoted where a shell asks for it', () => {
    const target = {
      profile: 'prod',
      region: 'eu-west-1',
      emulator: true,
      endpointUrl: 'http://h:1/',
      config: "my c'.yaml",
    };
    expect(printCommand(shown('undo', { endpoint: 'w', region: 'us-east-1' }), target)).toBe(
      'shadowctl undo --emulator --endpoint-url http://h:1/ --profile prod --region us-east-1 --config "my c\'.yaml" --endpoint w',
    );
    expect(printCommand(shown('emulator stop'), target)).toBe(`shadowctl emulator stop --config "my c'.yaml"`);
    const odd = printCommand(shown('keep', { endpoint: 'w', reason: "it's $5" }));
    expect(odd).toBe("shadowctl keep --endpoint w --reason 'it'\\''s $5'");
    expect(printCommand(shown('policy explain', { policy: 'p.yaml' }), target)).toBe(
      'shadowctl policy explain --policy p.yaml',
    );
    expect(printCommand(shownStart('shadow', { endpoint: 'w', artifact: '…', wait: true, role: undefined }))).toBe(
      'shadowctl shadow --endpoint w --artifact … --wait …',
    );
  });
});

describe('text with commands', () => {
  const step = shown('abort', { endpoint: 'w' });

  test('is text until it is printed', () => {
    const whole = lines('One.', undefined, text`Stop it: ${step}\nor ${2} of ${'them'}`);
    expect(linesOf(whole)).toEqual(['One.', ['Stop it: ', step], 'or 2 of them']);
    expect(printText(whole)).toBe('One.\nStop it: shadowctl abort --endpoint w\nor 2 of them');
    expect(text`a${1}${text`b${'c'}`}`).toBe('a1bc');
  });

  test('a line is a command where nothing but a label stands beside it', () => {
    expect(isCommandLine([step])).toBe(true);
    expect(isCommandLine(['  ', step])).toBe(true);
    expect(isCommandLine(text`Stop it:  ${step}`)).toBe(true);
    expect(isCommandLine(text`Stop it with ${step}`)).toBe(false);
    expect(isCommandLine(text`Either: ${step}; or wait.`)).toBe(false);
    expect(isCommandLine('shadowctl abort')).toBe(false);
  });

  test('a command to be copied is never broken; in a sentence it stays together up to its first flag', () => {
    expect(layout(text`Stop it: ${step}`, 40)).toEqual(['Stop it: shadowctl abort --endpoint w']);
    expect(layout(text`Stop it: ${step}`, 20)).toEqual(['Stop it:', '  shadowctl abort --endpoint w']);
    for (let width = 36; width < 90; width += 1) {
      const wrapped = layout(
        text`${'word '.repeat(9)}${shown('shadow detach', { endpoint: 'w' })}, then wait for it.`,
        width,
      );
      expect(wrapped.every((line) => line.length <= width)).toBe(true);
      expect(wrapped.filter((line) => line.includes('shadowctl shadow detach --endpoint'))).toHaveLength(1);
    }
  });
});

test('on its way to the user a line that fit still fits with the flags; a command to be copied stays whole', () => {
  const io = { ...capturedIo(), columns: 62 };
  const echo = withTargetFlags(io, { emulator: true }, true);
  echo.out(text`weather stays as it is; end it by ${shown('keep', { endpoint: 'w' })}.`);
  echo.err(text`Watch it again: ${shown('canary', { endpoint: 'w'.repeat(40), resume: true })}`);
  expect(io.outLines).toEqual(['weather stays as it is; end it by shadowctl keep --emulator', '  --endpoint w.']);
  expect(io.errLines).toEqual([`Watch it again: shadowctl canary --emulator --endpoint ${'w'.repeat(40)} --resume`]);
  expect(echo.command(shown('keep'))).toBe('shadowctl keep --emulator');
});

test('on a terminal a command that is too long is broken before flags, as a shell takes it', () => {
  const io = { ...capturedIo(), columns: 40, terminal: true, interactive: true };
  const echo = withTargetFlags(io, {}, true);
  const reason = "it's --odd";
  echo.out(text`  ${shown('keep', { endpoint: 'weather', reason, 'config-name': 'c2', yes: true })}`);
  echo.err(text`  ${shown('keep', { endpoint: 'weather', reason: "it's $5 --odd", 'config-name': 'c2', yes: true })}`);
  expect(io.outLines.join('\n').split('\n')).toEqual([
    '  shadowctl keep --endpoint weather \\',
    `      --reason "it's --odd" \\`,
    '      --config-name c2 --yes',
  ]);
  expect(io.errLines.join('\n').split('\n')).toEqual([
    '  shadowctl keep --endpoint weather \\',
    "      --reason 'it'\\''s $5 --odd' \\",
    '      --config-name c2 --yes',
  ]);
  withTargetFlags({ ...io, terminal: false }, {}, true).out(text`${shown('keep', { endpoint: 'w'.repeat(40) })}`);
  expect(io.outLines.at(-1)).toBe(`shadowctl keep --endpoint ${'w'.repeat(40)}`);
});

test('what a program reads is not touched, nor are strings: only values are commands', () => {
  const io = capturedIo();
  const json = '{"next": "shadowctl keep --endpoint w"}';
  withTargetFlags(io, { emulator: true }, false).out(json);
  withTargetFlags(io, { emulator: true }, true).out(json);
  expect(io.outLines).toEqual([json, json]);
});
