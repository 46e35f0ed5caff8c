import { nearest } from '../../base/schema.ts';

/** Flags by what they mean, where letters do not tell: whoever writes the first means the first of the others that the command has, which may say how its value is written. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  file: ['data', 'files', 'from', 'artifact'],
  input: ['data', 'files', 'from', 'source', 'artifact'],
  payload: ['data', 'from'],
  body: ['data', 'from'],
  recording: ['files', 'from'],
  name: ['endpoint', 'batch'],
  'model-data': ['artifact'],
  url: ['to', 'endpoint-url'],
  target: ['to', 'endpoint'],
  out: ['output', 'records', 'save'],
  json: ['format'],
  'dry-run': ['plan'],
  qps: ['rate'],
  rps: ['rate'],
  requests: ['count'],
  truth: ['labels'],
  shadow: ['variants live,NAME'],
};

/** The flag that was probably meant: by meaning, else by its letters; undefined where none is near. `flag` is one that the command lacks. Pure. */
export function meantFlag(flag: string, flags: readonly string[]): string | undefined {
  if (!flag.startsWith('--')) return undefined;
  const name = flag.slice(2);
  const names = flags.map((one) => one.slice(2));
  const meant = SYNONYMS[name]?.find((one) => names.includes(one.replace(/ .*/, ''))) ?? nearest(name, names);
  return meant === undefined ? undefined : `--${meant}`;
}
