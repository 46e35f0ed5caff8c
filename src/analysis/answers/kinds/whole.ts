import { isObject } from '../../../base/json.ts';
import { canonicalJson } from '../json.ts';
import { exceedsOne, holdsMore, isBrokenRecord, listWithoutLabel, namedScores, wordsOrText } from './labels.ts';
import {
  ofBoxes,
  ofBytes,
  ofNumbers,
  ofRankings,
  ofReplies,
  ofSets,
  ofSpans,
  ofTexts,
  ofVectors,
} from './comparisons.ts';
import type { Kind } from './kind.ts';
import type { Box, Ranked, Reply } from './values.ts';
import { flatNumbers, sumsToOne, VECTOR } from './lists.ts';

/** The first numbers of a list, and how many there are. */
function listed(list: readonly number[]): string {
  const first = list.slice(0, 3).map((one) => Number(one.toPrecision(3)));
  return `[${first.join(', ')}${list.length > first.length ? `, … ${list.length} numbers` : ''}]`;
}

const whole = (value: unknown) => ({ other: canonicalJson(value) });

export const numbers: Kind = {
  name: 'numbers',
  show: (value) => listed(value as number[]),
  comparison: ofNumbers,
  title: 'several numbers',
  compared: 'each number, within a tolerance; how far apart they are together, and bias',
  recognize(values) {
    const lists = values.map((value) => (Array.isArray(value) ? flatNumbers(value) : listWithoutLabel(value)));
    if (!lists.every((list) => list !== undefined && list.length > 1 && list.length < VECTOR)) return undefined;
    return lists.every((list) => sumsToOne(list as number[])) ? undefined : 'possible';
  },
  read(value) {
    const list = flatNumbers(value) ?? listWithoutLabel(value);
    return list === undefined ? undefined : whole(list);
  },
};

export const vector: Kind = {
  name: 'vector',
  show: (value) => listed(value as number[]),
  comparison: ofVectors,
  title: 'a vector',
  compared: 'cosine and relative distance',
  recognize(values) {
    const lists = values.map(flatNumbers);
    if (!lists.every((list) => list !== undefined && list.length >= VECTOR)) return undefined;
    if (values.every((value) => Array.isArray(value) && value.every(Array.isArray))) return 'certain';
    return lists.every((list) => sumsToOne(list as number[])) ? undefined : 'possible';
  },
  read(value) {
    const list = flatNumbers(value);
    return list === undefined ? undefined : whole(list);
  },
};

/** Members that say which item it is. */
const IDS = [
  'id',
  'item',
  'item_id',
  'itemId',
  'product_id',
  'doc_id',
  'document_id',
  'index',
  'corpus_id',
  'token_str',
];

/** What stands in a list of recommendations: names, or records with an id. */
function itemOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (!isObject(value)) return undefined;
  const id = IDS.map((key) => value[key]).find((one) => typeof one === 'string' || typeof one === 'number');
  return id === undefined ? undefined : String(id);
}

/** Members that say how good an item is. */
const SCORES = ['score', 'relevance_score', 'similarity', 'distance'];

/** Members of an item that belong to its place in the list. */
const OF_ITEM = new Set([...IDS, ...SCORES, 'rank', 'text', 'document']);

/** Do the items of a list say more than which they are and how good? */
function itemsHoldMore(value: unknown): boolean {
  return (
    Array.isArray(value) && value.some((one) => isObject(one) && Object.keys(one).some((key) => !OF_ITEM.has(key)))
  );
}

function itemsOf(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map(itemOf);
  return items.every((one) => one !== undefined) && new Set(items).size === items.length ? items : undefined;
}

export const ranking: Kind = {
  name: 'ranking',
  comparison: ofRankings,
  title: 'a ranked list',
  compared:
    'overlap of the first ten, of which both must have as many; rank-biased overlap; scores where items have some',
  recognize(values) {
    if (
      !values.every((value) => Array.isArray(value) && value.every((one) => typeof one === 'string' || isObject(one)))
    )
      return undefined;
    if (!values.every((value) => itemsOf(value) !== undefined)) return undefined;
    return values.some(itemsHoldMore) ? 'possible' : 'certain';
  },
  read(value) {
    const items = itemsOf(value);
    return items === undefined
      ? undefined
      : whole(items.map((id, i): Ranked => withScore(id, (value as unknown[])[i])));
  },
};

function withScore(id: string, item: unknown): Ranked {
  const score = isObject(item) ? SCORES.map((key) => item[key]).find((one) => typeof one === 'number') : undefined;
  return score === undefined ? id : [id, score];
}

/** From this score on a class applies, where several may. */
const APPLIES = 0.5;

/** The classes that apply: those of a list of names, or of scores those from a half on. */
function classesOf(value: unknown): string[] | undefined {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.toSorted();
  const named = namedScores(value);
  return named
    ?.filter(([, score]) => score >= APPLIES)
    .map(([name]) => name)
    .toSorted();
}

export const labels: Kind = {
  name: 'labels',
  show: (value) => (value as string[]).join(', '),
  comparison: ofSets,
  title: 'several labels at once',
  compared: 'the set of labels, of scores those from 0.5 on',
  recognize: (values) =>
    values.every((value) => namedScores(value) !== undefined) && exceedsOne(values) ? 'possible' : undefined,
  read(value) {
    const found = classesOf(value);
    return found === undefined ? undefined : whole(found);
  },
};

/** A box by the spellings that are known; undefined for anything else. */
export function boxOf(value: unknown): Box | undefined {
  if (Array.isArray(value)) {
    // SageMaker's object detection: class, score, corners.
    if (value.length !== 6 || !value.every((one) => typeof one === 'number')) return undefined;
    const [name, score, ...corners] = value;
    return { label: String(name), score: score as number, box: corners as unknown as Box['box'] };
  }
  if (!isObject(value)) return undefined;
  const score = typeof value.score === 'number' ? value.score : 1;
  if (isObject(value.box)) {
    const { xmin, ymin, xmax, ymax } = value.box;
    const corners = [xmin, ymin, xmax, ymax];
    if (!corners.every((one) => typeof one === 'number')) return undefined;
    return { label: String(value.label), score, box: corners as unknown as Box['box'] };
  }
  // TorchServe's object detector: the class is the member's name.
  const [named] = Object.entries(value).filter(([key]) => key !== 'score');
  const corners = named?.[1];
  if (
    named === undefined ||
    Object.keys(value).length !== 2 ||
    !Array.isArray(corners) ||
    corners.length !== 4 ||
    !corners.every((one) => typeof one === 'number')
  )
    return undefined;
  return { label: named[0], score, box: corners as unknown as Box['box'] };
}

function boxesOf(value: unknown): Box[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const found = value.map(boxOf);
  return found.every((one) => one !== undefined) ? found : undefined;
}

export const boxes: Kind = {
  name: 'boxes',
  comparison: ofBoxes,
  title: 'boxes with labels',
  compared:
    'boxes of a score from 0.5 on (where there is none, the best box), matched one to one: label, place (IoU 0.75) and score (within 0.2)',
  recognize: (values) =>
    values.every((value) => boxesOf(value) !== undefined && !Array.isArray((value as unknown[])[0]))
      ? 'certain'
      : undefined,
  read(value) {
    const found = boxesOf(value);
    return found === undefined ? undefined : whole(found);
  },
};

/** A part of a text with a name: of HuggingFace's token classification. */
function spanOf(value: unknown): object | undefined {
  if (!isObject(value)) return undefined;
  const name = value.entity_group ?? value.entity;
  if (typeof name !== 'string') return undefined;
  return { label: name, start: value.start ?? null, end: value.end ?? null, text: value.word ?? null };
}

function spansOf(value: unknown): object[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const found = value.map(spanOf);
  return found.every((one) => one !== undefined) ? found : undefined;
}

export const spans: Kind = {
  name: 'spans',
  comparison: ofSpans,
  title: 'named parts of a text',
  compared: 'the set of parts with their names, whatever their order',
  recognize: (values) => (values.every((value) => spansOf(value) !== undefined) ? 'certain' : undefined),
  read(value) {
    const found = spansOf(value);
    return found === undefined ? undefined : whole(found);
  },
};

export const text: Kind = {
  name: 'text',
  show: String,
  comparison: ofTexts,
  wording: true,
  title: 'a text',
  compared: 'similarity of words, length, refusals',
  recognize(values) {
    if (!values.every((value) => typeof value === 'string')) return undefined;
    const look = wordsOrText(values);
    return look === 'text' ? 'certain' : look === 'either' ? 'possible' : undefined;
  },
  read: (value) => (typeof value === 'string' && value.trim() !== '' ? whole(value) : undefined),
};

const isReply = (value: unknown): value is Reply =>
  isObject(value) &&
  typeof value.text === 'string' &&
  Array.isArray(value.tools) &&
  'finish' in value &&
  'refusal' in value;

export const chat: Kind = {
  name: 'chat',
  show: (value) => (value as Reply).text,
  comparison: ofReplies,
  wording: true,
  title: 'a reply of a chat',
  compared: 'similarity of words, length, tools called, refusals',
  recognize: (values) => (values.every(isReply) ? 'certain' : undefined),
  read: (value) => (isReply(value) ? whole(value) : undefined),
};

export const bytes: Kind = {
  name: 'bytes',
  comparison: ofBytes,
  title: 'bytes',
  compared: 'equal or not',
  recognize: (values) =>
    values.every((value) => isObject(value) && 'sha256' in value && 'bytes' in value) ? 'certain' : undefined,
  read: (value) => (value === undefined || value === null ? undefined : whole(value)),
};

export const json: Kind = {
  name: 'json',
  title: 'free JSON',
  compared: 'field by field',
  recognize: (values) =>
    values.every((value) => isObject(value) || Array.isArray(value)) &&
    values.some((value) => holdsMore(value) || itemsHoldMore(value))
      ? 'possible'
      : undefined,
  read: (value) => (value === undefined || value === null || isBrokenRecord(value) ? undefined : whole(value)),
};
