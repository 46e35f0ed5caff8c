import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../src/base/clock.ts';
import { startEmulator } from '../../../src/emulator/http/server.ts';
import { loadService } from '../../../src/emulator/services/registry.ts';
import { SERVICE_IDS } from '../../../src/emulator/model/shapes.ts';

describe('what is built', () => {
  it.each(SERVICE_IDS)('%s: every operation described as built is there, and none beside them', async (id) => {
    const { model, operations } = await loadService(id);
    const described = model.operationNames.filter((name) => model.operation(name)?.built === true);
    expect(Object.keys(operations).sort()).toEqual(described.sort());
  });

  it('can be asked for', async () => {
    const emulator = await startEmulator({ clock: new VirtualClock(0) });
    const response = await fetch(`${emulator.url}/_shadowctl/operations`);
    const table = (await response.json()) as Record<string, { built: string[]; notBuilt: string[] }>;
    expect(Object.keys(table)).toEqual([...SERVICE_IDS]);
    expect(table['sagemaker-runtime']).toEqual({
      built: ['InvokeEndpoint'],
      notBuilt: ['InvokeEndpointAsync', 'InvokeEndpointWithResponseStream'],
    });
    expect(table.sagemaker?.notBuilt.length).toBeGreaterThan(300);
    await emulator.close();
  });
});
