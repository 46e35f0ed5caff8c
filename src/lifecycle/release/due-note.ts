import { createHash } from 'node:crypto';
import type { Release } from '../../state/releases.ts';
import type { ReleaseNote } from './note.ts';
import type { ReleaseSettings } from './settings.ts';

/** What people are still to be told, and the word by which the journal remembers it. */
export interface DueNote {
  key: string;
  about: ReleaseNote['about'];
}

/** The word by which the journal remembers that people were told of this trouble. Pure. */
export function troubleKey(what: string): string {
  return `trouble-${createHash('sha256').update(what).digest('hex').slice(0, 12)}`;
}

/** What people are to be told next; undefined where they have been told all. Pure. */
export function dueNote(release: Release, settings: ReleaseSettings, now: number): DueNote | undefined {
  const { notified, ask, ended, trouble, at, begun } = release;
  const isNew = (key: string) => !notified.some(({ about }) => about === key);
  if (isNew('begun')) return { key: 'begun', about: 'begun' };
  const turned = release.turns.findLast((one) => isNew(`turned-${one.ask}`));
  if (turned !== undefined) return { key: `turned-${turned.ask}`, about: 'turned' };
  if (ended !== undefined) return isNew('ended') ? { key: 'ended', about: 'ended' } : undefined;
  const automatic = begun.terms.approve === 'auto' && ask?.outcome === 'pass';
  if (ask !== undefined && at === 'asking' && release.answer === undefined && !automatic) {
    const asked = `asked-${ask.ask}`;
    const reminded = `reminded-${ask.ask}`;
    if (isNew(asked)) return { key: asked, about: 'asked' };
    const last = notified.findLast(({ about }) => about === asked || about === reminded);
    if (settings.remind !== undefined && last !== undefined && now >= last.at + settings.remind)
      return { key: reminded, about: 'reminder' };
  }
  if (trouble !== undefined) {
    const key = troubleKey(trouble.what);
    if (isNew(key)) return { key, about: 'trouble' };
  }
  if (at === 'settling' && isNew('settling')) return { key: 'settling', about: 'settling' };
  return undefined;
}
