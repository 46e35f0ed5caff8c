import { type CommandLine, shown, type Text, text } from '../../base/text.ts';
import type { EndedUpdate, UpdateMetrics } from '../../lifecycle/guarded-update/ended.ts';
import { servedIn } from '../../lifecycle/guarded-update/metrics.ts';
import { type Io, plain } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import { layout, wrap } from '../../ui/wrap.ts';
import { metricsJson } from './update-metrics.ts';
import { phaseWords } from './update-live.ts';
import { duration, MINUTE, percent, timeOfDay } from '../../base/units.ts';

/** The result for machines; stable names. */
export function resultFacts(ended: EndedUpdate, metrics?: UpdateMetrics) {
  const { update, ending, evidence, endedAt, stages } = ended;
  return {
    endpoint: update.endpoint,
    ending: ending.kind,
    updated: ending.kind === 'updated',
    sentence: ending.sentence,
    requestedConfig: update.requested,
    previousConfig: update.previous,
    runningConfig: ending.running ?? null,
    strategy: update.strategy,
    reason: ending.reason ?? null,
    startedAt: new Date(update.startedAt).toISOString(),
    endedAt: new Date(endedAt).toISOString(),
    capture: ended.capture ?? null,
    stages: stages.map(({ at, stage }) => ({ at: new Date(at).toISOString(), stage: phaseWords(stage) })),
    newFleet: metrics === undefined ? evidence.served : servedIn(metrics, ended),
    alarms: evidence.alarms.map((alarm) => ({
      ...alarm,
      reason: alarm.reason ?? null,
      points: alarm.points.map((point) => ({ ...point, at: new Date(point.at).toISOString() })),
    })),
    log: {
      ...evidence.log,
      lines: evidence.log.lines.map((line) => ({ ...line, at: new Date(line.at).toISOString() })),
    },
  };
}

/** How an update ended, as JSON, with what both fleets did minute by minute. */
export function resultJson(ended: EndedUpdate, metrics: UpdateMetrics | undefined) {
  return { ...resultFacts(ended, metrics), metrics: metricsJson(metrics) };
}

type ResultIo = Pick<Io, 'color' | 'columns' | 'command'>;

/** The result for people, in lines that fit: how it ended first, then the evidence, then what to do. */
export function resultLines(io: ResultIo, ended: EndedUpdate): string[] {
  const { update, ending, evidence, endedAt } = ended;
  const good = ending.kind === 'updated';
  const [head = '', ...more] = wrap(
    `${plain(ending.sentence)} It took ${duration(endedAt - update.startedAt)}.`,
    io.columns - 2,
  );
  const mark = good ? paint(io, 'good', '✓') : paint(io, 'bad', '✗');
  const lines = [`${mark} ${head}`, ...more.map((line) => `  ${line}`)];
  const add = (label: string, ...texts: Text[]) => lines.push(...labelled(label, texts, io));
  add('traffic', servedSentence(ended));
  for (const alarm of evidence.alarms) {
    const points = alarm.points.map((point) => `${timeOfDay(point.at)} ${point.value}${point.breaching ? ' ✗' : ''}`);
    add(
      'alarm',
      `${plain(alarm.name)}: ${alarm.rule}`,
      ...(points.length === 0 ? [] : [points.join(' · ')]),
      ...(alarm.reason === undefined ? [] : [plain(alarm.reason)]),
    );
  }
  if (ending.reason !== undefined) add('SageMaker', plain(ending.reason));
  if (evidence.log.lines.length > 0) {
    const said = evidence.log.lines.map(
      (line) => `${timeOfDay(line.at, 'seconds')} ${plain(line.message).slice(0, 240)}`,
    );
    const rest = evidence.log.more > 0 ? [`… and ${evidence.log.more} more lines like these`] : [];
    add('log', ...said, ...rest, `in log group ${evidence.log.group}`);
  }
  for (const problem of evidence.unseen) add('not seen', plain(problem));
  for (const [label, text] of nextSteps(ended)) add(label, text);
  return lines;
}

const LABEL_COLUMNS = 13;

/** `  label      text`, wrapped below itself. */
function labelled(label: string, texts: readonly Text[], io: ResultIo): string[] {
  const room = io.columns - LABEL_COLUMNS;
  // A continued line stands two columns in, so that one sees where the next begins.
  const lines = texts.flatMap((one) => layout(one, room, '  ', io.command));
  return lines.map((line, index) => {
    const margin = `  ${index === 0 ? label : ''}`.padEnd(LABEL_COLUMNS);
    return `${index === 0 ? paint(io, 'quiet', margin) : margin}${line}`;
  });
}

/** A canary without traffic proves nothing: the count is always said. */
function servedSentence({ update, ending, evidence, endedAt }: EndedUpdate): string {
  const { requests, errors4xx, errors5xx } = evidence.served;
  if (requests === 0) {
    return ending.kind === 'updated'
      ? `No request reached the new fleet while it was watched: this proves nothing about ${update.requested}.`
      : 'No request reached the new fleet.';
  }
  // A fleet that is taken away leaves its last minute to be published later.
  const until =
    ending.kind === 'updated' ? 'while it was watched' : `up to ${timeOfDay(Math.floor(endedAt / MINUTE) * MINUTE)}`;
  const served = `The new fleet served ${requests} ${requests === 1 ? 'request' : 'requests'} ${until}`;
  const kinds = [
    [errors5xx, '5XX'],
    [errors4xx, '4XX'],
  ] as const;
  const failed = kinds.filter(([count]) => count > 0);
  if (failed.length === 0) return `${served}: none failed.`;
  return `${served}: ${failed.map(([count, code]) => `${count} failed with ${code} (${percent(count / requests)})`).join(', ')}.`;
}

function nextSteps({ update, ending, capture }: EndedUpdate): [label: string, next: Text][] {
  const { endpoint } = update;
  const next = (label: string, command: CommandLine): [string, Text] => [label, text`${command}`];
  if (ending.kind === 'updated') {
    // The shadow was what it was captured for.
    const captured: [string, Text][] =
      update.command === 'promote' && capture !== undefined
        ? [
            [
              'capture',
              `The endpoint still captures ${capture.percent === undefined ? 'requests and answers' : `${capture.percent} % of its requests and answers`}, under ${capture.destination}.`,
            ],
            next('turn off', shown('deploy', { endpoint, 'no-capture': true })),
          ]
        : [];
    return [next('way back', shown('undo', { endpoint })), ...captured];
  }
  if (ending.kind === 'taken-over' || ending.kind === 'failed' || ending.kind === 'deleted')
    return [next('look', shown('status', { endpoint }))];
  const steps: [string, Text][] = [
    ['left over', `${update.requested} and its model still exist, unused; cleanup deletes them with the rest.`],
  ];
  if (ending.kind === 'rolled-back-by-alarm' || ending.kind === 'rolled-back-for-health')
    steps.push(next('look', shown('doctor', { endpoint })));
  return steps;
}

/** The result for a GitHub step summary. */
export function resultMarkdown(ended: EndedUpdate): string {
  const { update, ending, evidence } = ended;
  const cell = (text: string) => plain(text).replace(/[|<>&`]/g, (character) => `&#${character.charCodeAt(0)};`);
  const rows = [
    ['endpoint', update.endpoint],
    ['asked for', update.requested],
    ['runs now', ending.running ?? 'nothing'],
    [
      'requests on the new fleet',
      `${evidence.served.requests} (${evidence.served.errors5xx} × 5XX, ${evidence.served.errors4xx} × 4XX)`,
    ],
    ...evidence.alarms.map((alarm) => [
      `alarm ${alarm.name}`,
      `${alarm.rule}: ${alarm.points.map((point) => point.value).join(', ')}`,
    ]),
  ];
  const log = evidence.log.lines.map((line) => `    ${plain(line.message).slice(0, 240)}`);
  return [
    `### ${ending.kind === 'updated' ? '✅' : '❌'} shadowctl ${update.command}: ${cell(ending.sentence)}`,
    '',
    '| | |',
    '|---|---|',
    ...rows.map(([name = '', value = '']) => `| ${cell(name)} | ${cell(value)} |`),
    ...(log.length === 0 ? [] : ['', ...log]),
    '',
    '',
  ].join('\n');
}
