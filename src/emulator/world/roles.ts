import { createHash } from 'node:crypto';
import { type Document, readDocument } from '../iam/document.ts';
import { resourceAllows, statementsOf } from '../iam/resource-policy.ts';
import type { Store, Table } from '../storage/store.ts';
import { modelsOf } from './endpoints/records.ts';
import { partitionOf } from './partition.ts';

interface Place {
  account: string;
  region: string;
}

/** A role of IAM. Times in milliseconds since the epoch. */
export interface RoleRecord {
  name: string;
  /** Begins and ends with a slash. */
  path: string;
  arn: string;
  /** `AROA…` */
  id: string;
  createdAt: number;
  /** JSON: who may take the role. */
  trust: string;
  description?: string;
  /** Deleted, and not made anew since. */
  deleted: boolean;
  /** Somebody created it: then its policies say what it may do, and its trust policy who may take it. */
  created?: boolean;
  /** Inline policies by their name, as JSON. */
  policies?: Record<string, string>;
  /** ARNs of the managed policies that are attached. */
  attached?: string[];
  tags?: Record<string, string>;
  maxSessionSeconds?: number;
}

/** What AWS's managed policies say that can be attached here, by their name (AWS Managed Policy Reference Guide). */
export const MANAGED_POLICIES: Readonly<Record<string, object>> = {
  'service-role/AWSLambdaBasicExecutionRole': {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: '*',
      },
    ],
  },
};

/** The name in the ARN of one of AWS's managed policies. */
export function managedName(arn: string): string {
  return arn.replace(/^arn:[^:]*:iam::aws:policy\//, '');
}

/** What a role that was created may do by its own policies; undefined for any other, of which nothing is known. */
export function documentsOf(store: Store, account: string, name: string): Document[] | undefined {
  const role = rolesOf(store).get(keyOf(account, name));
  if (role === undefined || role.deleted || role.created !== true) return undefined;
  return [
    ...Object.entries(role.policies ?? {}).map(([policy, text]) => readDocument(JSON.parse(text), policy)),
    ...(role.attached ?? []).map((arn) => readDocument(MANAGED_POLICIES[managedName(arn)], arn)),
  ];
}

/**
 * May a service take a role? Of a role that nobody created here nothing is known: it may. Else its trust policy must
 * name the service.
 */
export function trusts({ store }: { store: Store }, arn: string, service: string): boolean {
  const [, account = '', name = ''] = /::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  const role = rolesOf(store).get(keyOf(account, name));
  if (role?.deleted === true) return false;
  if (role?.created !== true) return true;
  // A trust policy may name the account for which the service acts: here that is always the role's own.
  const keys = { 'aws:SourceAccount': account };
  return resourceAllows(statementsOf(role.trust), {
    principal: service,
    action: 'sts:AssumeRole',
    resource: arn,
    keys,
  });
}

/** May a user or a session take a role? As `trusts`: the trust policy must name it, its account, or everybody. */
export function mayTake({ store }: { store: Store }, arn: string, principal: string): boolean {
  const [, account = '', name = ''] = /::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  const role = rolesOf(store).get(keyOf(account, name));
  if (role?.deleted === true) return false;
  if (role?.created !== true) return true;
  // A session is of its role: `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
  const asRole = principal.replace(/:sts::(\d{12}):assumed-role\/([^/]+)\/.*$/, ':iam::$1:role/$2');
  const statements = statementsOf(role.trust);
  return [principal, asRole].some((one) =>
    resourceAllows(statements, { principal: one, action: 'sts:AssumeRole', resource: arn }),
  );
}

/** Keeps a change of a role. */
export function changeRole({ store }: { store: Store }, account: string, role: RoleRecord): void {
  rolesOf(store).set(keyOf(account, role.name), role);
}

/** Roles that were created, asked for or deleted. Names are not told apart by case (IAM User Guide, "IAM and AWS STS quotas"). */
const rolesOf = (store: Store): Table<RoleRecord> => store.table('iam-roles');
const keyOf = (account: string, name: string) => `${account}/${name.toLowerCase()}`;

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'sagemaker.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

interface Known {
  store: Store;
  clock: { now(): number };
}

/** A role that was created or asked for, or that a model names; as it was where it was deleted since. */
function lookUp(world: Known, { account }: Place, name: string): RoleRecord | undefined {
  const known = rolesOf(world.store).get(keyOf(account, name));
  if (known !== undefined) return known;
  const arn = modelsOf(world.store)
    .entries(`${account}/`)
    .map(([, { roleArn = '' }]) => roleArn)
    .find((one) => one.includes(`::${account}:role/`) && one.toLowerCase().endsWith(`/${name.toLowerCase()}`));
  return arn === undefined
    ? undefined
    : keepRole(world, { account, name: arn.slice(arn.lastIndexOf('/') + 1), arn, trust: TRUST });
}

/** A role that somebody made, or that a model names, and that was not deleted. */
export function roleInUse(world: Known, place: Place, name: string): RoleRecord | undefined {
  const role = lookUp(world, place, name);
  return role?.deleted === true ? undefined : role;
}

/**
 * A role; undefined where it was deleted. Every other name is taken to be that of a role: models here are run without
 * anybody's having made their roles.
 */
export function roleNamed(world: Known, place: Place, name: string): RoleRecord | undefined {
  const role = lookUp(world, place, name);
  if (role !== undefined) return role.deleted ? undefined : role;
  const { account, region } = place;
  return keepRole(world, {
    account,
    name,
    arn: `arn:${partitionOf(region)}:iam::${account}:role/${name}`,
    trust: TRUST,
  });
}

/** Keeps a role as it is made. */
export function keepRole(
  { store, clock }: Known,
  made: Pick<RoleRecord, 'name' | 'arn' | 'trust' | 'description' | 'created' | 'tags' | 'maxSessionSeconds'> & {
    account: string;
  },
): RoleRecord {
  const { account, ...role } = made;
  const createdAt = clock.now();
  const digits = createHash('sha256').update(`${role.arn} ${createdAt}`).digest('hex').slice(0, 17).toUpperCase();
  const path = role.arn.slice(role.arn.indexOf(':role/') + ':role'.length, role.arn.lastIndexOf('/') + 1);
  const record = { ...role, path, id: `AROA${digits}`, createdAt, deleted: false };
  rolesOf(store).set(keyOf(account, role.name), record);
  return record;
}

/** Takes a role away. */
export function forgetRole({ store }: { store: Store }, account: string, role: RoleRecord): void {
  rolesOf(store).set(keyOf(account, role.name), { ...role, deleted: true });
}

/** Was the role of this ARN deleted? */
export function roleGone({ store }: { store: Store }, arn: string): boolean {
  const [, account = '', name = ''] = /::(\d{12}):role\/(?:.*\/)?([^/]+)$/.exec(arn) ?? [];
  return rolesOf(store).get(keyOf(account, name))?.deleted === true;
}
