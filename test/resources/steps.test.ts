import { describe, expect, test } from 'vitest';
import { appliedWords, nameOf, redactInput, shortName, type Step, withoutExisting } from '../../src/resources/steps.ts';
import { replay, type State } from '../../src/state/replay.ts';
import type { JournalEvent } from '../../src/state/journal.ts';
import { ROLE } from '../support/fixtures.ts';

const at = '2026-01-05T09:00:00.000Z';
const sha = '0123456789abcdef'.repeat(4);

const model = (more: object = {}): Extract<Step, { action: 'create'; kind: 'model' }> => ({
  action: 'create',
  kind: 'model',
  name: 'm',
  input: { ModelName: 'm', ExecutionRoleArn: ROLE, ...more },
});
const config = (more: object = {}): Step => ({
  action: 'create',
  kind: 'endpoint-config',
  name: 'c',
  input: { EndpointConfigName: 'c', ProductionVariants: [], ...more },
});
const endpoint: Step = {
  action: 'create',
  kind: 'endpoint',
  name: 'e',
  input: { EndpointName: 'e', EndpointConfigName: 'c' },
};

test.each<[Step, string | undefined]>([
  [model(), 'created model m'],
  [config(), 'created endpoint config c'],
  [endpoint, 'creating endpoint e'],
  [{ action: 'update', kind: 'endpoint', name: 'e', input: endpoint.input }, 'updating endpoint e'],
  [{ action: 'create', kind: 's3-bucket', name: 'b' }, 'created bucket b'],
  [
    { action: 'create', kind: 's3-object', name: 's3://b/m', input: { path: 'p', bytes: 1, sha256: sha } },
    'stored upload s3://b/m',
  ],
  [{ action: 'create', kind: 's3-prefix', name: 's3://b/c/' }, undefined],
  [{ action: 'create', kind: 'log-group', name: '/l' }, undefined],
  [{ action: 'delete', kind: 's3-prefix', name: 's3://b/c/' }, 'deleted captures under s3://b/c/'],
  [{ action: 'delete', kind: 'log-group', name: '/l' }, 'deleted log group /l'],
  [{ action: 'delete', kind: 'endpoint', name: 'e' }, 'deleted endpoint e'],
  [{ action: 'delete', kind: 'alarm', name: 'a' }, 'deleted alarm a'],
])('%j, once AWS has accepted it', (step, words) => {
  expect(appliedWords(step)).toBe(words);
});

test.each([
  [`s3://b/shadowctl/e/artifacts/${sha}/model.tar.gz`, 's3://b/…/e/01234567…'],
  // Only a whole SHA-256 that is a folder of its own.
  [`s3://b/x/${sha.slice(1)}/model.tar.gz`, `s3://b/x/${sha.slice(1)}/model.tar.gz`],
  [`s3://b/x/f${sha}/model.tar.gz`, `s3://b/x/f${sha}/model.tar.gz`],
  [`s3://b/x/${sha}f/model.tar.gz`, `s3://b/x/${sha}f/model.tar.gz`],
  [`s3://b/x/${sha}`, `s3://b/x/${sha}`],
  [`copy of s3://b/x/${sha}/m`, `copy of s3://b/x/${sha}/m`],
  ['weather', 'weather'],
])('%s is read as %s', (name, short) => {
  expect(shortName(name)).toBe(short);
  expect(nameOf({ kind: 's3-object', name })).toBe(`upload ${short}`);
});

test('values of an environment are left out, wherever it stands; what was left out before stays so', () => {
  const input = {
    PrimaryContainer: { Image: 'i', Environment: { SECRET: 'hush', LEVEL: '1' } },
    Containers: [{ Environment: { OTHER: 'quiet' } }],
    Count: 5,
    Nothing: undefined,
  };
  const redacted = {
    PrimaryContainer: { Image: 'i', Environment: ['SECRET', 'LEVEL'] },
    Containers: [{ Environment: ['OTHER'] }],
    Count: 5,
  };
  expect(redactInput(input)).toStrictEqual(redacted);
  expect(redactInput(redacted)).toStrictEqual(redacted);
  expect(redactInput({ Environment: null })).toEqual({ Environment: null });
  expect(redactInput({ Environment: 'text' })).toEqual({ Environment: 'text' });
});

describe('what an interrupted run has already created', () => {
  /** A journal in which this was created with that input. */
  const created = (kind: 'model' | 'endpoint-config', name: string, input: object, ended = true): State => {
    const events: JournalEvent[] = [
      { type: 'begin', run: 'r', step: '1', action: 'create', resource: { kind, name }, input: redactInput(input) },
    ];
    if (ended) events.push({ type: 'end', step: '1', outcome: 'done' });
    return replay(events.map((event) => ({ ...event, at })));
  };
  const tagged = { Tags: [{ Key: 'shadowctl:run', Value: 'r-1' }] };
  const yes = () => true;

  test('is left out where it is the same but for tags; what AWS does not have is created', () => {
    const state = created('model', 'm', { ...model().input, ...tagged });
    expect(withoutExisting([model({ Tags: [] }), config()], state, (step) => step.kind === 'model')).toEqual([
      config(),
    ]);
    expect(withoutExisting([model()], state, () => false)).toEqual([model()]);
    const secret = model({ PrimaryContainer: { Environment: { A: '1' } } });
    expect(withoutExisting([secret], created('model', 'm', secret.input), yes)).toEqual([]);
    expect(
      withoutExisting(
        [config()],
        created('endpoint-config', 'c', { EndpointConfigName: 'c', ProductionVariants: [] }),
        yes,
      ),
    ).toEqual([]);
  });

  test('with other content is refused, and what is not from here', () => {
    const other = created('model', 'm', model({ EnableNetworkIsolation: true }).input);
    expect(() => withoutExisting([model()], other, yes)).toThrow('There is a model m already, with other content.');
    const strange = "and this endpoint's journal does not name it.";
    expect(() => withoutExisting([model()], replay([]), yes)).toThrow(`There is a model m already, ${strange}`);
    expect(() => withoutExisting([config()], replay([]), yes)).toThrow(
      `There is an endpoint config c already, ${strange}`,
    );
    // Begun here, and whether AWS accepted it is not known.
    expect(() => withoutExisting([model()], created('model', 'm', model().input, false), yes)).toThrow(strange);
  });

  test.each([
    [model(), 'Give another --model-name.'],
    [config(), 'Give another --config-name.'],
  ])('and the refusal says how to choose another name', (step, next) => {
    expect(() => withoutExisting([step], replay([]), yes)).toThrow(
      expect.objectContaining({ kind: 'cannot-run', next }),
    );
  });

  test('models and configs alone are looked for: the rest can be done twice', () => {
    const steps: Step[] = [
      endpoint,
      { action: 'create', kind: 's3-bucket', name: 'b' },
      { action: 'delete', kind: 'model', name: 'm' },
    ];
    expect(withoutExisting(steps, replay([]), yes)).toEqual(steps);
  });
});
