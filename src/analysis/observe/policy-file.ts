import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { requireFile } from '../../base/disk.ts';
import type { Policy } from '../policy/policy.ts';
import { movedKeys, readPolicy } from '../policy/schema.ts';
import { isObject } from '../../base/json.ts';

/** Of shadowctl.yaml, what a policy is made from. */
interface Written {
  policy: unknown;
  file: string | undefined;
  /** By name of the endpoint. */
  endpoints?: Readonly<Record<string, { answers?: unknown; policy?: unknown }>>;
}

export interface LoadedPolicy {
  policy: Policy;
  /** Where it came from, in words. */
  source: string;
  /** Sentences about keys that have moved. */
  notes: string[];
  /** Where the command of a comparator stands. */
  commandFile: string | undefined;
  /** The policy as it was written, with what is said of the endpoint's answers; undefined: the defaults. */
  written: unknown;
}

/**
 * The policy from a YAML file (its section `policy`, or all of it), else from shadowctl.yaml, else the default; and
 * where it came from, in words. What shadowctl.yaml says about the answers of this endpoint stands over the policy for all
 * endpoints, and under that of a file that was named.
 *
 * @param endpoint whose answers are judged, where it is known
 */
export async function loadPolicy(
  cwd: string,
  named: string | undefined,
  project: () => Promise<Written>,
  endpoint?: string,
): Promise<LoadedPolicy> {
  const written = await project();
  const { endpoints = {} } = written;
  const said = endpoint !== undefined && Object.hasOwn(endpoints, endpoint) ? endpoints[endpoint] : undefined;
  const own = said?.answers;
  if (named === undefined && typeof said?.policy === 'string') {
    const path = resolve(dirname(written.file ?? '.'), said.policy);
    requireFile(path, 'policy file', `endpoints.${endpoint}.policy`);
    return loadPolicy(cwd, path, project, endpoint);
  }
  if (named === undefined) {
    const { file } = written;
    const policy = said?.policy === undefined ? written.policy : over(written.policy, said.policy);
    const source =
      (policy === undefined && own === undefined) || file === undefined ? 'shadowctl (the defaults)' : file;
    const section =
      own === undefined
        ? policy
        : { ...object(policy), answers: { ...object(object(policy).answers), ...object(own) } };
    const read = inFolder(readPolicy(section, source), resolve(cwd, dirname(file ?? '.')));
    const commandFile = read.answers.command === undefined ? undefined : file;
    return { policy: read, source, notes: movedKeys(section), commandFile, written: section };
  }
  const path = resolve(cwd, named);
  requireFile(path, 'policy file', '--policy');
  const { parseYaml } = await import('../../base/yaml.ts');
  const content = parseYaml(await readFile(path, 'utf8'), path);
  const section = isObject(content) && 'policy' in content ? content.policy : content;
  const all =
    own === undefined || (section !== null && !isObject(section))
      ? section
      : { ...object(section), answers: { ...object(own), ...object(object(section).answers) } };
  const policy = inFolder(readPolicy(all, path), dirname(path));
  // What stands in the file that was named comes before what shadowctl.yaml says of the endpoint.
  const place = 'command' in object(object(section).answers) ? path : written.file;
  const commandFile = policy.answers.command === undefined ? undefined : place;
  return { policy, source: path, notes: movedKeys(section), commandFile, written: all };
}

/** The file of a reference lies beside the policy that names it. */
function inFolder(policy: Policy, folder: string): Policy {
  const { reference } = policy;
  return reference === undefined
    ? policy
    : { ...policy, reference: { ...reference, file: resolve(folder, reference.file) } };
}

/** A section with another laid over it, key by key and however deep. */
function over(below: unknown, above: unknown): unknown {
  if (!isObject(below) || !isObject(above)) return above;
  return {
    ...below,
    ...Object.fromEntries(Object.entries(above).map(([key, value]) => [key, over(below[key], value)])),
  };
}

function object(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}
