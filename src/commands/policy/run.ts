import { explainPolicy } from '../../analysis/judge/explain.ts';
import { EXAMPLE } from '../../analysis/policy/example.ts';
import { explainRest } from '../../analysis/policy/words.ts';
import { minutesToPass } from '../../analysis/judge/evidence.ts';
import { loadPolicy } from '../../analysis/observe/policy-file.ts';
import type { App, Outcome } from '../../app.ts';
import { table } from '../../ui/table.ts';
import type { PolicyOptions } from './command.ts';

/** Tells what the policy demands, or prints the default; asks nobody and changes nothing. */
export async function run(app: App, options: PolicyOptions): Promise<Outcome> {
  if (options.action === 'init') {
    app.io.out(EXAMPLE.trimEnd());
    return 'done';
  }
  const { policy, source } = await loadPolicy(app.cwd, options.file, () => app.project());
  const { io } = app;
  if (options.json) {
    io.out(JSON.stringify(policy, null, 2));
    return 'done';
  }
  io.out(`Policy of ${source}`);
  io.out(
    `A gate may be wrong in ${Math.round(policy.alpha * 1000) / 10} of 100 cases (alpha: ${policy.alpha}). ${policy.looks === 'always' ? 'Look as often as you like: the bounds hold for all looks together (looks: always).' : 'The bounds hold for a single look: decide when to look beforehand (looks: once).'}`,
  );
  io.out(
    'The shadow passes when every gate is proven; it fails when one is proven not to hold; else it is inconclusive.',
  );
  const minutes = minutesToPass(policy);
  io.out(
    `Answers pass no gate before ${minutes} minutes that have some (minimumBlocks ${policy.minimumBlocks} × blockMinutes ${policy.blockMinutes}); parts of the inputs, and answers that differ in bursts, take ${minutesToPass(policy, 'parts')}.`,
  );
  io.out();
  const rows = explainPolicy(policy).map((one) => [
    one.gate + (one.gating ? '' : ' (informs)'),
    `${one.demand} [${one.key}]. At least ${one.traffic}.`,
  ]);
  io.out(await table(io, ['gate', 'it is proven that [key: value]'], rows));
  io.out();
  for (const line of explainRest(policy)) io.out(line);
  return 'done';
}
