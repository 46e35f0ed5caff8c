import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { evaluate } from '../../../src/emulator/containers/xgboost/evaluate.ts';
import { loadModels } from '../../../src/emulator/containers/xgboost/load.ts';
import { parsePayload } from '../../../src/emulator/containers/xgboost/requests.ts';
import { imageVersion } from '../../../src/emulator/containers/xgboost/versions.ts';

/** The image of each release that fixtures/scripts/xgboost_real.py recorded (XGBOOST_VERSION of the image's Dockerfile; 0.72 is the legacy image). */
export const IMAGE_OF: Record<string, string> = {
  '0.72.1': '0.72',
  '0.90': '0.90-2',
  '1.0.0': '1.0-1',
  '1.2.0': '1.2-1',
  '1.3.3': '1.3-1',
  '1.5.2': '1.5-1',
  '1.7.4': '1.7-1',
  '3.0.5': '3.0-5',
  '3.2.0': '3.2-0',
};

/** Two float32 count as the same when at most this many others lie between: `exp` of two libraries differs by as much. */
const ULPS = 2;

type Said = { answers: unknown[] } | { refused: string } | { unreadable: string };

/** What a release made of a model file: not loaded, its process ended, or an answer. */
type Outcome = { failed: object } | { killed: true } | ({ loaded: string } & Said);

/** What one release trained, and made of it. */
interface Recorded {
  release: string;
  rows: (number | null)[][];
  models: Record<string, { files: Record<string, string>; outcomes: Record<string, Outcome> }>;
  /** By `<form of the model named logistic> <columns>`. */
  widths: Record<string, Outcome>;
  /** Format and base64. */
  payloads: [format: string, body: string][];
  /** What the model named logistic says to the payloads, by its form. */
  read: Record<string, { loaded: string; said: Said[] }>;
}

/** All releases of a folder, and by release what it made of the files of the others (`<release> <model> <form>`). */
export interface Recordings {
  made: Map<string, Recorded>;
  loads: Map<string, Record<string, Outcome>>;
}

const recorded = new Map<string, Recorded>();

/** What one release of fixtures/xgboost/real recorded. */
export function recordingOf(release: string): Recorded {
  const known = recorded.get(release);
  if (known) return known;
  const file = new URL(`../../../fixtures/xgboost/real/${release}.json.gz`, import.meta.url);
  const read: Recorded = JSON.parse(gunzipSync(readFileSync(file)).toString());
  recorded.set(release, read);
  return read;
}

/** What all releases of a folder recorded. */
export function readRecordings(folder: string): Recordings {
  const found: Recordings = { made: new Map(), loads: new Map() };
  for (const name of readdirSync(folder)) {
    const document = JSON.parse(gunzipSync(readFileSync(join(folder, name))).toString());
    if (name.endsWith('.loads.json.gz')) found.loads.set(name.replace('.loads.json.gz', ''), document);
    else if (name.endsWith('.json.gz')) found.made.set(document.release, document);
  }
  return found;
}

/** A model file as it is stored: JSON as it stands, all others in base64. */
export const bytesOf = (file: string) =>
  file.startsWith('base64:') ? Buffer.from(file.slice(7), 'base64') : Buffer.from(file);

const asCsv = (rows: Recorded['rows']) => Buffer.from(rows.map((row) => row.map((x) => x ?? '').join(',')).join('\n'));

/** Where the emulator's image differs from the release itself, for its own models and their number of columns. */
export function differencesOfModels({ release, rows, models, widths }: Recorded): string[] {
  const differences = Object.entries(models).flatMap(([name, { files, outcomes }]) =>
    Object.entries(files).flatMap(([form, file]) =>
      difference(`${name} ${form}`, outcomes[form] as Outcome, serve(release, file)(asCsv(rows), 'csv')),
    ),
  );
  for (const [key, recorded] of Object.entries(widths)) {
    const [form = '', columns] = key.split(' ');
    const file = models['logistic']?.files[form] as string;
    const cut = rows.map((row) => [...row, 0.5, 0.25].slice(0, Number(columns)));
    differences.push(...difference(`columns of ${key}`, recorded, serve(release, file)(asCsv(cut), 'csv')));
  }
  return differences;
}

/** The same for files that other releases wrote. */
export function differencesOfLoads({ made, loads }: Recordings, release: string): string[] {
  return Object.entries(loads.get(release) ?? {}).flatMap(([key, recorded]) => {
    const [from = '', name = '', form = ''] = key.split(' ');
    const other = made.get(from) as Recorded;
    return difference(
      key,
      recorded,
      serve(release, other.models[name]?.files[form] as string)(asCsv(other.rows), 'csv'),
    );
  });
}

/** The same for payloads of every sort. */
export function differencesOfPayloads({ release, models, payloads, read }: Recorded): string[] {
  return Object.entries(read).flatMap(([form, { loaded, said }]) => {
    const ask = serve(release, models['logistic']?.files[form] as string);
    return payloads.flatMap(([format, body], i) => {
      const bytes = Buffer.from(body, 'base64');
      const recorded = { loaded, ...(said[i] as Said) };
      return difference(`${form} ${format} ${JSON.stringify(bytes.toString('latin1'))}`, recorded, ask(bytes, format));
    });
  });
}

/** What the emulator's image of a release makes of a model file, and then of payloads. */
function serve(release: string, file: string): (body: Uint8Array, format: string) => Outcome {
  const image = imageVersion(IMAGE_OF[release] as string);
  const models = loadModels(new Map([['xgboost-model', bytesOf(file)]]), image, {});
  if ('failure' in models) return () => ({ failed: { failure: models.failure } });
  const loaded = models.boosters[0]?.pickled ? 'pickle' : 'load_model';
  return (body, format) => {
    let matrix: ReturnType<typeof parsePayload>;
    try {
      matrix = parsePayload(body, `text/${format}`, image);
    } catch (error) {
      return { loaded, unreadable: (error as Error).message.replace(/^Loading .* format:\n /, '') };
    }
    try {
      return { loaded, answers: evaluate(models.boosters, matrix, image) };
    } catch (error) {
      return { loaded, refused: (error as Error).message };
    }
  };
}

/** Empty, or one line that says how ours differs. */
function difference(what: string, recorded: Outcome, ours: Outcome): string[] {
  if (same(recorded, ours)) return [];
  return [`${what}: ours ${JSON.stringify(ours).slice(0, 400)}, recorded ${JSON.stringify(recorded).slice(0, 400)}`];
}

/** Not loaded, by an exception or by the end of the process: what garbage does to old releases is chance. */
const isMissing = (one: object) => 'failed' in one || 'killed' in one;

/** Alike but for the last digits of numbers, what a text goes on with, why a model is not loaded, and its bytes (`files`). */
export function same(recorded: unknown, other: unknown): boolean {
  if (typeof recorded === 'number' && typeof other === 'number')
    return Math.abs(order(recorded) - order(other)) <= ULPS;
  if (typeof recorded === 'string' && typeof other === 'string') return other.startsWith(recorded);
  if (typeof recorded !== 'object' || recorded === null) return recorded === other;
  if (typeof other !== 'object' || other === null) return false;
  if (isMissing(recorded) && isMissing(other)) return true;
  const [one, two] = [recorded, other] as Record<string, unknown>[];
  const keys = Object.keys(one as object);
  if (keys.length !== Object.keys(two as object).length) return false;
  return keys.every((key) => key === 'files' || same(one?.[key], two?.[key]));
}

const view = new DataView(new ArrayBuffer(4));

/** Neighbouring float32 have neighbouring integers. */
function order(value: number): number {
  view.setFloat32(0, value);
  const bits = view.getInt32(0);
  return bits < 0 ? -(bits & 0x7fffffff) : bits;
}
