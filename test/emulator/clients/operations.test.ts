import { describe, expect, it } from 'vitest';
import type { App } from '../../../src/app.ts';
import { emulatorCommand } from '../../../src/cli/emulator/command.ts';
import type { OperationsOptions } from '../../../src/cli/emulator/operations.ts';
import { run } from '../../../src/cli/emulator/operations.ts';
import { MISSING } from '../../../src/emulator/services/conformance-notes.ts';
import { standings } from '../../../src/emulator/services/conformance.ts';
import { loadService } from '../../../src/emulator/services/registry.ts';
import { SERVICE_IDS } from '../../../src/emulator/model/shapes.ts';
import { capturedIo } from '../../support/io.ts';
import { optionsOf } from '../../support/parse.ts';

async function printed(options: Partial<OperationsOptions>): Promise<string> {
  const io = capturedIo();
  const outcome = await run({ io } as unknown as App, { service: undefined, format: 'text', all: false, ...options });
  expect(outcome).toBe('done');
  return io.outLines.join('\n');
}

describe('the words of shadowctl emulator operations', () => {
  it.each<[string[], OperationsOptions]>([
    [[], { service: undefined, format: 'text', all: false }],
    [['logs', '--format', 'json'], { service: 'logs', format: 'json', all: false }],
    [['--all', '--format', 'markdown'], { service: undefined, format: 'markdown', all: true }],
  ])('%j', async (argv, options) => {
    expect(await optionsOf(emulatorCommand, ['operations', ...argv])).toEqual(options);
  });

  it('takes every service there is', async () => {
    for (const service of SERVICE_IDS)
      expect(await optionsOf(emulatorCommand, ['operations', service])).toMatchObject({ service });
    await expect(optionsOf(emulatorCommand, ['operations', 'batch'])).rejects.toThrow(SERVICE_IDS.join(', '));
  });
});

describe('the standing of operations', () => {
  it.each(SERVICE_IDS)('%s: a note belongs to an operation that is built', async (service) => {
    const { operations } = await loadService(service);
    expect(Object.keys(operations)).toEqual(expect.arrayContaining(Object.keys(MISSING[service] ?? {})));
  });

  it('is built, partly or not built, by name', async () => {
    const [sagemaker] = await standings(['sagemaker']);
    const by = Object.fromEntries(sagemaker?.operations.map((one) => [one.name, one]) ?? []);
    expect(by.UpdateEndpoint).toEqual({ name: 'UpdateEndpoint', standing: 'built' });
    expect(by.CreateModel).toMatchObject({ standing: 'partly', missing: expect.stringContaining('MultiModel') });
    expect(by.CreateTrainingJob).toEqual({ name: 'CreateTrainingJob', standing: 'not built' });
    expect(sagemaker?.operations.map(({ name }) => name)).toEqual(Object.keys(by).sort());
  });

  it('is printed as text', async () => {
    const text = await printed({ service: 'sagemaker-runtime' });
    expect(text).toContain('sagemaker-runtime: 0 built, 1 partly, 2 not built');
    expect(text).toContain('InvokeEndpoint  partly');
    expect(text).not.toContain('InvokeEndpointAsync');
    expect(await printed({ service: 'sagemaker-runtime', all: true })).toMatch(/InvokeEndpointAsync +not built/);
  });

  it('is printed as JSON, whole', async () => {
    expect(JSON.parse(await printed({ format: 'json' }))).toEqual(
      (await standings()).map((one) => ({ schema: 'shadowctl-emulator-operations/1', ...one })),
    );
  });

  it('is printed as Markdown', async () => {
    const text = await printed({ service: 'sts', format: 'markdown' });
    expect(text).toContain('| sts | 1 | 1 | 9 |');
    expect(text).toContain('| sts | GetCallerIdentity | built |  |');
    expect(text).not.toContain('GetSessionToken');
  });
});
