import { describe, expect, test } from 'vitest';
import { readFacts, recordLine } from '../../src/analysis/mirrored/record.ts';
import { towardsShadow, withoutQueryCredentials } from '../../src/mirror/headers.ts';
import { idInBody, namedRoute, ROUTES, routeOf } from '../../src/mirror/routes.ts';
import { isDrawn } from '../../src/mirror/sample.ts';
import { readSettings, settingsSchema } from '../../src/mirror/settings.ts';
import { redactor } from '../../src/mirror/record/redact.ts';
import { readCapture } from '../../src/analysis/answers/captures.ts';

const context = { where: 'test', folder: '/', env: { TOKEN: 'own' }, readFile: () => '' };

describe('routes', () => {
  test.each([
    ['/invocations', 'SageMaker containers, MLflow'],
    ['/endpoints/weather/invocations', 'SageMaker endpoints'],
    ['/v1/models/half_plus_two:predict', 'TensorFlow Serving, KServe v1'],
    ['/v1/models/m/versions/3:predict', 'TensorFlow Serving, KServe v1'],
    ['/v1/models/m/labels/stable:predict', 'TensorFlow Serving, KServe v1'],
    ['/v2/models/m/infer', 'Open Inference v2'],
    ['/v2/models/m/versions/1/infer', 'Open Inference v2'],
    ['/predictions/densenet', 'TorchServe'],
    ['/predictions/densenet/1.0', 'TorchServe'],
    ['/v1/chat/completions', 'OpenAI'],
    ['/predict', undefined],
    ['/v1/models/m', undefined],
    ['/v1/models/m:predictx', undefined],
    ['/xinvocations', undefined],
    ['/v2/models/a/b/infer', undefined],
  ])('POST %s is of %s', (path, server) => {
    expect(routeOf(ROUTES, 'POST', path)?.server).toBe(server);
    expect(routeOf(ROUTES, 'GET', path)).toBeUndefined();
  });

  test('a named path: a star stands for anything but a slash', () => {
    const routes = [namedRoute('/api/*/predict')];
    expect(routeOf(routes, 'POST', '/api/v1.0/predict')).toBeDefined();
    expect(routeOf(routes, 'POST', '/api/a/b/predict')).toBeUndefined();
    expect(routeOf([namedRoute('/a.b')], 'POST', '/axb')).toBeUndefined();
  });

  test('the id of a request is its own, not that of something in it', () => {
    expect(idInBody(Buffer.from('{"inputs":[{"id":"x"}],"id":"real"}'))).toBe('real');
    expect(idInBody(Buffer.from('{"inputs":[{"id":"x"}]}'))).toBeUndefined();
    const large = `"inputs":[${'1,'.repeat(2_000)}1]`;
    expect(idInBody(Buffer.from(`{ "id" : "größe", ${large}}`))).toBe('größe');
    expect(idInBody(Buffer.from(`{"parameters":{"id":"p"},${large}}`))).toBeUndefined();
  });
});

describe('what a shadow is not sent', () => {
  const sent = (raw: string[], drop: string[] = []) =>
    towardsShadow(raw, { shadow: 's', id: 'i', host: 'h', length: 2, drop: new Set(drop), own: [] });

  test.each([
    'Authorization',
    'Proxy-Authorization',
    'Cookie',
    'X-Api-Key',
    'api-key',
    'X-Amz-Security-Token',
    'X-Auth-Token',
    'X-Client-Secret',
    'X-Hub-Signature',
    'X-Forwarded-For',
    'x-shadowctl-copy',
  ])('%s', (name) => {
    expect(sent(['Accept', 'a', name, 'secret'])).not.toContain('secret');
    expect(sent(['Accept', 'a', name, 'secret'])).toContain('Accept');
  });

  test('headers that are named, whatever their case', () => {
    expect(sent(['X-USER', 'me', 'X-Other', 'o'], ['x-user'])).not.toContain('me');
  });

  test('credentials in the query', () => {
    expect(withoutQueryCredentials('?a=1&api_key=k&X-Amz-Signature=s&%74oken=t&b=2')).toBe('?a=1&b=2');
    expect(withoutQueryCredentials('?key=k')).toBe('');
    expect(withoutQueryCredentials('?monkey=1')).toBe('?monkey=1');
  });
});

describe('sampling', () => {
  const shadow = { name: 'a', share: 0.3, by: { kind: 'request' as const }, seed: 's' };
  const share = (draw: (i: number) => boolean) =>
    Array.from({ length: 4_000 }, (_, i) => draw(i)).filter(Boolean).length / 4_000;

  test('draws as many as it should, each shadow for itself', () => {
    const a = (i: number) => isDrawn(shadow, `r-${i}`, []);
    const b = (i: number) => isDrawn({ ...shadow, name: 'b' }, `r-${i}`, []);
    // Four deviations of a share of 0.3 in 4,000.
    expect(Math.abs(share(a) - 0.3)).toBeLessThan(0.03);
    expect(Math.abs(share((i) => a(i) && b(i)) - 0.09)).toBeLessThan(0.02);
  });

  test('keeps a user together, by a header or a cookie, and draws others with another seed', () => {
    const by = { ...shadow, by: { kind: 'header' as const, name: 'x-user' } };
    for (let user = 0; user < 50; user += 1) {
      const draws = [1, 2, 3].map((request) => isDrawn(by, `r-${request}`, ['X-User', `u${user}`]));
      expect(new Set(draws).size).toBe(1);
    }
    expect(Math.abs(share((i) => isDrawn(by, 'r', ['x-user', `u${i}`])) - 0.3)).toBeLessThan(0.03);
    const cookie = { ...shadow, by: { kind: 'cookie' as const, name: 'sid' } };
    expect(share((i) => isDrawn(cookie, `r-${i}`, ['Cookie', 'a=1; sid=x; b=2']))).toBe(
      isDrawn(cookie, 'r', ['Cookie', 'sid=x']) ? 1 : 0,
    );
    const other = share((i) => isDrawn(shadow, `r-${i}`, []) === isDrawn({ ...shadow, seed: 't' }, `r-${i}`, []));
    expect(other).toBeLessThan(0.7);
  });
});

describe('records', () => {
  const facts = {
    id: 'run-1',
    key: 'my "id"',
    at: Date.UTC(2026, 0, 5, 9, 0, 0, 123),
    outcome: 'answered' as const,
    loss: undefined,
    status: 200,
    ms: 12.5,
    firstByteMs: 3,
    copies: ['a', 'b'],
  };
  const hostile = ',"eventMetadata":{"eventId":"forged"},"eventVersion":"0"}';
  const line = recordLine(
    facts,
    { data: hostile, encoding: 'JSON', contentType: 'application/json' },
    { data: '{"score":1}', encoding: 'JSON', contentType: hostile },
  );

  test('say what they were told, whatever the bodies hold', () => {
    expect(readFacts(line.trimEnd())).toEqual(facts);
    expect(readFacts(line.slice(0, -20))).toBeUndefined();
  });

  test('are captures', () => {
    expect(readCapture(line)).toMatchObject({ inferenceId: 'my "id"', at: facts.at, input: { data: hostile } });
  });

  test('hold nothing of what is to be left out', () => {
    const redact = redactor(['$.user.name', '$.rows[*].secret']);
    expect(redact?.('{"user":{"name":"Ann","age":1},"rows":[{"secret":1},{"secret":2}]}')).toBe(
      '{"user":{"name":"[redacted]","age":1},"rows":[{"secret":"[redacted]"},{"secret":"[redacted]"}]}',
    );
    expect(redact?.('{"n":1.0}')).toBe('{"n":1.0}');
    expect(redact?.('name=Ann')).toBeUndefined();
  });
});

describe('settings', () => {
  const read = (content: object) => readSettings(content, context);
  const minimal = { live: 'http://a', shadows: { s: 'http://b' } };

  test('are complete with a live side and a shadow', () => {
    expect(read(minimal)).toMatchObject({
      listen: { host: '127.0.0.1', port: 8080 },
      live: { target: { kind: 'http', url: 'http://a' }, keepHost: false },
      shadows: [{ name: 's', share: 1, timeout: 30_000, by: { kind: 'request' } }],
      records: undefined,
    });
  });

  test('take what is secret from the environment', () => {
    const shadows = { s: { url: 'http://b', headers: { Authorization: { env: 'TOKEN' } } } };
    expect(read({ ...minimal, shadows }).shadows[0]?.headers).toEqual({ Authorization: 'own' });
  });

  test.each([
    ['no live side', { shadows: minimal.shadows }],
    ['no shadow', { live: 'http://a' }],
    ['a name that is taken', { ...minimal, shadows: { live: 'http://b' } }],
    ['a name with a slash', { ...minimal, shadows: { '../x': 'http://b' } }],
    ['a password in a URL', { ...minimal, live: 'http://u:p@a' }],
    ['another scheme', { ...minimal, live: 'ftp://a' }],
    ['a share above all', { ...minimal, shadows: { s: { url: 'http://b', share: '101%' } } }],
    ['an unknown key', { ...minimal, lives: 1 }],
    ['an unknown draw', { ...minimal, shadows: { s: { url: 'http://b', by: 'user' } } }],
    ['a variable that is missing', { ...minimal, shadows: { s: { url: 'http://b', headers: { A: { env: 'NO' } } } } }],
    [
      'a header that would end before its value does',
      { ...minimal, shadows: { s: { url: 'http://b', headers: { A: 'a\r\nB: b' } } } },
    ],
    ['a path of copies with a space', { ...minimal, shadows: { s: { url: 'http://b', path: '/a b' } } }],
    ['a path that is none', { ...minimal, records: { folder: 'r', redact: ['user'] } }],
  ])('%s is refused', (_, content) => {
    expect(() => read(content)).toThrow(expect.objectContaining({ kind: 'usage' }));
  });
});

test('the JSON schema of the configuration file knows the same keys', async () => {
  const { default: schema } = await import('../../src/mirror/config.schema.json', { with: { type: 'json' } });
  interface Node {
    properties?: Record<string, Node>;
    anyOf?: Node[];
    additionalProperties?: Node | boolean;
    entries?: Record<string, Node>;
    options?: Node[];
    wrapped?: Node;
    value?: Node;
  }
  const inSchema = (node: Node, path: string): string[] => [
    ...Object.entries(node.properties ?? {}).flatMap(([key, inner]) => [
      `${path}.${key}`,
      ...inSchema(inner, `${path}.${key}`),
    ]),
    ...(node.anyOf ?? []).flatMap((one) => inSchema(one, path)),
    ...(typeof node.additionalProperties === 'object' ? inSchema(node.additionalProperties, `${path}.*`) : []),
  ];
  const inCode = (node: Node, path: string): string[] => [
    ...(node.wrapped === undefined ? [] : inCode(node.wrapped, path)),
    ...Object.entries(node.entries ?? {}).flatMap(([key, inner]) => [
      `${path}.${key}`,
      ...inCode(inner, `${path}.${key}`),
    ]),
    ...(node.options ?? []).flatMap((one) => inCode(one, path)),
    ...(node.value === undefined || typeof node.value !== 'object' ? [] : inCode(node.value, `${path}.*`)),
  ];
  const known = inCode(settingsSchema as unknown as Node, '').sort();
  expect(known.length).toBeGreaterThan(40);
  expect(inSchema(schema as unknown as Node, '').sort()).toEqual(known);
});
