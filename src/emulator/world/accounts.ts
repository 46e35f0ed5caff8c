import type { Store } from '../storage/store.ts';

/** What AssumeRole gave out: kept so that calls signed with it land in the role's account. */
export interface Session {
  account: string;
  /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` */
  arn: string;
  /** `AROA…:SESSION` */
  userId: string;
  /** Milliseconds since the epoch. */
  expires: number;
}

/** The account of an access key without twelve digits of its own. */
const DEFAULT_ACCOUNT = '000000000000';

/** The sessions given out by AssumeRole, by access key id. */
export function sessions({ store }: { store: Store }) {
  return store.table<Session>('sts-sessions');
}

/** Whose account an access key belongs to: twelve digits are an account, a session's key is its role's, all else is the default. */
export function accountOf(world: { store: Store }, accessKeyId: string | undefined): string {
  if (accessKeyId === undefined) return DEFAULT_ACCOUNT;
  if (/^\d{12}$/.test(accessKeyId)) return accessKeyId;
  return accessKeyId.startsWith('ASIA')
    ? (sessions(world).get(accessKeyId)?.account ?? DEFAULT_ACCOUNT)
    : DEFAULT_ACCOUNT;
}
