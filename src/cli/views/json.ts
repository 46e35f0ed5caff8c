import { printable } from '../../base/json.ts';
import { printText } from '../../base/text.ts';
import type { Io } from '../../ui/io.ts';

/**
 * Writes a result for programs. It says which kind of document it is and in which version, `shadowctl-status/1`: the
 * number rises where a field goes away or means something else; new fields come without. A list says it in each element,
 * because lists were lists before there were versions.
 */
export function writeJson(io: Pick<Io, 'out'>, name: string, value: object): void {
  io.out(printable(JSON.stringify(versioned(name.replaceAll(' ', '-'), value), null, 2)));
}

/** Writes a document on one line: for commands that write one for each change. */
export function writeJsonLine(io: Pick<Io, 'out'>, name: string, value: object): void {
  io.out(printable(JSON.stringify(versioned(name, value))));
}

/** Runs what writes text for people, and writes its lines as one document. */
export async function writeLinesAsJson<T>(io: Io, name: string, work: (io: Io) => Promise<T>): Promise<T> {
  const lines: string[] = [];
  const result = await work({
    ...io,
    color: false,
    out: (line = '') => void lines.push(...printText(line).split('\n')),
  });
  writeJson(io, name, { lines });
  return result;
}

function versioned(name: string, value: object): unknown {
  const schema = `shadowctl-${name}/1`;
  if (Array.isArray(value)) return value.map((one: object) => ({ schema, ...one }));
  return { schema, ...value };
}
