import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { TOPICS } from '../../src/cli/help/topics.ts';
import { renderMarkdown } from '../../src/cli/help/markdown.ts';
import { run } from '../../src/main.ts';
import { capturedIo } from '../support/io.ts';

const docs = resolve(import.meta.dirname, '..', '..', 'docs');

async function help(...words: string[]) {
  const io = { ...capturedIo(), columns: 120 };
  const surroundings = { clock: systemClock, env: {}, cwd: docs, signal: new AbortController().signal, io: () => io };
  const code = await run(['help', ...words], surroundings);
  return { code, out: io.outLines.join('\n'), err: io.errLines.join('\n') };
}

describe('shadowctl help', () => {
  test('lists every page of docs/ as a topic', async () => {
    const pages = readdirSync(docs).filter((name) => name.endsWith('.md') && name !== 'README.md');
    expect(pages.map((name) => name.slice(0, -3)).sort()).toEqual(Object.keys(TOPICS).sort());
    const { code, out } = await help();
    expect(code).toBe(0);
    for (const [topic, about] of Object.entries(TOPICS)) {
      expect(out).toMatch(new RegExp(`^  ${topic} `, 'm'));
      expect(out).toContain(about);
    }
  });

  test('--help lists the topics too', async () => {
    const { out: short } = await help();
    const io = { ...capturedIo(), columns: 120 };
    const signal = new AbortController().signal;
    await run(['--help'], { clock: systemClock, env: {}, cwd: docs, signal, io: () => io });
    expect(io.outLines.join('\n')).toBe(short);
  });

  test.each(Object.keys(TOPICS))('shows the page %s within 80 columns, without Markdown', async (topic) => {
    const { code, out, err } = await help(topic);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const [title = ''] = /(?<=^# ).*/m.exec(readFileSync(resolve(docs, `${topic}.md`), 'utf8')) ?? [];
    expect(out).toContain(title.toUpperCase().replaceAll('`', ''));
    expect(out).not.toMatch(/^#|^```|^\||<!--|\]\(|^<\/?(details|summary)/m);
  });

  test('shows the help of a command, and of a command within one', async () => {
    expect((await help('deploy')).out).toContain('Usage: shadowctl deploy [options]');
    expect((await help('policy', 'explain')).out).toContain('Usage: shadowctl policy explain [options]');
    expect((await help('deploy')).code).toBe(0);
  });

  test('shows both where a command and a page have one name', async () => {
    const { code, out } = await help('emulator');
    expect(code).toBe(0);
    expect(out).toContain('Usage: shadowctl emulator [options] [command]');
    expect(out).toContain('\n\nTHE EMULATOR\n');
  });

  test('names an unknown topic, the nearest one, and all of them', async () => {
    const { code, out, err } = await help('sagemaker-fact');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('There is no command and no help topic named "sagemaker-fact".');
    expect(err).toContain('Did you mean sagemaker-facts?');
    for (const topic of Object.keys(TOPICS)) expect(err).toContain(topic);
    expect((await help('depoly')).err).toContain('Did you mean deploy?');
    expect((await help('policy', 'explian')).err).toContain('"policy explian"');
  });
});

describe('renderMarkdown', () => {
  const screen = { color: false, columns: 40 };

  test('wraps prose, hangs list items, indents code and draws tables', async () => {
    const page = [
      '# A page',
      '',
      '## `One` part',
      '',
      '<!-- not shown -->',
      'Some **bold** words and *others*, with `--a_b_c` and data/*/x, then',
      'a [link](judging.md#x) and [another](https://example.com).',
      '',
      '![a picture](pictures/x.png)',
      '',
      '- one item that goes on for more than forty columns',
      '  and a second line',
      '- two',
      '',
      '```sh',
      'shadowctl report --endpoint weather --last 30m --format json',
      '```',
      '',
      '| name | number |',
      '|---|--:|',
      '| `a` | 1 |',
      '| b \\| c | 100 |',
    ].join('\n');
    expect(await renderMarkdown(page, screen, ['judging'])).toEqual([
      'A PAGE',
      '',
      'One part',
      '────────',
      '',
      'Some bold words and others, with',
      '`--a_b_c` and data/*/x, then a link',
      '(shadowctl help judging) and another',
      '(https://example.com).',
      '',
      '- one item that goes on for more than',
      '  forty columns and a second line',
      '- two',
      '',
      '    shadowctl report --endpoint weather --last 30m --format json',
      '',
      '  name   number',
      '  a           1',
      '  b | c     100',
    ]);
  });

  test('is styled only where there is colour', async () => {
    const page = '# Title\n\nUse `--plan`.';
    const styled = await renderMarkdown(page, { ...screen, color: true });
    expect(styled.join('\n')).not.toBe(stripVTControlCharacters(styled.join('\n')));
    expect(stripVTControlCharacters(styled.join('\n'))).toBe('TITLE\n\nUse --plan.');
  });

  test('takes control characters out', async () => {
    expect(await renderMarkdown('a\u001b[31mb', screen)).toEqual(['ab']);
  });
});
