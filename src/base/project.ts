import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { requireFile } from './disk.ts';
import { checked } from './schema.ts';
import { usageError } from './errors.ts';

/** shadowctl.yaml, checked, and where it was found. */
export interface Project {
  /** The folder that holds `.shadowctl/`: that of the nearest shadowctl.yaml, the current one where there is none. */
  root: string;
  /** Path of the file, where there is one. */
  file: string | undefined;
  /** `<root>/.shadowctl`: caches, the emulator, and the journals where `state` says nothing else. */
  stateDir: string;
  /** Where journals are kept: a folder (from the file's own) or `s3://bucket/prefix`, and for a bucket how. */
  state: { place: string; owner?: string | undefined; kmsKey?: string | undefined } | undefined;
  target: 'aws' | 'emulator';
  region: string | undefined;
  profile: string | undefined;
  /** The account that commands may work in, twelve digits; undefined: any. */
  account: string | undefined;
  /** ARN of the execution role for models. */
  role: string | undefined;
  /** Tags for everything that is created, in addition to shadowctl's own. */
  tags: Readonly<Record<string, string>>;
  /** The section `policy`, as written; the analysis room knows what it may hold. */
  policy: unknown;
  /** By name of the endpoint: `answers`, as written, is what the policy says about its answers. */
  endpoints: Readonly<Record<string, { answers?: unknown }>>;
  /** Where the ends of updates are told: SNS topic ARNs and webhook URLs. */
  notify: readonly string[];
}

const FILE = 'shadowctl.yaml';
const STATE = '.shadowctl';

const TEXT = 'a text';
const text = v.pipe(v.string(TEXT), v.nonEmpty(TEXT));
const ROLE = 'the ARN of an IAM role, like arn:aws:iam::123456789012:role/sagemaker-models';
const ACCOUNT = 'the twelve digits of an AWS account, in quotes';
const TARGETS = 'an SNS topic (ARN), a webhook (URL), or a list of these';
const SCHEMA = v.strictObject({
  target: v.optional(v.picklist(['aws', 'emulator'], 'aws or emulator')),
  region: v.optional(text),
  profile: v.optional(text),
  account: v.optional(v.pipe(v.string(ACCOUNT), v.regex(/^\d{12}$/, ACCOUNT))),
  role: v.optional(v.pipe(v.string(ROLE), v.regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, ROLE))),
  tags: v.optional(v.record(text, v.string('text; put quotes around numbers, true and false'))),
  state: v.optional(
    v.union(
      [
        v.pipe(
          text,
          v.transform((place) => ({ place })),
        ),
        v.strictObject({
          place: text,
          owner: v.optional(v.pipe(v.string(ACCOUNT), v.regex(/^\d{12}$/, ACCOUNT))),
          kmsKey: v.optional(text),
        }),
      ],
      'a folder, s3://bucket/prefix, or the keys place, owner and kmsKey',
    ),
  ),
  policy: v.optional(v.unknown()),
  endpoints: v.optional(v.record(text, v.strictObject({ answers: v.optional(v.unknown()) }))),
  notify: v.optional(
    v.union(
      [
        v.array(text),
        v.pipe(
          text,
          v.transform((one) => [one]),
        ),
      ],
      TARGETS,
    ),
  ),
});

/** The nearest shadowctl.yaml at or above `folder`. */
function find(folder: string): string | undefined {
  const here = join(folder, FILE);
  if (existsSync(here)) return here;
  const above = dirname(folder);
  return above === folder ? undefined : find(above);
}

/**
 * The folder of the state. A file that `--config` names says what counts, not where the journal is: two files for two
 * environments share it. Only where that file's folder holds a state already (a project of its own), it is that one.
 */
function rootOf(cwd: string, file: string | undefined, named: boolean): string {
  const own = file === undefined ? undefined : dirname(file);
  if (!named) return own ?? cwd;
  if (own !== undefined && existsSync(join(own, STATE))) return own;
  const nearest = find(cwd);
  return nearest === undefined ? cwd : dirname(nearest);
}

/**
 * Reads and checks shadowctl.yaml.
 * @param named the path given with `--config`; without it the file is looked for from `cwd` upwards, and may be missing
 * @throws Problem (usage) naming the file, and every key and value that cannot be used
 */
export async function loadProject(cwd: string, named: string | undefined): Promise<Project> {
  const file = named === undefined ? find(cwd) : resolve(cwd, named);
  if (file === undefined) return settle(cwd, undefined, {});
  requireFile(file, 'config file', '--config');
  const { parseYaml } = await import('./yaml.ts');
  const content = parseYaml(readFileSync(file, 'utf8'), file);
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw usageError(
      `${file} holds no keys at the top level, but ${JSON.stringify(content).slice(0, 60)}.`,
      'Write `key: value` lines.',
    );
  }
  return settle(
    rootOf(cwd, file, named !== undefined),
    file,
    checked(SCHEMA, content, file, 'The keys: shadowctl help configuration'),
  );
}

function settle(root: string, file: string | undefined, given: Partial<Project>): Project {
  return Object.freeze({
    root,
    file,
    stateDir: join(root, STATE),
    state: given.state,
    target: given.target ?? 'aws',
    region: given.region,
    profile: given.profile,
    account: given.account,
    role: given.role,
    tags: given.tags ?? {},
    policy: given.policy,
    endpoints: given.endpoints ?? {},
    notify: given.notify ?? [],
  });
}
