import { clopperPearson } from '../../analysis/statistics/proportions.ts';
import type { ShotEnd } from './send.ts';
import { isWell } from '../../analysis/observe/mirror/table.ts';

/** So many ends and not one answer: there is nobody, or nobody who answers. */
const SILENT = 20;
/** The last ends that are looked at, so that a target that breaks late is noticed soon. */
const LATEST = 200;
const MIN_WRONG = 10;
/** That a share is above its limit is believed where chance would show so many in one look of a hundred. */
const ALPHA = 0.01;

/** Why a replay ends before its last request. */
export type StopReason = 'silent' | 'errors' | 'credentials';

/** Decides whether more is to be sent, by what came of what was sent: a target that breaks is not to be hurt. */
export class Stopper {
  readonly #most: number | undefined;
  #latest: boolean[] = [];
  #ended = 0;
  #answered = 0;
  #refusals = 0;

  /** @param most share of requests that may fail; undefined: any */
  constructor(most: number | undefined) {
    this.#most = most;
  }

  add({ end }: Pick<ShotEnd, 'end'>): void {
    if (end.outcome === 'lost') {
      if (end.loss === 'credentials') this.#refusals += 1;
      return;
    }
    this.#ended += 1;
    if (end.outcome === 'answered') this.#answered += 1;
    this.#latest.push(!isWell(end));
    if (this.#latest.length > LATEST) this.#latest.shift();
  }

  get reason(): StopReason | undefined {
    if (this.#answered === 0 && this.#refusals > 0) return 'credentials';
    if (this.#answered === 0 && this.#ended >= SILENT) return 'silent';
    const wrong = this.#latest.filter(Boolean).length;
    if (this.#most === undefined || wrong < MIN_WRONG || wrong / this.#latest.length <= this.#most) return undefined;
    const [low] = clopperPearson(wrong, this.#latest.length, ALPHA);
    return low > this.#most ? 'errors' : undefined;
  }
}
