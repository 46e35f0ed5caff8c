import { appendFile } from 'node:fs/promises';
import type { App } from '../../app.ts';
import { durationText } from './flags.ts';
import { plain } from '../../ui/io.ts';
import { paint } from '../../ui/theme.ts';
import type { Followed } from './follow-update.ts';
import { timeOf } from './update-view.ts';

/** Tells how an update ended: to people, to machines, and to GitHub where it runs there. */
export async function tellResult(app: App, followed: Followed, format: 'text' | 'json'): Promise<void> {
  if (format === 'json') app.io.out(JSON.stringify(resultJson(followed), null, 2));
  else for (const line of resultLines(app.io, followed)) app.io.out(line);
  const summary = app.env.GITHUB_STEP_SUMMARY;
  if (summary !== undefined && summary !== '') await appendFile(summary, resultMarkdown(followed));
}

/** The result for machines; stable names. */
export function resultJson({ update, ending, aftermath, endedAt }: Followed) {
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
    newFleet: aftermath.served,
    alarms: aftermath.alarms.map((alarm) => ({
      ...alarm,
      reason: alarm.reason ?? null,
      points: alarm.points.map((point) => ({ ...point, at: new Date(point.at).toISOString() })),
    })),
    log: {
      ...aftermath.log,
      lines: aftermath.log.lines.map((line) => ({ ...line, at: new Date(line.at).toISOString() })),
    },
  };
}

/** The result for people. */
export function resultLines(io: App['io'], followed: Followed): string[] {
  const { update, ending, aftermath, endedAt } = followed;
  const good = ending.kind === 'updated';
  const mark = good ? paint(io, 'good', '✓') : paint(io, 'bad', '✗');
  const lines = [
    `${mark} ${plain(ending.sentence)} It took ${durationText(endedAt - update.startedAt)}.`,
    `  ${servedSentence(followed)}`,
  ];
  if (ending.reason !== undefined) lines.push(`  SageMaker: ${plain(ending.reason)}`);
  for (const alarm of aftermath.alarms) {
    lines.push(`  alarm ${plain(alarm.name)}: ${alarm.rule}`);
    if (alarm.points.length > 0)
      lines.push(
        `    ${alarm.points.map((point) => `${timeOf(point.at).slice(0, 5)} ${point.value}${point.breaching ? ' ✗' : ''}`).join(' · ')}`,
      );
    if (alarm.reason !== undefined) lines.push(`    CloudWatch: ${plain(alarm.reason)}`);
  }
  if (aftermath.log.lines.length > 0) {
    lines.push(`  its containers said (log group ${aftermath.log.group}):`);
    for (const line of aftermath.log.lines) lines.push(`    ${timeOf(line.at)} ${plain(line.message).slice(0, 240)}`);
    if (aftermath.log.more > 0) lines.push(`    … and ${aftermath.log.more} more lines like these`);
  }
  for (const problem of aftermath.unseen) lines.push(`  not seen: ${plain(problem)}`);
  for (const next of nextSteps(followed)) lines.push(`  ${next}`);
  return lines;
}

/** A canary without traffic proves nothing: the count is always said. */
function servedSentence({ update, ending, aftermath }: Followed): string {
  const { requests, errors4xx, errors5xx } = aftermath.served;
  if (requests === 0) {
    return ending.kind === 'updated'
      ? `No request reached the new fleet while it was watched: nothing about ${update.requested} is proven.`
      : 'No request reached the new fleet.';
  }
  const failed = errors4xx + errors5xx === 0 ? 'none failed' : `${errors5xx} failed with 5XX, ${errors4xx} with 4XX`;
  return `The new fleet served ${requests} ${requests === 1 ? 'request' : 'requests'} while it was watched: ${failed}.`;
}

function nextSteps({ update, ending }: Followed): string[] {
  if (ending.kind === 'updated') return [`The way back: shadowctl undo --endpoint ${update.endpoint}`];
  if (ending.kind === 'taken-over') return [`Look at who updates it: shadowctl status --endpoint ${update.endpoint}`];
  if (ending.kind === 'failed' || ending.kind === 'deleted')
    return [`Look at what stands: shadowctl status --endpoint ${update.endpoint}`];
  return [
    `${update.requested} and its model still exist, unused; shadowctl cleanup takes away everything that shadowctl created.`,
  ];
}

/** The result for a GitHub step summary. */
function resultMarkdown(followed: Followed): string {
  const { update, ending, aftermath } = followed;
  const cell = (text: string) => plain(text).replace(/[|<>&`]/g, (character) => `&#${character.charCodeAt(0)};`);
  const rows = [
    ['endpoint', update.endpoint],
    ['asked for', update.requested],
    ['runs now', ending.running ?? 'nothing'],
    [
      'requests on the new fleet',
      `${aftermath.served.requests} (${aftermath.served.errors5xx} × 5XX, ${aftermath.served.errors4xx} × 4XX)`,
    ],
    ...aftermath.alarms.map((alarm) => [
      `alarm ${alarm.name}`,
      `${alarm.rule}: ${alarm.points.map((point) => point.value).join(', ')}`,
    ]),
  ];
  const log = aftermath.log.lines.map((line) => `    ${plain(line.message).slice(0, 240)}`);
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
