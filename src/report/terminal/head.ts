import type { Outcome } from '../../analysis/judge/verdict.ts';
import { printCommand } from '../../base/text.ts';
import { timeOfDay } from '../../base/units.ts';
import { plain } from '../../ui/io.ts';
import { fitsWhole, table } from '../../ui/table.ts';
import { type Meaning, paint } from '../../ui/theme.ts';
import { takeStart } from '../../ui/width.ts';
import { wrap } from '../../ui/wrap.ts';
import { coveredText, errorText } from '../content/covered.ts';
import { factsOf } from '../content/facts.ts';
import { decidingRows, GATE_COLUMNS, type GateRow, MARK } from '../content/gates.ts';
import { nextStep } from '../content/next.ts';
import type { NoData } from '../content/no-data.ts';
import type { RenderOptions, Report } from '../report.ts';

/** What a terminal of the usual size shows: whoever reads no further has read what counts. */
const HEAD_LINES = 24;
/** A verdict with its reason has so many of them at the most. */
const VERDICT_LINES = 6;
/** However little room there is, so many gates are named. */
const LEAST_ROWS = 3;

const INDENT = '  ';

const MEANING: Record<Outcome, Meaning> = { pass: 'good', fail: 'bad', inconclusive: 'warning' };

/** The first lines, and the paragraphs that they had no room for. */
interface Head {
  lines: readonly string[];
  cut: readonly string[];
}

/** Gives at most so many lines of a paragraph. */
type Clip = (words: string, most: number, indent?: string) => string[];

/** Of sentences that each want attention, so many are said where there is little room. */
const FEW_WARNINGS = 2;

/** What parts of its lines a paragraph has: all that it may, or fewer where there is much to say. */
const TIGHTER = [1, 0.5, 0.2] as const;

/** The verdict, what was judged and what that covers, what decides, and what to do next: 24 lines at 80 columns. */
export async function drawHead(report: Report, nothing: NoData | undefined, options: RenderOptions): Promise<Head> {
  let head: Head = { lines: [], cut: [] };
  for (const part of TIGHTER) {
    head = await headWithin(part, report, nothing, options);
    if (head.lines.length <= HEAD_LINES) break;
  }
  return head;
}

async function headWithin(
  part: number,
  report: Report,
  nothing: NoData | undefined,
  options: RenderOptions,
): Promise<Head> {
  const cut: string[] = [];
  const clip: Clip = (words, usual, indent = '  ') => {
    const most = Math.ceil(part * usual);
    const lines = wrap(words, options.columns, indent);
    if (lines.length <= most) return lines;
    cut.push(words.trim());
    const last = takeStart(lines[most - 1] ?? '', options.columns - 1).trimEnd();
    return [...lines.slice(0, most - 1), `${last}…`];
  };
  const warn = (all: readonly string[]) => {
    const shown = part === 1 ? all : all.slice(0, FEW_WARNINGS);
    const rest = all.slice(shown.length);
    cut.push(...rest.map(plain));
    const more = rest.length === 0 ? [] : [`! and ${rest.length} more, below`];
    return [...shown.flatMap((words) => clip(`! ${plain(words)}`, 2)), ...more].map((line) =>
      paint(options, 'warning', line),
    );
  };
  const { warnings, waived } = factsOf(report);
  const facts = [
    ...title(report, options),
    // What could not be read, and labels that may be none: before the verdict.
    ...warn(warnings),
    ...verdictLines(report, nothing, clip, options),
    // What was waived: beside the verdict, which is another without it.
    ...warn(waived),
    ...fleetLines(report, clip, options),
    ...about(report, clip, nothing),
  ];
  if (nothing !== undefined) return { lines: facts, cut };
  const next = nextLines(report, clip, options);
  const room = HEAD_LINES - facts.length - next.length - 2;
  const parts = [facts, await gateLines(report, room, options), next].filter((part) => part.length > 0);
  return { lines: parts.flatMap((part, i) => (i === 0 ? part : ['', ...part])), cut };
}

function title(report: Report, options: RenderOptions): string[] {
  const { endpoint, window } = factsOf(report);
  const name = `Report on ${plain(endpoint)}`;
  const [first = '', ...rest] = wrap(`${name}  ${window}`, options.columns, '  ');
  return [first.replace(name, () => paint(options, 'title', name)), ...rest];
}

/** That some minutes are of another load: beside the verdict, which counts them all. */
function fleetLines(report: Report, clip: Clip, options: RenderOptions): string[] {
  const { fleets } = factsOf(report);
  return fleets === undefined ? [] : clip(`! ${fleets}`, 4).map((line) => paint(options, 'warning', line));
}

/** Where there is nothing to compare: why, and what to do about it. */
function verdictLines(report: Report, nothing: NoData | undefined, clip: Clip, options: RenderOptions): string[] {
  const { verdict } = report;
  const word = verdict === undefined ? '' : `Verdict: ${verdict.outcome.toUpperCase()}. `;
  const colored = ([first = '', ...rest]: string[]) =>
    verdict === undefined ? [first, ...rest] : [colorOutcome(first, verdict.outcome, options), ...rest];
  if (nothing === undefined) return colored(clip(`${word}${plain(verdict?.summary ?? '')}`, VERDICT_LINES));
  const command =
    nothing.command === undefined ? [] : [`    ${plain((options.command ?? printCommand)(nothing.command))}`];
  const why = colored(clip(`${word}There is nothing to compare: ${plain(nothing.why)}`, 4));
  // Whoever is looking again need not be told to.
  return options.nextLook === undefined
    ? [...why, ...clip(`  ${nothing.next}`, 4), ...command]
    : [...why, ...nextLines(report, clip, options)];
}

function colorOutcome(line: string, outcome: Outcome, options: RenderOptions): string {
  return line.replace(outcome.toUpperCase(), paint(options, MEANING[outcome], outcome.toUpperCase()));
}

/** What runs, what its answers were taken for, and what the evidence covers. */
function about(report: Report, clip: Clip, nothing: NoData | undefined): string[] {
  const { variants, sampling, answers } = factsOf(report);
  // Where nothing was compared, there is nothing that was read.
  const read = nothing === undefined ? answers : [];
  const error = errorText(report);
  const line = (name: string, words: string) => clip(`  ${name.padEnd(10)}  ${plain(words)}`, 2, ' '.repeat(14));
  return [
    ...variants.flatMap(({ role, name, model, instances }) => {
      const sees = role === 'shadow' ? sampling?.replace(' of the requests', '') : undefined;
      return line(role, [name, model, instances, sees].filter((part) => part !== undefined).join(', '));
    }),
    ...read.flatMap((words, i) => line(i === 0 ? 'answers' : 'or', words)),
    ...line('covered', coveredText(report)),
    ...(error === undefined ? [] : line('error', error)),
  ];
}

/** The gates that decide, those that did not pass first, in so many lines: in rows, then by their names. */
async function gateLines(report: Report, room: number, options: RenderOptions): Promise<string[]> {
  const { deciding, informing } = decidingRows(report);
  const tests = deciding.filter(({ gate }) => gate.test !== 'rule');
  // A rule bounds nothing: its numbers are in its sentence.
  const rules = (outcome: Outcome) =>
    deciding.filter(({ gate }) => gate.test === 'rule' && gate.outcome === outcome).map(({ gate }) => gate.id);
  const named = (words: string) => wrap(`  ${words}`, options.columns, '    ');
  const ruled = (outcome: Outcome, one: string, many: string) => {
    const ids = rules(outcome);
    return ids.length === 0 ? [] : named(`${MARK[outcome]} ${ids.length === 1 ? one : many}: ${ids.join(', ')}`);
  };
  const first = [
    ...ruled('fail', 'rule fails', 'rules fail'),
    ...ruled('inconclusive', 'rule is open', 'rules are open'),
  ];
  const informs = informing.map(
    ({ gate }) => `${gate.id} ${MARK[gate.outcome]}${gate.waived === undefined ? '' : ' waived'}`,
  );
  const quiet = (lines: readonly string[]) => lines.map((line) => paint(options, 'quiet', line));
  const inFull = quiet([
    ...ruled('pass', 'rule holds', 'rules hold'),
    ...(informs.length === 0 ? [] : named(`( ) for information: ${informs.join(', ')}`)),
  ]);
  if (tests.length === 0) return [...first, ...inFull];
  // What decides comes before what holds or only informs: where there is no room for both, that is counted, not named.
  const held = rules('pass').length;
  const counts = [
    ...(held === 0 ? [] : [`✓ ${held} ${held === 1 ? 'rule holds' : 'rules hold'}`]),
    ...(informs.length === 0 ? [] : [`( ) ${informs.length} for information`]),
  ].join(', ');
  const open = tests.filter(({ gate }) => gate.outcome !== 'pass').length;
  const spare = (others: readonly string[]) => room - first.length - others.length - 1;
  const waived = informing.some(({ gate }) => gate.waived !== undefined);
  const tight = open > spare(inFull) && !waived && counts !== '';
  const others = tight ? quiet(named(`${counts}: below, or --full`)) : inFull;
  const left = Math.max(LEAST_ROWS, spare(others));
  // As many rows as leave room for the names of the rest.
  let shown = tests.length;
  while (shown > 0 && shown + restOf(tests.slice(shown), named).length > left) shown -= 1;
  const drawn = shown === 0 ? [] : await drawRows(tests.slice(0, shown), options);
  return [...first, ...drawn, ...restOf(tests.slice(shown), named), ...others];
}

/** Gates that have no row: the names of those that did not pass, and of those that did. */
function restOf(rows: readonly GateRow[], named: (words: string) => string[]): string[] {
  const ids = (of: readonly GateRow[]) => of.map(({ gate }) => gate.id);
  const passed = ids(rows.filter(({ gate }) => gate.outcome === 'pass'));
  const open = ids(rows.filter(({ gate }) => gate.outcome !== 'pass'));
  return [
    ...(open.length === 0 ? [] : named(`and ${open.length} more that did not pass, below: ${open.join(', ')}`)),
    ...(passed.length === 0
      ? []
      : named(`✓ ${passed.length === 1 ? 'test passes' : 'tests pass'}, too: ${passed.join(', ')}`)),
  ];
}

async function drawRows(rows: readonly GateRow[], options: RenderOptions): Promise<string[]> {
  const { id, seen, canBe, limit, needs } = GATE_COLUMNS;
  const cells = (needed: boolean) =>
    rows.map((row) => [
      MARK[row.gate.outcome],
      row.gate.id,
      row.seen,
      row.canBe,
      row.limit,
      ...(needed ? [row.needs] : []),
    ]);
  const head = ['', id, seen, canBe, limit];
  // Where there is no room for it, the sentences below say the same.
  const needed =
    rows.some((row) => row.needs !== '') && fitsWhole([...head, needs], cells(true), options.columns - INDENT.length);
  const drawn = await table(options, needed ? [...head, needs] : head, cells(needed), {
    right: [2],
    whole: [1],
    indent: INDENT,
  });
  return drawn.split('\n');
}

function nextLines(report: Report, clip: Clip, options: RenderOptions): string[] {
  if (options.nextLook !== undefined)
    return clip(
      `Looks again at ${timeOfDay(options.nextLook, 'seconds')} UTC, until it is decided. Ctrl-C stops only the watching.`,
      3,
    );
  const next = nextStep(report, options.asked, options.release);
  if (next === undefined) return [];
  const command = next.command === undefined ? [] : [`  ${plain((options.command ?? printCommand)(next.command))}`];
  const [first = '', ...rest] = clip(`Next: ${plain(next.words)}`, 3);
  return [first.replace('Next:', paint(options, 'title', 'Next:')), ...rest, ...command];
}
