import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { run } from '../../../src/cli/report/run.ts';
import type { Report } from '../../../src/report/report.ts';
import { freePort, type RunningTrino, startTrino, TRINO, TRINO_MISSING } from '../../support/trino.ts';
import { comparable } from '../../analysis/compare/comparable.ts';
import { stage, type Stage } from './endpoint.ts';
import { OPTIONS } from './options.ts';

// Some fifty statements, each planned by a server that has just started, on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 900_000 });

/*
 * The whole of `report --engine athena`, its queries run by a real Trino: it finds what the emulator's own engine finds, and the
 * verdict is that of this machine.
 */
describe.skipIf(TRINO === undefined)(`on a real Trino (${TRINO_MISSING})`, () => {
  let trino: RunningTrino;
  let open: Stage;
  /** The same endpoint where the emulator's own engine runs the queries. */
  let own: Stage;
  beforeAll(async () => {
    const port = await freePort();
    open = await stage('good', true, {}, { trino: `http://127.0.0.1:${port}` });
    trino = await startTrino(open.emulator.url, port);
    process.stdout.write(`Trino ${trino.version} runs the queries\n`);
    own = await stage('good');
    for (const one of [open, own]) {
      await one.traffic(120, 15_000);
      one.clock.advance(15 * 60_000);
    }
  }, 300_000);
  afterAll(async () => {
    await trino?.stop();
    await open?.close();
    await own?.close();
  });

  const report = async (engine: 'athena' | 'local', at = open) => {
    const { app, out, err } = at.app();
    await run(app, { ...OPTIONS, last: '1h', engine });
    return { report: JSON.parse(out.join('\n')) as Report, err: err.join('\n') };
  };

  test('report --engine athena comes to the sums of the own engine and the verdict of this machine; a second look reads no hour again', async () => {
    const [here, byOwn] = [await report('local'), await report('athena', own)];
    const there = await report('athena');
    expect(there.report.observations.engine).toMatchObject({ name: 'athena', hours: { kept: 0 } });
    expect(there.report.observations.predictions).toMatchObject({ pairs: 120, method: 'inferenceId' });
    const sums = ({ observations: { predictions } }: Report) => {
      // Inputs are hashed by each engine in its own way.
      const { repeats: _, alternatives: __, ...rest } = predictions ?? {};
      return comparable(rest as never);
    };
    expect(sums(there.report)).toEqual(sums(byOwn.report));
    const gates = ({ verdict }: Report) => verdict?.gates.map(({ id, outcome }) => [id, outcome]);
    expect(gates(there.report)).toEqual(gates(here.report));
    const again = await report('athena');
    expect(again.report.observations.engine).toMatchObject({ name: 'athena', hours: { read: 0 } });
    expect(sums(again.report)).toEqual(sums(byOwn.report));
  });
});
