import { answersOf } from '../../answers/read-answers.ts';
import type { Reading } from '../../answers/reading.ts';
import type { Answer } from '../../answers/answer.ts';
import { payloadText, readCapture } from '../../answers/captures.ts';
import type { Capture, Payload } from '../../answers/captures.ts';
import { clustersOf } from '../../answers/cluster.ts';
import { csvLines, featuresOf } from '../../answers/features.ts';
import { inputRows } from '../../answers/truth.ts';
import type { Window } from '../../observations.ts';
import { Cells } from './cells.ts';
import { Columns, setHash } from './columns.ts';
import { hashBytes, hashLong, hashOf, hashPlace } from './fast/hash.ts';
import { AnswerSample } from './sample.ts';
import { Scratch } from './fast/scratch.ts';
import { TimestampCache } from './fast/timestamp-cache.ts';
import { learnPattern, PatternMatch } from './fast/pattern.ts';
import type { LinePattern } from './fast/pattern.ts';
import { learnTemplate, matchTemplate } from './fast/template.ts';
import type { Template } from './fast/template.ts';
import { payloadOf, sameBytes, skipBlank, textOf } from './fast/spans.ts';
import { Tally } from '../tally.ts';
import { CAPACITY } from './text-column.ts';
import { RecordWalker } from './fast/walker.ts';
import type { Span } from './fast/walker.ts';

const TIME_KEY = Buffer.from('"inferenceTime":"');
const MAX_TEMPLATES = 24;
const MAX_PATTERNS = 4;
/** Learning costs several readings: after so many failed attempts none is made. */
const MAX_FAILED_ATTEMPTS = 100;

/** What is asked of the records. */
export interface ScanAsked {
  /** How answers are read. */
  reading: Reading;
  window: Window;
  /** Event ids and inputs, for records that InferenceIds do not pair. */
  everyId: boolean;
  /** Features of each row, to find its truth. */
  features: boolean;
  /** What rows hang together by: see clustersOf. */
  cluster: string | undefined;
  /** Share of the records whose inputs are kept column by column. */
  sampled: number;
  /** Lines are read by their bytes where they are alike, else by JSON.parse. */
  fastPath: boolean;
}

/** Names of the files that come of the records, part by part. */
export interface ScanFiles {
  columns(part: number): string;
  /** Of records without an answer that can be read. */
  lost(part: number): string;
  cells(part: number): string;
}

/** Answers of one encoding and content type: how they are built, and how many attempts to learn that failed. */
interface Form {
  templates: Template[];
  failedAttempts: number;
}

/**
 * Takes capture lines apart into columns: by their bytes where they look like the lines before, else by the same
 * readers that small reports use. Nothing of a record stays in memory but its row in the columns. Of the shadow's inputs
 * only the end is looked for: where one is broken inside, its answer counts all the same.
 */
export class Scanner {
  readonly counts = new Tally();
  readonly sample = new AnswerSample();
  readonly #columns: Columns;
  readonly #lost: Columns;
  readonly #cells: Cells;
  readonly #asked: ScanAsked;
  readonly #walker = new RecordWalker();
  readonly #scratch = new Scratch();
  readonly #times = new TimestampCache();
  readonly #match: PatternMatch;
  readonly #patterns: LinePattern[] = [];
  readonly #forms = new Map<string, Form>();
  #last: { encoding: Buffer; type: Buffer; form: Form } | undefined;
  #failedLines = 0;

  constructor(asked: ScanAsked, files: ScanFiles) {
    this.#asked = asked;
    this.#match = new PatternMatch(this.#scratch, this.#times);
    this.#columns = new Columns(files.columns);
    this.#lost = new Columns(files.lost);
    this.#cells = new Cells(files.cells);
  }

  /** Writes what is not yet in a file. */
  flush(): void {
    this.#columns.flush();
    this.#lost.flush();
    this.#cells.flush();
  }

  /** Reads whole lines, each with its newline. `base` is the place of `start` in the file. */
  lines(bytes: Buffer, start: number, end: number, file: number, base: number): void {
    if (!this.#asked.fastPath) return this.#parseLines(bytes, start, end, file, base);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = start;
    while (at < end) {
      const place = base + at - start;
      const behind = this.#isSampled(place) ? -1 : this.#fastPath(bytes, view, at, file, place);
      at = behind < 0 ? this.#walk(bytes, view, at, file, place) : behind;
    }
  }

  /** Every line by JSON.parse, but for those that show a time outside of the window before that. */
  #parseLines(bytes: Buffer, start: number, end: number, file: number, base: number): void {
    for (let at = start; at < end; ) {
      const newline = bytes.indexOf(10, at);
      if (this.#isOutside(bytes, at, newline)) this.counts.outside += 1;
      else this.#slowPath(bytes.toString('utf8', at, newline), file, base + at - start);
      at = newline + 1;
    }
  }

  /** Inside of a string the key would stand between backslashes. */
  #isOutside(bytes: Buffer, start: number, end: number): boolean {
    const key = bytes.lastIndexOf(TIME_KEY, end);
    if (key < start) return false;
    const { from, to } = this.#asked.window;
    const time = key + TIME_KEY.length;
    const quote = bytes.indexOf(34, time);
    const moment = this.#times.read(bytes, { start: time, end: quote, escaped: false });
    return quote > time && quote < end && (moment < from || moment >= to);
  }

  /** By its place alone, so that it is the same records whoever reads them. */
  #isSampled(place: number): boolean {
    const { sampled } = this.#asked;
    return sampled > 0 && mixed(place) < sampled;
  }

  /** A line like one before; -1 where it is not. Ids and inputs beyond the InferenceId are left to the walker. */
  #fastPath(bytes: Buffer, view: DataView, start: number, file: number, at: number): number {
    if (this.#asked.everyId || this.#asked.features || this.#asked.cluster !== undefined) return -1;
    const match = this.#match;
    for (const pattern of this.#patterns) {
      const behind = match.match(pattern, bytes, view, start);
      if (behind < 0 || match.template === undefined) continue;
      const moment = this.#times.value;
      if (Number.isNaN(moment)) return -1;
      if (moment < this.#asked.window.from || moment >= this.#asked.window.to) {
        this.counts.outside += 1;
        return behind;
      }
      this.counts.records += 1;
      const first = this.#fill(match.template);
      const { inference } = this.#columns;
      inference[2 * first] = match.inference[0] as number;
      inference[2 * first + 1] = match.inference[1] as number;
      this.#sameInput(first, match.input[0] as number, match.input[1] as number);
      this.#rest(first, moment, file, at);
      return behind;
    }
    return -1;
  }

  /** One input, of one line, into all rows of its answer. */
  #sameInput(first: number, low: number, high: number): void {
    const { rowInput, length } = this.#columns;
    if (length === first + 1) {
      rowInput[2 * first] = low;
      rowInput[2 * first + 1] = high;
      return;
    }
    for (let row = first; row < length; row += 1) {
      if (low === 0 && high === 0) this.#scratch.hash.fill(0);
      else hashPlace(this.#scratch, low, high, row - first);
      setHash(rowInput, row, this.#scratch);
    }
  }

  #inputs(first: number, input: Payload | undefined): void {
    const { rowInput, length } = this.#columns;
    const text = input?.data.trim();
    const lines = text?.split('\n') ?? [];
    if (text === undefined || length === first + 1 || lines.length !== length - first) {
      hashLong(this.#scratch, text);
      this.#sameInput(first, this.#scratch.hash[0] as number, this.#scratch.hash[1] as number);
      return;
    }
    for (let row = first; row < length; row += 1) {
      hashLong(this.#scratch, lines[row - first]?.trim());
      setHash(rowInput, row, this.#scratch);
    }
  }

  #walk(bytes: Buffer, view: DataView, at: number, file: number, place: number): number {
    if (this.#walker.read(bytes, at)) {
      const behind = skipBlank(bytes, this.#walker.place);
      if (bytes[behind] === 10) {
        this.#record(bytes, view, file, place);
        this.#learnLine(bytes, view, at, behind + 1);
        return behind + 1;
      }
    }
    const newline = bytes.indexOf(10, at);
    this.#slowPath(bytes.toString('utf8', at, newline), file, place);
    return newline + 1;
  }

  #learnLine(bytes: Buffer, view: DataView, start: number, end: number): void {
    const { templates } = this.#form(bytes);
    if (this.#patterns.length >= MAX_PATTERNS || this.#failedLines >= MAX_FAILED_ATTEMPTS || templates.length === 0)
      return;
    const pattern = learnPattern(bytes, start, end, this.#walker, templates);
    if (pattern !== undefined && this.#match.match(pattern, bytes, view, start) === end) this.#patterns.push(pattern);
    else this.#failedLines += 1;
  }

  #record(bytes: Buffer, view: DataView, file: number, at: number): void {
    const walker = this.#walker;
    const moment = this.#times.read(bytes, walker.time);
    if (Number.isNaN(moment)) return this.counts.lost('no inferenceTime', textOf(bytes, walker.time));
    if (moment < this.#asked.window.from || moment >= this.#asked.window.to) {
      this.counts.outside += 1;
      return;
    }
    this.counts.records += 1;
    const { data } = walker.output;
    if (data.start < 0 || data.end === data.start) {
      this.counts.withoutAnswer += 1;
      this.#ids(bytes, this.#lost, this.#lose(moment, true));
      return;
    }
    const first = this.#fast(bytes, view) ?? this.#slow(bytes);
    if (first === undefined) this.#ids(bytes, this.#lost, this.#lose(moment, false));
    else this.#keys(bytes, first, moment, file, at);
  }

  /** Rows of an answer that is built like one before; undefined where it is not. */
  #fast(bytes: Buffer, view: DataView): number | undefined {
    const { data } = this.#walker.output;
    for (const template of this.#form(bytes).templates) {
      if (matchTemplate(this.#scratch, template, bytes, view, data.start, this.#match.values) === data.end)
        return this.#fill(template);
    }
    return undefined;
  }

  #fill(template: Template): number {
    const { rows } = template;
    const { values } = this.#match;
    const first = this.#rows(rows.length);
    for (let place = 0; place < rows.length; place += 1) {
      const row = rows[place] as (typeof rows)[number];
      const number = row.number === undefined ? Number.NaN : (values[row.number] as number);
      let label = typeof row.label === 'number' ? String(values[row.label]) : row.label;
      let scores: number[] | undefined;
      if (row.scores !== undefined) {
        scores = row.scores.map((hole) => values[hole] as number);
        if (row.largest) label = String(scores.indexOf(Math.max(...scores)));
      }
      this.#put(first + place, number, label, scores, undefined);
    }
    return first;
  }

  /** Rows of an answer nobody has seen the like of, read by the reader of answers; learned for the next. */
  #slow(bytes: Buffer): number | undefined {
    const { input, output } = this.#walker;
    const payload = payloadOf(bytes, output);
    const answers = answersOf({ input: payloadOf(bytes, input), output: payload }, this.#asked.reading);
    if (payload === undefined || answers === undefined) {
      this.#unparsed(payload);
      return undefined;
    }
    if (payload.encoding !== 'BASE64') this.#learnAnswer(bytes, payload);
    return this.#answers(answers);
  }

  #learnAnswer(bytes: Buffer, { encoding, contentType }: Payload): void {
    const form = this.#form(bytes);
    if (form.templates.length >= MAX_TEMPLATES || form.failedAttempts >= MAX_FAILED_ATTEMPTS) return;
    const { data } = this.#walker.output;
    const template = learnTemplate(
      bytes.toString('utf8', data.start, data.end),
      encoding,
      contentType,
      this.#asked.reading,
    );
    if (template === undefined) form.failedAttempts += 1;
    else form.templates.push(template);
  }

  #unparsed(payload: Payload | undefined): void {
    this.counts.unparsed += 1;
    if (payload !== undefined) this.counts.example(payloadText(payload).slice(0, 120));
  }

  #answers(answers: readonly Answer[]): number {
    const first = this.#rows(answers.length);
    for (const [place, answer] of answers.entries()) {
      this.#put(first + place, answer.number ?? Number.NaN, answer.label, answer.scores, answer.other);
      if (answer.others !== undefined) this.#columns.addOthers(first + place, answer.others);
    }
    return first;
  }

  /** Makes room for the rows of one answer, and gives the first. */
  #rows(count: number): number {
    if (this.#columns.length + count > CAPACITY) this.#columns.flush();
    if (count > CAPACITY)
      throw new RangeError(`an answer of ${count} rows is larger than what can be compared (${CAPACITY})`);
    const first = this.#columns.length;
    this.#columns.length += count;
    this.counts.answered += 1;
    this.counts.answers += count;
    for (let place = 0; place < count; place += 1) {
      this.#columns.place[first + place] = place;
      this.#columns.rows[first + place] = count;
    }
    return first;
  }

  #put(
    row: number,
    number: number,
    label: string | undefined,
    scores: readonly number[] | undefined,
    other: string | undefined,
  ): void {
    const columns = this.#columns;
    columns.number[row] = number;
    if (label !== undefined) columns.label.add(row, label);
    if (scores !== undefined) {
      this.counts.scored += 1;
      columns.scores.add(row, `[${scores.join(',')}]`);
    }
    if (other !== undefined) columns.other.add(row, other);
    this.sample.see(number, label, scores, other);
  }

  /** Ids, time and place of a record, into every row of its answer. */
  #keys(bytes: Buffer, first: number, moment: number, file: number, at: number): void {
    const { input } = this.#walker;
    this.#ids(bytes, this.#columns, first);
    this.#rest(first, moment, file, at);
    if (this.#asked.features) this.#features(first, payloadOf(bytes, input));
    this.#inputs(first, payloadOf(bytes, input));
    if (this.#asked.cluster !== undefined) this.#clusters(first, payloadOf(bytes, input), this.#asked.cluster);
    if (this.#isSampled(at)) this.#columnsOf(payloadOf(bytes, input), first);
  }

  /** Ids of the record that was walked, into a row. */
  #ids(bytes: Buffer, columns: Columns, row: number): void {
    const { inferenceId, eventId, input } = this.#walker;
    hashSpan(this.#scratch, bytes, inferenceId);
    setHash(columns.inference, row, this.#scratch);
    if (!this.#asked.everyId) return;
    hashSpan(this.#scratch, bytes, eventId);
    setHash(columns.event, row, this.#scratch);
    hashSpan(this.#scratch, bytes, input.data);
    setHash(columns.input, row, this.#scratch);
  }

  /** A row for a record without an answer that can be read: its label says whether there is none. */
  #lose(moment: number, empty: boolean): number {
    if (this.#lost.length === CAPACITY) this.#lost.flush();
    const row = this.#lost.length;
    this.#lost.length += 1;
    this.#lost.moment[row] = moment;
    this.#lost.label.add(row, empty ? 'empty' : 'unreadable');
    return row;
  }

  /** Keeps what the rows of one answer were asked, column by column. */
  #columnsOf(input: Payload | undefined, first: number): void {
    const rows = this.#columns.length - first;
    for (const [place, asked] of (csvLines(input, rows) ?? featuresOf(input, rows)).entries())
      this.#cells.add(this.#columns, first + place, asked);
  }

  #rest(first: number, moment: number, file: number, at: number): void {
    const columns = this.#columns;
    for (let row = first; row < columns.length; row += 1) {
      columns.moment[row] = moment;
      columns.byteOffset[row] = at;
      columns.file[row] = file;
      if (row === first) continue;
      for (const hashes of [columns.inference, columns.event, columns.input]) {
        hashes[2 * row] = hashes[2 * first] as number;
        hashes[2 * row + 1] = hashes[2 * first + 1] as number;
      }
    }
  }

  #features(first: number, input: Payload | undefined): void {
    const rows = input === undefined ? [] : inputRows(input);
    for (let row = first; row < this.#columns.length; row += 1) {
      hashOf(this.#scratch, rows[row - first]);
      setHash(this.#columns.feature, row, this.#scratch);
    }
  }

  #clusters(first: number, input: Payload | undefined, cluster: string): void {
    const values = clustersOf(input, this.#columns.length - first, cluster);
    for (const [place, value] of values.entries()) {
      hashOf(this.#scratch, value);
      setHash(this.#columns.cluster, first + place, this.#scratch);
    }
  }

  /** A line that the walker does not know: JSON.parse decides what it is. */
  #slowPath(line: string, file: number, at: number): void {
    if (line.trim() === '') return;
    const capture = readCapture(line);
    if (typeof capture === 'string') return this.counts.lost(capture, line);
    this.capture(capture, file, at);
  }

  /** A record that is read already. @param at its place in the file, by which it is found again */
  capture(capture: Capture, file: number, at: number): void {
    if (capture.at < this.#asked.window.from || capture.at >= this.#asked.window.to) {
      this.counts.outside += 1;
      return;
    }
    this.counts.records += 1;
    if (capture.output === undefined || capture.output.data === '') {
      this.counts.withoutAnswer += 1;
      this.#idsOf(capture, this.#lost, this.#lose(capture.at, true));
      return;
    }
    const answers = answersOf(capture, this.#asked.reading);
    if (answers === undefined) {
      this.#unparsed(capture.output);
      this.#idsOf(capture, this.#lost, this.#lose(capture.at, false));
      return;
    }
    const first = this.#answers(answers);
    this.#idsOf(capture, this.#columns, first);
    this.#rest(first, capture.at, file, at);
    if (this.#asked.features) this.#features(first, capture.input);
    this.#inputs(first, capture.input);
    if (this.#asked.cluster !== undefined) this.#clusters(first, capture.input, this.#asked.cluster);
    if (this.#isSampled(at)) this.#columnsOf(capture.input, first);
  }

  #idsOf(capture: Capture, columns: Columns, row: number): void {
    hashOf(this.#scratch, capture.inferenceId);
    setHash(columns.inference, row, this.#scratch);
    if (!this.#asked.everyId) return;
    hashOf(this.#scratch, capture.eventId);
    setHash(columns.event, row, this.#scratch);
    hashOf(this.#scratch, capture.input?.data);
    setHash(columns.input, row, this.#scratch);
  }

  /** What has been learned about answers of the encoding and content type of this record. */
  #form(bytes: Buffer): Form {
    const { encoding, type } = this.#walker.output;
    const last = this.#last;
    if (last !== undefined && sameBytes(bytes, encoding, last.encoding) && sameBytes(bytes, type, last.type))
      return last.form;
    const key = JSON.stringify([textOf(bytes, encoding), textOf(bytes, type)]);
    const form = this.#forms.get(key) ?? { templates: [], failedAttempts: 0 };
    this.#forms.set(key, form);
    const raw = (part: Span) => Buffer.from(part.start < 0 ? [] : bytes.subarray(part.start, part.end));
    this.#last = { encoding: raw(encoding), type: raw(type), form };
    return form;
  }
}

/** Leaves the hash of a string of the record. */
function hashSpan(scratch: Scratch, bytes: Buffer, part: Span): void {
  if (part.start < 0 || part.start === part.end) scratch.hash.fill(0);
  else if (part.escaped) hashOf(scratch, textOf(bytes, part));
  else hashBytes(scratch, bytes, part.start, part.end);
}

/** A number in [0, 1) that has nothing to do with the order of places (MurmurHash3's last step). */
function mixed(place: number): number {
  let h = Math.imul(place ^ (place >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
