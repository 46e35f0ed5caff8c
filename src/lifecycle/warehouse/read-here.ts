import type { Session } from '../session.ts';

/**
 * Says so, where shadowctl.yaml has Athena read captures and this command reads them on this machine all the same: it looks often,
 * each of Athena's many queries is billed 10 MB at least, and it holds the lock under which a look by Athena begins and ends.
 */
export async function sayReadHere(session: Pick<Session, 'project' | 'emit'>): Promise<void> {
  const { engine } = await session.project();
  if (engine === 'athena') session.emit({ kind: 'captures-read-here' });
}
