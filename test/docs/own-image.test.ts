import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ARTIFACT_009, FIXTURES, testWorld } from '../support/world.ts';
import { snippetsOf } from '../emulator/clients/readme.ts';
import { read, shadowctlWords, shellBlocks, shellCommands } from './pages.ts';

test('the recipe for an image of your own, with its server', async () => {
  const page = read('docs/recipes.md');
  const [served] = snippetsOf(page);
  expect(served?.name).toBe('serve.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'own-image-'));
  const script = join(folder, 'serve.mjs');
  writeFileSync(script, served?.code ?? '');
  const world = await testWorld({ containers: [`weather-serving:7=node '${script}'`] });
  try {
    copyFileSync(ARTIFACT_009, join(world.root, 'model.tar.gz'));
    copyFileSync(join(FIXTURES, 'data/weather-test.csv'), join(world.root, 'truth.csv'));
    const blocks = shellBlocks(page).filter(({ given }) => given === 'the image weather-serving:7');
    const commands = blocks.flatMap(({ code }) => shellCommands(code).map(shadowctlWords));
    expect(commands).toHaveLength(2);
    const ended = [];
    for (const words of commands) ended.push(await world.shadowctl(words ?? []));
    expect(ended.map(({ code, err }) => (code === 0 ? '' : err))).toEqual(['', '']);
    expect(ended[1]?.out).toContain('3 (100 %)');
  } finally {
    await world.close();
    rmSync(folder, { recursive: true });
  }
});
