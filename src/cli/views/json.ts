import type { Io } from '../../ui/io.ts';

/**
 * Writes a result for programs. It says which kind of document it is and in which version, `shadowctl-status/1`: the
 * number rises where a field goes away or means something else; new fields come without. A list says it in each element,
 * because lists were lists before there were versions.
 */
export function writeJson(io: Pick<Io, 'out'>, name: string, value: object): void {
  io.out(JSON.stringify(versioned(name, value), null, 2));
}

function versioned(name: string, value: object): unknown {
  const schema = `shadowctl-${name}/1`;
  if (Array.isArray(value)) return value.map((one: object) => ({ schema, ...one }));
  return { schema, ...value };
}
