import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { emulatorCommand } from '../../../src/cli/emulator/command.ts';
import { optionsOf } from '../../support/parse.ts';
import { generatedParts, partOf, readReadme, snippetsOf, updateReadme } from './readme.ts';

describe('docs/emulator.md', () => {
  let readme: string;
  beforeAll(async () => {
    if (process.env.UPDATE_README) await updateReadme();
    readme = await readReadme();
  });

  it.each(['latencies', 'switches', 'operations'])(
    '%s are those of the code; else run this test with UPDATE_README=1',
    async (name) => {
      expect(partOf(readme, name).trim()).toBe((await generatedParts())[name]);
    },
  );

  it('names every kind of fault, and no other', async () => {
    const table = readme.slice(readme.indexOf('| kind |'), readme.indexOf('The same over HTTP'));
    const named = [...table.matchAll(/^\| `([a-z-]+)`/gm)].map(([, kind = '']) => kind);
    for (const kind of named) {
      expect(await optionsOf(emulatorCommand, ['fault', 'add', kind])).toMatchObject({ fault: { kind } });
    }
    await expect(optionsOf(emulatorCommand, ['fault', 'add', 'none'])).rejects.toThrow(
      `Allowed choices are ${named.join(', ')}.`,
    );
  });

  it('writes command lines that are understood', async () => {
    const lines = [...readme.matchAll(/^(?:\s+)?shadowctl emulator ([^`|>\n]+)/gm)].map(([, words = '']) =>
      words.trim(),
    );
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) {
      const argv = [...line.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''));
      await expect(optionsOf(emulatorCommand, argv), line).resolves.toBeDefined();
    }
  });

  it('shows a workflow that is YAML of the form GitHub wants', () => {
    const workflow = snippetsOf(readme).find(({ name }) => name === 'workflow');
    const { jobs } = parse(workflow?.code ?? '') as { jobs: Record<string, { steps: Record<string, unknown>[] }> };
    for (const step of jobs.test?.steps ?? []) expect('uses' in step !== 'run' in step).toBe(true);
    expect(jobs.test?.steps).toHaveLength(5);
  });
});
