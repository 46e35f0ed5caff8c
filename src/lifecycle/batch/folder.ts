import { runBegan } from '../../resources/tags.ts';

/** The folder of one attempt at a day, an `s3://` URI that ends with a slash: everything of it lies there. Pure. */
export function attemptFolder(
  output: string,
  { batch, day, attempt, run }: { batch: string; day: string; attempt: number; run: string },
): string {
  return `${output.replace(/\/*$/, '')}/${batch}/${day}/${String(attempt)}-${run}/`;
}

/** Where a job of that attempt writes. Pure. */
export function jobOutputs(folder: string, job: string): string {
  return `${folder}outputs/${job}`;
}

/** The folder of the attempt that a job of this batch writes for; undefined where its outputs lie in no such folder. Pure. */
export function folderOfJob(batch: string, job: string, outputs: string): string | undefined {
  const end = jobOutputs('/', job);
  const whole = outputs.replace(/\/$/, '');
  if (!whole.endsWith(end)) return undefined;
  const folder = `${whole.slice(0, -end.length)}/`;
  const [, attempt = '', day = '', of] = folder.split('/').toReversed();
  const run = /^\d+-(.+)$/.exec(attempt)?.[1] ?? '';
  return of === batch && /^\d{4}-\d\d-\d\d$/.test(day) && runBegan(run) !== undefined ? folder : undefined;
}
