import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { usageError } from '../../base/errors.ts';
import type { Policy } from '../policy/policy.ts';
import { readPolicy } from '../policy/schema.ts';

/**
 * The policy from a YAML file (its section `policy`, or all of it), else from shadowctl.yaml, else the default; and
 * where it came from, in words.
 */
export async function loadPolicy(
  cwd: string,
  named: string | undefined,
  project: () => Promise<{ policy: unknown; file: string | undefined }>,
): Promise<{ policy: Policy; source: string }> {
  if (named === undefined) {
    const { policy, file } = await project();
    const source = policy === undefined || file === undefined ? 'shadowctl (the defaults)' : file;
    return { policy: readPolicy(policy, source), source };
  }
  const path = resolve(cwd, named);
  if (!existsSync(path)) throw usageError(`There is no policy file ${path}.`, 'Check the path given with --policy.');
  const { parseYaml } = await import('../../base/yaml.ts');
  const content = parseYaml(await readFile(path, 'utf8'), path);
  const section = typeof content === 'object' && content !== null && 'policy' in content ? content.policy : content;
  return { policy: readPolicy(section, path), source: path };
}
