import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as v from 'valibot';
import { requireFile } from './disk.ts';
import { checked, type Elsewhere, nearest } from './schema.ts';
import { usageError } from './errors.ts';
import { parseSize } from './units.ts';

/** What shadowctl.yaml says for one endpoint: defaults of flags, by the flag's name in camel case, and more. */
export type EndpointDefaults = v.InferOutput<typeof ENDPOINT>;

/** A named place to work in, of `environments:`. */
type EnvironmentSettings = v.InferOutput<typeof ENVIRONMENT>;

/** Which environment was asked for, and by what: `--env` or `SHADOWCTL_ENV`. */
export interface AskedEnvironment {
  name: string;
  by: string;
}

/** shadowctl.yaml, checked, and where it was found. */
export interface Project {
  /** The folder that holds `.shadowctl/`: that of the nearest shadowctl.yaml, the current one where there is none. */
  root: string;
  /** Path of the file, where there is one. */
  file: string | undefined;
  /** `<root>/.shadowctl`: caches, the emulator, and the journals where `state` says nothing else. */
  stateDir: string;
  /** The environment that was chosen; what it says stands in the fields below already, its region apart. */
  environment: ({ name: string } & EnvironmentSettings) | undefined;
  /** Where journals are kept: a folder (from the file's own) or `s3://bucket/prefix`, and for a bucket how. */
  state: { place: string; owner?: string | undefined; kmsKey?: string | undefined } | undefined;
  target: 'aws' | 'emulator';
  /** Of the file, not of the environment: variables of the shell stand between the two. */
  region: string | undefined;
  profile: string | undefined;
  /** The account that commands may work in, twelve digits; undefined: any. */
  account: string | undefined;
  /** ARN of the execution role for models. */
  role: string | undefined;
  /** Where downloaded captures are kept, as it was written: a folder (from the file's own), or `off`. */
  cache: string | undefined;
  /** Tags for everything that is created, in addition to shadowctl's own. */
  tags: Readonly<Record<string, string>>;
  /** The section `policy`, as written; the analysis room knows what it may hold. */
  policy: unknown;
  /** By name of the endpoint. */
  endpoints: Readonly<Record<string, EndpointDefaults>>;
  /** The section `release`, as written; that of an endpoint stands over it. `lifecycle/release` knows what it may hold. */
  release: unknown;
  /** By name of the environment. */
  environments: Readonly<Record<string, EnvironmentSettings>>;
  /** US dollars an hour for one instance, by instance type. */
  prices: Readonly<Record<string, number>>;
  /** Where the ends of updates are told: SNS topic ARNs and webhook URLs. */
  notify: readonly string[];
  /** What reads captures where no flag says: this machine, or Amazon Athena; undefined: this machine, unless somebody agrees to Athena. */
  engine: 'local' | 'athena' | undefined;
  /** How Athena is used, where it is: as written, sizes in bytes (`athenaSettings` knows the defaults). */
  athena: v.InferOutput<typeof ATHENA>;
}

/** How Athena is used, with every default. */
export interface AthenaSettings {
  workgroup: string;
  /** Of the Glue Data Catalog; made where it is missing. */
  database: string;
  /** `s3://bucket/prefix`, where evidence and results go; undefined: SageMaker's default bucket. */
  output: string | undefined;
  /** ARN of the KMS key that encrypts what is written; undefined: as the bucket says. */
  kmsKey: string | undefined;
  /** Bytes that the queries of one report may scan in all; undefined: any number. */
  maxScan: number | undefined;
  /** US dollars for 10¹² bytes that are scanned. */
  price: number;
  /** Bytes of captures, not on this machine yet, from which on a local report speaks of Athena. */
  above: number;
}

const FILE = 'shadowctl.yaml';
const STATE = '.shadowctl';

const TEXT = 'a text';
const text = v.pipe(v.string(TEXT), v.nonEmpty(TEXT));
const ROLE = 'the ARN of an IAM role, like arn:aws:iam::123456789012:role/sagemaker-models';
const ACCOUNT = 'the twelve digits of an AWS account, in quotes';
const PRICE = 'US dollars an hour for one instance, like 0.115';
const TARGETS = 'an SNS topic (ARN), a webhook (URL), or a list of these';
const SIZE = 'a size, like 500MB or 2GB';
const size = v.pipe(
  v.string(SIZE),
  v.regex(/^\d+(?:\.\d+)? ?[KMGT]i?B$/i, SIZE),
  v.transform((words) => parseSize(words) ?? 0),
);
const DATABASE = 'the name of a Glue database: lower-case letters, digits and _';
const OUTPUT = 'a place in S3, like s3://bucket/prefix';
const KEY = 'the ARN of a KMS key';
const SCAN_PRICE = 'US dollars for a terabyte that is scanned, like 5';
const ATHENA = v.strictObject({
  workgroup: v.optional(text),
  database: v.optional(v.pipe(v.string(DATABASE), v.regex(/^[a-z0-9_]{1,128}$/, DATABASE))),
  output: v.optional(v.pipe(v.string(OUTPUT), v.regex(/^s3:\/\/[a-z0-9][a-z0-9.-]+(\/[^?#]*)?$/, OUTPUT))),
  kmsKey: v.optional(v.pipe(v.string(KEY), v.regex(/^arn:aws[a-z-]*:kms:.+$/, KEY))),
  maxScan: v.optional(size),
  price: v.optional(v.pipe(v.number(SCAN_PRICE), v.minValue(0, SCAN_PRICE))),
  above: v.optional(size),
});

const PLACE_KEYS = {
  target: v.optional(v.picklist(['aws', 'emulator'], 'aws or emulator')),
  region: v.optional(text),
  profile: v.optional(text),
  account: v.optional(v.pipe(v.string(ACCOUNT), v.regex(/^\d{12}$/, ACCOUNT))),
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
};
const ENVIRONMENT = v.strictObject(PLACE_KEYS);

const role = v.pipe(v.string(ROLE), v.regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, ROLE));
const tags = v.record(text, v.string('text; put quotes around numbers, true and false'));
/** What a flag takes, as it would be typed: `10m`, `1%`; a number stands for itself. */
const typed = v.pipe(v.union([text, v.number()], 'a text or a number'), v.transform(String));
const oneOrMore = (what: string) =>
  v.union(
    [
      v.array(text),
      v.pipe(
        text,
        v.transform((one) => [one]),
      ),
    ],
    what,
  );
const ENDPOINT = v.strictObject({
  // How its answers are read, and what its shadows must prove, over `policy:` at the top level.
  answers: v.optional(v.unknown()),
  policy: v.optional(v.unknown()),
  release: v.optional(v.unknown()),
  // The new model and its fleet.
  algorithm: v.optional(text),
  image: v.optional(text),
  role: v.optional(role),
  instanceType: v.optional(text),
  subnets: v.optional(oneOrMore('the id of a subnet, or a list of these')),
  securityGroups: v.optional(oneOrMore('the id of a security group, or a list of these')),
  volume: v.optional(typed),
  downloadTimeout: v.optional(typed),
  startupTimeout: v.optional(typed),
  tags: v.optional(tags),
  // Guardrails.
  strategy: v.optional(text),
  canarySize: v.optional(typed),
  stepSize: v.optional(typed),
  batchSize: v.optional(typed),
  rollbackBatchSize: v.optional(typed),
  bake: v.optional(typed),
  finalBake: v.optional(typed),
  maxTime: v.optional(typed),
  max5xxRate: v.optional(typed),
  max4xxRate: v.optional(typed),
  maxLatency: v.optional(text),
  maxLatencyIncrease: v.optional(text),
  baseline: v.optional(typed),
  alarms: v.optional(oneOrMore('the name of an alarm, or a list of these')),
  notify: v.optional(oneOrMore(TARGETS)),
  // Shadow, requests and labels.
  sample: v.optional(typed),
  captureTo: v.optional(text),
  labels: v.optional(text),
  traffic: v.optional(text),
  rate: v.optional(typed),
  contentType: v.optional(text),
  labelColumn: v.optional(typed),
  header: v.optional(v.boolean('true or false')),
});

/** The file, as `schemas/shadowctl.schema.json` describes it to editors. */
export const PROJECT_SCHEMA = v.strictObject({
  ...PLACE_KEYS,
  role: v.optional(role),
  tags: v.optional(tags),
  // YAML 1.1 reads off as false.
  cache: v.optional(v.union([text, v.literal(false)], 'off, or a folder')),
  policy: v.optional(v.unknown()),
  release: v.optional(v.unknown()),
  endpoints: v.optional(v.record(text, ENDPOINT)),
  environments: v.optional(v.record(text, ENVIRONMENT)),
  prices: v.optional(v.record(text, v.pipe(v.number(PRICE), v.minValue(0, PRICE)))),
  notify: v.optional(oneOrMore(TARGETS)),
  engine: v.optional(v.picklist(['local', 'athena'], 'local or athena')),
  athena: v.optional(ATHENA),
});

/** Every key of the file, for whoever lists them: of its top level, of an endpoint, of an environment. */
export const PROJECT_KEYS = {
  top: Object.keys(PROJECT_SCHEMA.entries),
  endpoint: Object.keys(ENDPOINT.entries),
  environment: Object.keys(ENVIRONMENT.entries),
} as const;

/** The nearest shadowctl.yaml at or above `folder`. */
function find(folder: string): string | undefined {
  const here = join(folder, FILE);
  if (existsSync(here)) return here;
  const above = dirname(folder);
  return above === folder ? undefined : find(above);
}

/**
 * In a folder where everybody may write, as /tmp, anybody can lay down a file for others to find.
 * @throws Problem (usage) where the file there is somebody else's, but root's
 */
function requireNotPlanted(path: string, next: string): void {
  const me = process.getuid?.();
  // Of a link, who laid it there counts: it may lead to a file of yours that is meant for elsewhere.
  const owner = lstatSync(path, { throwIfNoEntry: false })?.uid;
  if (me === undefined || owner === undefined || owner === me || owner === 0) return;
  if ((statSync(dirname(path)).mode & 0o002) === 0) return;
  throw usageError(
    `${path} belongs to somebody else, and everybody may write into its folder: it is not used unless you say so.`,
    next,
  );
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
 * @param asked the environment to work in; undefined: none
 * @param others keys of its sections, to tell where one belongs that stands outside
 * @throws Problem (usage) naming the file, and every key and value that cannot be used; and for an environment that is not
 * in it
 */
export async function loadProject(
  cwd: string,
  named: string | undefined,
  asked?: AskedEnvironment,
  others?: Elsewhere,
): Promise<Project> {
  const file = fileToRead(cwd, named);
  if (file === undefined) return settle(cwd, undefined, {}, asked);
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
    checked(PROJECT_SCHEMA, content, file, 'The keys: shadowctl help configuration', others),
    asked,
  );
}

/** The shadowctl.yaml that counts; undefined where there is none. @throws Problem (usage) where it may not be read: a pipe, or of somebody else */
function fileToRead(cwd: string, named: string | undefined): string | undefined {
  const file = named === undefined ? find(cwd) : resolve(cwd, named);
  if (file === undefined) return undefined;
  if (named === undefined && !statSync(file).isFile())
    throw usageError(`${file} is not a regular file.`, 'Remove it, or name another: --config FILE.');
  if (named === undefined)
    requireNotPlanted(file, 'To use it, name it: --config FILE. Otherwise work in a folder of your own.');
  requireFile(file, 'config file', '--config');
  return file;
}

/** The sections of a shadowctl.yaml that cannot be used as it is, as far as they are sections. Undefined: there is no such text. */
export async function sectionsOf(
  cwd: string,
  named: string | undefined,
): Promise<(Pick<Project, 'policy' | 'release' | 'endpoints'> & { file: string }) | undefined> {
  const { parseYaml } = await import('./yaml.ts');
  const { isObject } = await import('./json.ts');
  try {
    const file = fileToRead(cwd, named);
    if (file === undefined) return undefined;
    const content = parseYaml(readFileSync(file, 'utf8'), file);
    if (!isObject(content)) return undefined;
    const { policy, release, endpoints } = content;
    // Of endpoints only these: what else they say are flags, which are read as they were checked.
    const parts = Object.entries(isObject(endpoints) ? endpoints : {}).map(([name, own]) => [
      name,
      isObject(own) ? { policy: own.policy, release: own.release } : {},
    ]);
    return { file, policy, release, endpoints: Object.fromEntries(parts) };
  } catch {
    return undefined;
  }
}

/**
 * What a shadowctl.yaml would say that lies nowhere.
 * @param root the folder that it governs
 * @param where stands for its path
 * @throws Problem (usage) with every key and value that cannot be used
 */
export function projectOf(content: unknown, root: string, where: string): Project {
  return settle(root, where, checked(PROJECT_SCHEMA, content, where), undefined);
}

/** Checks what is to be written into a shadowctl.yaml. @throws Problem (usage) with every key and value that cannot be used */
export function checkProject(content: unknown): void {
  checked(PROJECT_SCHEMA, content, FILE);
}

function settle(
  root: string,
  file: string | undefined,
  given: v.InferOutput<typeof PROJECT_SCHEMA>,
  asked: AskedEnvironment | undefined,
): Project {
  const { environments = {} } = given;
  requireNotPlanted(join(root, STATE), 'Work in a folder of your own, or name another place: --state FOLDER.');
  const own = asked === undefined ? undefined : environmentOf(environments, asked, file);
  // Whoever names an account or a profile means AWS, as `--profile` does.
  const onAws = own?.profile !== undefined || own?.account !== undefined ? 'aws' : undefined;
  return Object.freeze({
    root,
    file,
    stateDir: join(root, STATE),
    environment: asked === undefined || own === undefined ? undefined : { name: asked.name, ...own },
    state: own?.state ?? given.state,
    target: own?.target ?? onAws ?? given.target ?? 'aws',
    region: given.region,
    profile: own?.profile ?? given.profile,
    account: own?.account ?? given.account,
    role: given.role,
    cache: given.cache === false ? 'off' : given.cache,
    tags: given.tags ?? {},
    policy: given.policy,
    release: given.release,
    endpoints: given.endpoints ?? {},
    environments,
    prices: given.prices ?? {},
    notify: given.notify ?? [],
    engine: given.engine,
    athena: given.athena ?? {},
  });
}

/** A local report speaks of Athena from this size on: it takes minutes to download, and costs more than to have it read. */
const ABOVE = 4e9;
/** US dollars for 10¹² bytes, in most regions (docs/sagemaker-facts.md, "Athena and Glue"). */
const PRICE_PER_TB = 5;

/** What the section `athena` of a shadowctl.yaml comes to. */
export function athenaSettings(given: Project['athena']): AthenaSettings {
  return {
    workgroup: given.workgroup ?? 'primary',
    database: given.database ?? 'shadowctl',
    output: given.output,
    kmsKey: given.kmsKey,
    maxScan: given.maxScan,
    price: given.price ?? PRICE_PER_TB,
    above: given.above ?? ABOVE,
  };
}

function environmentOf(
  environments: Readonly<Record<string, EnvironmentSettings>>,
  { name, by }: AskedEnvironment,
  file: string | undefined,
): EnvironmentSettings {
  if (file === undefined)
    throw usageError(
      `${by} asks for the environment "${name}", and there is no shadowctl.yaml here or above that could name it.`,
      'Go to the folder of the project, or name the file: --config FILE',
    );
  const names = Object.keys(environments);
  const own = Object.hasOwn(environments, name) ? environments[name] : undefined;
  if (own !== undefined) return own;
  const near = nearest(name, names);
  throw usageError(
    `${by}: ${file} has no environment "${name}".${near === undefined ? '' : ` Did you mean ${near}?`}`,
    names.length === 0 ? 'Write it under `environments:`.' : `Its environments: ${names.join(', ')}.`,
  );
}
