import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { readPolicy } from '../../src/analysis/policy/schema.ts';
import { loadProject } from '../../src/base/project.ts';
import { readSettings } from '../../src/mirror/settings.ts';
import { NEEDS, type Need, type PermittedCommand } from '../../src/lifecycle/permissions/needs.ts';
import { buildProgram } from '../../src/program.ts';
import { capturedIo } from '../support/io.ts';
import { isWhole } from '../support/sizes.ts';
import { blocksOf, inlineCode, PAGES, read, ROOT, shadowctlWords, shellBlocks, shellCommands } from './pages.ts';
import { onStage, openStage, type Played, type Stage } from './stage.ts';

vi.setConfig({ testTimeout: 300_000 });

/** A verdict after minutes, so that the tests are short; nothing else is different. */
const SOON = 'policy: { blockMinutes: 1, minimumBlocks: 4, minimumPairs: 150, errors: 0.05 }\n';

let stage: Stage;
const open: Stage[] = [];
afterEach(() => Promise.all(open.splice(0).map((one) => one.close())));

async function newStage(yaml?: string): Promise<Stage> {
  const opened = await openStage(yaml);
  open.push(opened);
  return opened;
}

const commandsIn = (page: string, given?: string) =>
  shellBlocks(read(page))
    .filter((block) => block.notRun === undefined && block.given === given)
    .flatMap(({ code }) => shellCommands(code));

/** Each with what it said, where its exit code is not the one expected: 0, or 4 under --plan. */
const unexpected = (played: readonly Played[], verdicts: readonly number[] = [0]) =>
  played
    .filter(({ line, command, code }) =>
      command === 'report' ? !verdicts.includes(code) : code !== (line.includes('--plan') ? 4 : 0),
    )
    .map(({ line, code, out, err }) => ({ line, code, out: out.slice(0, 600), err: err.slice(0, 600) }));

test('README: your own endpoint in five commands, which end as it says', async () => {
  stage = await newStage(SOON);
  await endpointOfSomebodyElse('005');
  const played = await stage.playWithTraffic(commandsIn('README.md', 'an endpoint "weather" with traffic'));
  expect(played.map(({ command }) => command)).toEqual(
    expect.arrayContaining(['doctor', 'shadow', 'report', 'promote', 'undo', 'cleanup']),
  );
  expect(unexpected(played)).toEqual([]);
  expect(played.find(({ command }) => command === 'report')?.out).toContain('Verdict: PASS');
  permitted(played);
});

test.runIf(isWhole('matrix'))('the tutorial, from the first line to the last', async () => {
  stage = await newStage();
  const played = await stage.play(commandsIn('docs/tutorial.md'));
  expect(unexpected(played)).toEqual([]);
  expect(played.find(({ command }) => command === 'report')?.out).toContain('Verdict: PASS');
  expect(played.at(-2)?.err).toBeDefined();
  permitted(played);
});

test('what needs nothing but a folder', async () => {
  stage = await newStage();
  const pages = PAGES.filter((page) => page !== 'docs/tutorial.md');
  const commands = pages.flatMap((page) => commandsIn(page));
  expect(commands.length).toBeGreaterThan(5);
  expect(unexpected(await stage.play(commands))).toEqual([]);
});

test('what needs an endpoint with a shadow', async () => {
  stage = await newStage(SOON);
  await endpointOfSomebodyElse('009');
  const commands = PAGES.flatMap((page) => commandsIn(page, 'an endpoint "weather" with a shadow'));
  const attach = shellCommands(
    'shadowctl shadow --endpoint weather --artifact model.tar.gz --algorithm linear-learner --adopt --yes',
  );
  const played = await stage.playWithTraffic([...attach, ...commands]);
  expect(played.length).toBeGreaterThan(5);
  // Two equal models: a pass, where it is waited for; and what the other recipes look at may be too little for one.
  expect(played.find(({ line }) => line.includes('--until-decided'))?.code).toBe(0);
  expect(unexpected(played, [0, 3])).toEqual([]);
  expect(onStage(stage, 'report.xml')).toContain('<testsuite');
  expect(onStage(stage, 'report.html')).toContain('<!doctype html>');
  permitted(played);
});

test('what needs an endpoint with traffic', async () => {
  stage = await newStage(SOON);
  await endpointOfSomebodyElse('005');
  const pages = PAGES.filter((page) => page !== 'README.md');
  const commands = pages.flatMap((page) => commandsIn(page, 'an endpoint "weather" with traffic'));
  const played = await stage.playWithTraffic(commands);
  expect(played.length).toBeGreaterThan(3);
  // How much a report finds depends on what stood before it.
  expect(unexpected(played, [0, 3])).toEqual([]);
  permitted(played);
});

/** Endpoint `weather`, created without this project's journal, with an hour of traffic behind it. */
async function endpointOfSomebodyElse(version: '005' | '009') {
  const { world } = stage;
  const elsewhere = join(world.root, 'elsewhere');
  const line = `deploy --endpoint weather --artifact fixtures/artifacts/${version}-model.tar.gz --algorithm linear-learner --instances 2 --yes`;
  const config = join(elsewhere, 'shadowctl.yaml');
  mkdirSync(join(elsewhere, '.shadowctl'), { recursive: true });
  writeFileSync(config, '');
  const { code, err } = await world.shadowctl([...line.split(' '), '--config', config]);
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
}

/** IAM names some operations otherwise. */
const IAM_NAMES: Readonly<Record<string, string>> = {
  's3:HeadBucket': 's3:ListBucket',
  's3:ListObjectsV2': 's3:ListBucket',
  's3:HeadObject': 's3:GetObject',
  's3:ListBuckets': 's3:ListAllMyBuckets',
  's3:CreateMultipartUpload': 's3:PutObject',
  's3:UploadPart': 's3:PutObject',
  's3:CompleteMultipartUpload': 's3:PutObject',
  's3:DeleteObjects': 's3:DeleteObject',
  'sagemaker-runtime:InvokeEndpoint': 'sagemaker:InvokeEndpoint',
};

/** Every operation that was called is among the needs of its command. */
function permitted(played: readonly Played[]): void {
  for (const { command, operations } of played) {
    const needs: readonly Need[] = command in NEEDS ? NEEDS[command as PermittedCommand] : [];
    const actions = new Set(needs.map(({ action }) => action));
    const missing = [...operations].map((name) => IAM_NAMES[name] ?? name).filter((name) => !actions.has(name));
    expect({ command, missing }).toEqual({ command, missing: [] });
  }
}

describe('every command that a page shows', () => {
  /** Parses without running; the message of what is wrong. */
  async function wrong(words: readonly string[]): Promise<string | undefined> {
    const io = capturedIo();
    try {
      await buildProgram({ start: async () => undefined }, io).parse(words);
    } catch (error) {
      if (error instanceof CommanderError && error.exitCode === 0) return undefined;
      return `shadowctl ${words.join(' ')}: ${io.errLines[0] ?? String(error)}`;
    }
    return undefined;
  }

  test.each(PAGES)('%s: blocks are understood', async (page) => {
    const lines = shellBlocks(read(page)).flatMap(({ code }) => shellCommands(code).map(shadowctlWords));
    const workflows = blocksOf(read(page)).filter(({ code }) => code.includes('\njobs:'));
    const steps = workflows.flatMap(({ code }) =>
      Object.values((parse(code) as Workflow).jobs).flatMap((job) => job.steps.flatMap((step) => step.run ?? [])),
    );
    lines.push(...steps.flatMap((step) => shellCommands(step).map(shadowctlWords)));
    const complaints = await Promise.all(lines.flatMap((words) => (words === undefined ? [] : [wrong(words)])));
    expect(complaints.filter((one) => one !== undefined)).toEqual([]);
  });

  let flags: Map<string, string[]>;
  beforeAll(async () => {
    flags = await flagsByCommand();
  });

  test.each(PAGES)('%s: commands and flags within prose exist', (page) => {
    // The facts quote AWS; a placeholder such as <command> stands for any.
    const codes =
      page === 'docs/sagemaker-facts.md' ? [] : inlineCode(read(page)).filter((code) => !code.includes('<'));
    const lost = codes.flatMap((code) => {
      const words = (shellCommands(code)[0]?.words ?? []).filter((word) => word !== 'npx');
      const [first = '', second = '', third = ''] = words[0] === 'shadowctl' ? words.slice(1) : words;
      const name = [`${first} ${second} ${third}`, `${first} ${second}`, first].find((one) => flags.has(one));
      if (name === undefined) return words[0] === 'shadowctl' && /^[a-z]/.test(first) && first !== 'help' ? [code] : [];
      const known = flags.get(name) ?? [];
      return words.filter((word) => word.startsWith('--')).every((word) => known.includes(word)) ? [] : [code];
    });
    expect(lost).toEqual([]);
  });

  test.each(PAGES)('%s: a shadowctl.yaml, or the configuration of a mirror, can be read', async (page) => {
    stage = await newStage();
    // Those of GitHub, Prometheus, Kubernetes and Envoy are theirs.
    const yamls = blocksOf(read(page)).filter(
      ({ language, code }) =>
        language === 'yaml' && !/^(jobs|groups|apiVersion|static_resources):|^ +uses: /m.test(code),
    );
    for (const { code } of yamls) {
      if (/^listen:/m.test(code)) {
        readSettings(parse(code), { where: page, folder: '/', env: {}, readFile: (path) => path });
        continue;
      }
      writeFileSync(join(stage.world.root, 'shadowctl.yaml'), code);
      const project = await loadProject(stage.world.root, undefined);
      if (project.policy !== undefined) readPolicy(project.policy, page);
    }
  });

  test('a block that is not run says why', () => {
    const reasons = PAGES.flatMap((page) => blocksOf(read(page)).flatMap(({ notRun }) => notRun ?? []));
    expect(reasons.length).toBeGreaterThan(0);
    for (const reason of reasons) expect(reason).not.toBe('');
  });
});

interface Workflow {
  jobs: Record<string, { steps: { run?: string }[] }>;
}

/** Every command with its flags and the program's, as `--help` lists them. */
async function flagsByCommand(): Promise<Map<string, string[]>> {
  const flags = new Map<string, string[]>();
  const help = async (words: readonly string[]) => {
    const io = { ...capturedIo(), columns: 120 };
    await buildProgram({ start: async () => undefined }, io)
      .parse([...words, '--help'])
      .catch(() => undefined);
    return io.outLines.join('\n');
  };
  const visit = async (words: readonly string[]): Promise<void> => {
    const text = await help(words);
    flags.set(
      words.join(' '),
      [...text.matchAll(/^ {2}(?:-\w, )?(--[a-z0-9-]+)/gm)].map(([, flag = '']) => flag),
    );
    const listed = /\nCommands:\n([^]*?)(?:\n\n|$)/.exec(text)?.[1] ?? '';
    const names = [...listed.matchAll(/^ {2}([a-z][a-z-]*)(?= )/gm)].map(([, name = '']) => name);
    for (const name of new Set(names)) if (name !== 'help') await visit([...words, name]);
  };
  await visit([]);
  return flags;
}

test('every link leads to a file, and every anchor to a heading', () => {
  const lost = PAGES.flatMap((page) => {
    const prose = read(page).replace(/`[^`\n]*`/g, '');
    const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to);
    return links.filter((to) => !/^https?:/.test(to) && !leads(page, to)).map((to) => `${page}: ${to}`);
  });
  expect(lost).toEqual([]);
});

function leads(page: string, to: string): boolean {
  const [path = '', anchor] = to.split('#');
  const file = path === '' ? join(ROOT, page) : join(ROOT, page, '..', path);
  try {
    const text = readFileSync(file, 'utf8');
    if (anchor === undefined) return true;
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
    return headings.includes(anchor);
  } catch {
    return false;
  }
}
