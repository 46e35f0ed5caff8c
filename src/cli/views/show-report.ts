import { resolve } from 'node:path';
import type { App } from '../../app.ts';
import { writeWhole } from '../../base/disk.ts';
import { printCommand } from '../../base/text.ts';
import { renderers } from '../../report/render.ts';
import type { RenderOptions, Report } from '../../report/report.ts';

/** A report in the form that was asked for, into a file or onto standard output. */
export async function showReport(
  app: App,
  report: Report,
  { format, output }: { format: keyof typeof renderers; output?: string | undefined },
  more: Pick<RenderOptions, 'asked' | 'release' | 'full'>,
): Promise<void> {
  const render = await renderers[format]();
  // A file is no terminal: it gets eighty columns and no color.
  const toFile = output !== undefined;
  const text = await render(report, {
    ...more,
    columns: toFile ? 80 : app.io.columns,
    color: !toFile && app.io.color,
    // A report that is passed on names nobody's profile.
    command: format === 'text' ? app.io.command : printCommand,
  });
  if (output === undefined) return app.io.out(text);
  await writeWhole(resolve(app.cwd, output), `${text}\n`);
  app.io.err(`Wrote ${output}.`);
}
