import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tag } from '@aws-sdk/client-sagemaker';
import { headObject } from '../../aws/s3.ts';
import { type Span, followed, MAX_ROUNDS, piecesOf } from '../../analysis/batch/bisect.ts';
import { fileLines } from '../../base/file-lines.ts';
import type { JournaledRun } from '../../resources/apply.ts';
import type { PriceList } from '../../guard/prices.ts';
import type { Session } from '../session.ts';
import { beginJob, followJobs, type Side } from './jobs.ts';
import { withObject } from './look.ts';
import type { RunObject } from './objects.ts';
import { outputsOf } from './outputs.ts';
import { putOutput } from './put.ts';
import type { BatchSettings } from './settings.ts';
import type { TransformJob } from '../../aws/transform-jobs.ts';

/** Where and how the lines are looked for. */
interface Search {
  session: Session;
  run: JournaledRun;
  settings: BatchSettings;
  prices: PriceList;
  tags: Tag[];
  day: string;
  attempt: number;
  /** Of the attempt, an `s3://` URI that ends with a slash. */
  folder: string;
  /** On this machine. */
  spool: string;
  /** Jobs that have run for the day before. */
  spent: readonly TransformJob[];
}

/**
 * Finds the lines because of which a model answers nothing to whole objects: these are cut into pieces, which one job asks about,
 * and the pieces that fail again, in at most three rounds (`MAX_ROUNDS`).
 * @returns the first bad line of each object, from 1, by URI, as it stands in what was asked; and the jobs
 */
export async function findBadRows(
  search: Search,
  { side, model, accept }: { side: Side; model: string; accept: string },
  failed: readonly RunObject[],
): Promise<{ lines: Map<string, number>; jobs: TransformJob[] }> {
  const { session, run, settings, prices } = search;
  const jobs: TransformJob[] = [];
  const found = new Map<string, number>();
  let spans: Span[] = failed.map(({ uri, scan }) => ({ object: uri, from: 0, to: scan.asked }));
  for (let round = 1; round <= MAX_ROUNDS && spans.length > 0; round += 1) {
    const pieces = spans.flatMap((span) => piecesOf(span, round));
    const uris = new Map<string, Span>();
    for (const [index, object] of failed.entries()) {
      const own = pieces.filter((piece) => piece.object === object.uri);
      const place = `${search.folder}pieces/${side}-${round}/${index + 1}-`;
      for (const [uri, piece] of await writePieces(search, object, own, place)) uris.set(uri, piece);
    }
    const [one] = failed;
    if (one === undefined || uris.size === 0) break;
    const name = await beginJob(
      run,
      { side, model, contentType: one.format.contentType, gzip: false, accept, objects: [...uris.keys()] },
      { ...search, settings },
    );
    const [job] = await followJobs(session, run, [name], {
      maxCost: settings.maxCost,
      prices,
      spent: [...search.spent, ...jobs],
      waits: true,
    });
    if (job === undefined) break;
    jobs.push(job);
    const outputs = await outputsOf(run.aws, job.output, [...uris.keys()], session.signal);
    const bad = [...uris].flatMap(([uri, piece]) => (outputs.has(uri) ? [] : [piece]));
    for (const { object, from, to } of bad)
      if (to - from === 1) found.set(object, Math.min(found.get(object) ?? Number.POSITIVE_INFINITY, from + 1));
    spans = followed(bad);
  }
  return { lines: found, jobs };
}

/** Writes pieces of what is asked of an object to S3; gives them by their URIs. Pieces lie apart, in the order of their lines. */
async function writePieces(
  { session, run, spool }: Search,
  object: RunObject,
  pieces: readonly Span[],
  place: string,
): Promise<[uri: string, piece: Span][]> {
  if (pieces.length === 0) return [];
  const written: [string, Span][] = [];
  const into = join(spool, 'piece');
  const asked = await headObject(run.aws, object.asked);
  const source = { uri: object.asked, bytes: asked?.bytes ?? object.bytes, etag: asked?.etag ?? object.etag };
  await withObject(session, run.aws, source, spool, async (path) => {
    const rest = pieces.values();
    let piece = rest.next().value;
    let lines: string[] = [];
    let at = 0;
    for await (const text of fileLines(path)) {
      if (text.trim() === '') continue;
      if (piece === undefined) break;
      if (at >= piece.from) lines.push(text);
      at += 1;
      if (at < piece.to) continue;
      await writeFile(into, lines.map((line) => `${line}\n`).join(''));
      const uri = `${place}${written.length + 1}`;
      await putOutput(run, uri, into);
      written.push([uri, piece]);
      lines = [];
      piece = rest.next().value;
    }
  });
  await rm(into, { force: true });
  return written;
}
