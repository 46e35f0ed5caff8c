import type { App } from '../../app.ts';
import { counted, percent } from '../../base/units.ts';
import type { MirrorHooks, MirrorStarted } from '../../lifecycle/mirror/serve.ts';
import type { MirrorConfig } from '../../mirror/config.ts';
import { COPY_HEADER } from '../../mirror/headers.ts';
import { sideText, targetText } from '../../mirror/router/roles.ts';
import { ROUTES } from '../../mirror/routes.ts';
import { plain } from '../../ui/io.ts';
import { partWords } from './mirror-rollout.ts';

type Event = Parameters<MirrorHooks['onEvent']>[0];

/** The log of a mirror: a line for each thing that happens beside requests, as text or as JSON. */
export function mirrorLog({ io, clock }: App, format: 'text' | 'json') {
  const line = (event: string, more: object, level = 'info') =>
    JSON.stringify({ schema: 'shadowctl-mirror/1', time: new Date(clock.now()).toISOString(), level, event, ...more });
  return {
    format,
    started: (config: MirrorConfig, { roles, division, ...started }: MirrorStarted): string[] => [
      line(
        'started',
        {
          ...started,
          listen: config.listen.host,
          live: targetText(roles.live.target),
          shadows: roles.shadows.map(({ name, target, share }) => ({ name, url: targetText(target), share })),
          division,
          ended: endedIn(config, roles),
          mirrored: mirrored(config),
          records: config.records?.folder,
        },
        started.unreachable.length === 0 ? 'info' : 'warn',
      ),
    ],
    event(event: Event): void {
      const { kind, ...more } = event;
      const level = isTrouble(event) ? 'warn' : 'info';
      if (format === 'json') return io.alert(line(kind, more, level));
      const words = plain(textOf(event));
      if (level === 'warn') io.alert(words);
      else io.err(words);
    },
  };
}

/** What a mirror that has begun is. */
export function startLines(config: MirrorConfig, started: MirrorStarted): string[] {
  const { port, controlPort, run, roles, division } = started;
  const { host } = config.listen;
  const scheme = config.tls === undefined ? 'http' : 'https';
  const shown = host.includes(':') ? `[${host}]` : host;
  const everybody = !/^(127\.|localhost$|::1$)/.test(host);
  return [
    `Mirror ${run} answers at ${scheme}://${shown}:${port} with ${targetText(roles.live.target)}.`,
    ...(targetText(roles.live.target) === targetText(config.live.target)
      ? []
      : [`  It was promoted in place of ${targetText(config.live.target)}, which the configuration names as live.`]),
    ...roles.shadows.map(
      ({ name, target, share }) =>
        `  ${name} gets ${share === 1 ? 'a copy of every request' : `copies of ${percent(share)} of the requests`} on these routes: ${targetText(target)}`,
    ),
    ...endedIn(config, roles).map(
      (name) => `  ${name} was ended (keep), and gets nothing. Under another name it is a candidate again.`,
    ),
    ...(division === undefined ? [] : [`  ${division.shadow} answers ${partWords(division)} of these routes.`]),
    `Mirrored: POST ${mirrored(config).join(', ')}. Everything else goes to the live server alone, and is counted.`,
    `Copies carry ${COPY_HEADER}, and no credentials.`,
    config.records === undefined
      ? 'Nothing is recorded: --records FOLDER keeps pairs for a report.'
      : `Records: ${config.records.folder}`,
    ...(controlPort === undefined ? [] : [`Health and metrics: http://${config.control?.host}:${controlPort}/metrics`]),
    ...(everybody && roles.live.target.kind === 'sagemaker'
      ? [
          `warning: whoever reaches ${shown}:${port} invokes ${roles.live.target.endpoint} with the credentials of this mirror.`,
        ]
      : []),
  ];
}

/** Shadows that are configured, and neither answer nor get copies any more. */
function endedIn(config: MirrorConfig, roles: MirrorStarted['roles']): string[] {
  const sides = new Set([roles.live, ...roles.shadows].map(sideText));
  return config.shadows.filter((one) => !sides.has(sideText(one))).map(({ name }) => name);
}

function mirrored({ paths }: MirrorConfig): string[] {
  return [...ROUTES.map(({ path }) => path), ...paths];
}

function isTrouble({ kind }: Event): boolean {
  return /^(records-lost|records-removed|records-not-removed|clock-jumped|shadow-failing|credentials-failing|fell-back|upload-failed|reload-failed)$/.test(
    kind,
  );
}

const FELL: Readonly<Record<string, string>> = {
  refused: 'no connection',
  broken: 'the connection broke',
  timeout: 'no answer in time',
  '5xx': 'a 5xx',
};

function textOf(event: Event): string {
  switch (event.kind) {
    case 'records-lost':
      return event.why === 'disk'
        ? `Records cannot be written (${event.error}): requests are answered as before, but not recorded.`
        : 'The disk is too slow for the records: requests are answered as before, but not recorded.';
    case 'records-resumed':
      return 'Records are written again.';
    case 'records-removed':
      return `The folder of records exceeded its limit on ${event.why}: ${event.files} files with ${event.records} records were removed. Records from before ${new Date(event.until).toISOString()} no longer count as evidence.`;
    case 'records-not-removed':
      return `The folder of records may grow beyond its bounds, since old files could not be removed: ${event.error}.`;
    case 'clock-jumped':
      return `The clock of this machine was set ${event.by > 0 ? 'forward' : 'back'} by ${Math.abs(event.by) / 1000} s.`;
    case 'shadow-failing':
      return `${event.shadow} left ${counted(event.count, 'requests')} unanswered: ${event.outcome}.`;
    case 'credentials-failing':
      return `${counted(event.count, 'copies')} to ${event.shadow} were lost: the mirror has no credentials for it, or AWS refused them.`;
    case 'fell-back':
      return `${counted(event.count, 'requests')} that ${event.shadow} was to answer went to the live server instead: ${FELL[event.how] ?? event.how}.`;
    case 'divided': {
      const { division, live } = event;
      if (division === undefined) return `All requests are answered by ${live}.`;
      return `${division.shadow} answers ${partWords(division)}, ${live} the rest.`;
    }
    case 'reloaded':
      return 'The configuration was read again.';
    case 'reload-failed':
      return `The new configuration is not used: ${event.error}`;
    case 'upload-failed':
      return `${event.file} could not be copied to S3, and stays where it is: ${event.error}`;
    case 'draining':
      return `Stopping; ${counted(event.underWay, 'mirrored requests')} still under way.`;
    case 'stopped':
      return event.lost === 0
        ? 'Stopped. Every record was written.'
        : `Stopped. ${event.lost} records could not be written.`;
  }
}
