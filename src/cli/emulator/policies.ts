import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readDocument } from '../../emulator/iam/document.ts';
import type { AttachedPolicy } from '../../emulator/world/attached-policy.ts';
import { usageError } from '../../base/errors.ts';
import type { PolicyFlag } from './flags.ts';

const KINDS = {
  identity: 'identity-based policy',
  boundary: 'permissions boundary',
  scp: 'service control policy',
} as const;

/** Reads the policies that are to be enforced. @throws Problem (usage) for a file that is no policy, or uses what is not built */
export function readPolicies(cwd: string, flags: readonly PolicyFlag[]): Promise<AttachedPolicy[]> {
  return Promise.all(
    flags.map(async ({ kind, who, file }) => {
      let text: string;
      try {
        text = await readFile(resolve(cwd, file), 'utf8');
      } catch (error) {
        throw usageError(`--iam: ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`, undefined, error);
      }
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch (error) {
        throw usageError(`--iam: ${file} is not JSON.`, 'Give a policy of IAM, as JSON.', error);
      }
      return { who, kind: KINDS[kind], document: readDocument(value, file) };
    }),
  );
}
