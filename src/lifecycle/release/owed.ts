import { createHash } from 'node:crypto';
import type { Release } from '../../state/releases.ts';
import type { ReleaseNote } from './note.ts';
import type { ReleaseSettings } from './settings.ts';

/** What people are still to be told, and the word by which the journal remembers it. */
export interface Owed {
  key: string;
  about: ReleaseNote['about'];
}

/** The word by which the journal remembers that people were told of this trouble. Pure. */
export function troubleKey(what: string): string {
  return `trouble-${createHash('sha256').update(what).digest('hex').slice(0, 12)}`;
}

/** What people are to be told next; undefined where they have been told all. Pure. */
export function owedNote(release: Release, settings: ReleaseSettings, now: number): Owed | undefined {
  const { told, ask, ended, trouble, at, begun } = release;
  const untold = (key: string) => !told.some(({ about }) => about === key);
  if (untold('begun')) return { key: 'begun', about: 'begun' };
  const turned = release.turns.findLast((one) => untold(`turned-${one.ask}`));
  if (turned !== undefined) return { key: `turned-${turned.ask}`, about: 'turned' };
  if (ended !== undefined) return untold('ended') ? { key: 'ended', about: 'ended' } : undefined;
  const automatic = begun.terms.approve === 'auto' && ask?.outcome === 'pass';
  if (ask !== undefined && at === 'asking' && release.answer === undefined && !automatic) {
    const asked = `asked-${ask.ask}`;
    const reminded = `reminded-${ask.ask}`;
    if (untold(asked)) return { key: asked, about: 'asked' };
    const last = told.findLast(({ about }) => about === asked || about === reminded);
    if (settings.remind !== undefined && last !== undefined && now >= last.at + settings.remind)
      return { key: reminded, about: 'reminder' };
  }
  if (trouble !== undefined) {
    const key = troubleKey(trouble.what);
    if (untold(key)) return { key, about: 'trouble' };
  }
  if (at === 'settling' && untold('settling')) return { key: 'settling', about: 'settling' };
  return undefined;
}
