import type { CompareElsewhere } from '../../analysis/observe/elsewhere.ts';
import type { App } from '../../app.ts';
import { usageError } from '../../base/errors.ts';
import { athenaSettings } from '../../base/project.ts';
import { asksYes } from '../confirm.ts';
import { sessionOf } from '../session.ts';
import { expectedLines } from '../views/athena.ts';
import type { ReportOptions } from './options.ts';

/** What reads the captures of this report, where that may not be this machine. @throws Problem (usage) where there are no captures to be read */
export async function elsewhereFor(app: App, options: ReportOptions): Promise<CompareElsewhere | undefined> {
  const { endpoint, files, source, predictions } = options;
  const why =
    files !== undefined
      ? 'files are on this machine already'
      : source === 'logs'
        ? 'with --source logs, predictions come from logs'
        : predictions
          ? undefined
          : 'with --no-predictions nothing is read';
  if (why !== undefined || endpoint === undefined) {
    if (options.engine !== 'athena') return undefined;
    throw usageError(
      `--engine athena reads the captures of an endpoint in S3: ${why ?? 'no endpoint was named'}.`,
      'Leave it out, or name an endpoint that captures: --endpoint NAME.',
    );
  }
  const project = await app.project();
  const engine = options.engine ?? project.engine ?? 'unsaid';
  if (engine === 'local') return undefined;
  const { engineFor } = await import('../../lifecycle/warehouse/choose.ts');
  const session = sessionOf(app);
  let reported = false;
  return engineFor(session, {
    engine,
    byFlag: options.engine === 'athena',
    settings: athenaSettings(project.athena),
    comparison: async () => {
      const [{ compareInWarehouse }, { planInWarehouse }] = await Promise.all([
        import('../../analysis/compare/warehouse/compare.ts'),
        import('../../analysis/compare/warehouse/plan.ts'),
      ]);
      return { plan: planInWarehouse, compare: compareInWarehouse };
    },
    tell(expected) {
      // Of a report that looks again, the first look tells.
      if (!reported) for (const line of expectedLines(app.io, expected)) app.io.err(line);
      reported = true;
    },
    ask: app.io.interactive
      ? async (expected) => {
          for (const line of expectedLines(app.io, expected)) app.io.alert(line);
          const question = 'Have Athena read them, instead of this machine? [y/N]';
          return (await asksYes(app, question, 'Not done; nothing was read.')) ?? false;
        }
      : undefined,
  });
}
