import { describe, expect, test } from 'vitest';
import { algorithmImage, algorithmOfImage } from '../../src/resources/artifact/images.ts';
import { checkName, chooseName, type NameKind } from '../../src/resources/naming.ts';
import { chooseRole } from '../../src/resources/model.ts';

describe('names', () => {
  test.each<[NameKind, string, boolean]>([
    ['endpoint', 'weather', true],
    ['endpoint', 'a', true],
    ['endpoint', 'a--b', true],
    ['endpoint', 'a'.repeat(63), true],
    ['endpoint', 'a'.repeat(64), false],
    ['endpoint', '', false],
    ['endpoint', '-a', false],
    ['endpoint', 'a-', false],
    ['endpoint config', 'a.b', false],
    ['model', 'a_b', false],
    ['variant', 'a b', false],
    ['alarm', 'Any Thing_at.all', true],
    ['alarm', 'a\n', false],
    ['alarm', '\na', false],
    ['alarm', ' ~', true],
    ['alarm', 'ü', false],
    ['alarm', 'x'.repeat(255), true],
    ['alarm', '', false],
    ['endpoint', 'a-b-9', true],
    ['endpoint', 'a\n', false],
    ['endpoint', '_a', false],
    ['endpoint', 'a_', false],
    ['model', 'a-b--9', true],
    ['model', 'A', true],
    ['model', '-a', false],
    ['model', 'a-', false],
    ['model', 'a\nb', false],
    ['model', '_ab', false],
    ['model', 'ab_', false],
    ['model', 'a'.repeat(63), true],
    ['model', 'a'.repeat(64), false],
    ['alarm', 'x'.repeat(256), false],
  ])('%s %j: %s', (kind, name, valid) => {
    if (valid) expect(checkName(kind, name, '--x')).toBe(name);
    else expect(() => checkName(kind, name, '--x')).toThrow('--x: ');
  });

  test.each<[NameKind, string, string, string | undefined]>([
    ['endpoint', 'my_model.v2', 'an endpoint', 'my-model-v2'],
    ['endpoint config', '--a', 'an endpoint config', 'a'],
    ['alarm', 'x'.repeat(260), 'an alarm', 'x'.repeat(255)],
    ['model', 'a__', 'a model', 'a'],
    ['model', 'a--.', 'a model', 'a'],
    ['variant', '__', 'a variant', 'weather'],
    ['model', `${'a'.repeat(62)}-b`, 'a model', 'a'.repeat(62)],
    ['model', '', 'a model', undefined],
  ])('%s %j is refused, with the nearest that AWS would take', (kind, name, called, nearest) => {
    try {
      checkName(kind, name, '--x');
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ kind: 'usage', message: `--x: "${name}" cannot be the name of ${called}.` });
      const example =
        nearest === undefined
          ? expect.not.stringContaining('For example')
          : expect.stringMatching(` For example: ${nearest}$`);
      expect(error).toMatchObject({ next: example });
    }
  });

  test('a chosen name is numbered on as far as needed', () => {
    const at = Date.UTC(2026, 0, 5, 9, 1, 2, 999);
    const names: string[] = [];
    for (let i = 0; i < 3; i += 1) names.push(chooseName('e', 'model', at, names));
    expect(names).toEqual(['e-model-20260105-090102', 'e-model-20260105-090102-2', 'e-model-20260105-090102-3']);
    expect(chooseName('-e-', 'model', at)).toBe('e-model-20260105-090102');
  });

  test('a chosen name is valid, at most 63 long, and numbered on where it is taken', () => {
    const at = Date.UTC(2026, 0, 5, 9, 1, 2);
    expect(chooseName('weather', 'model', at)).toBe('weather-model-20260105-090102');
    expect(chooseName('weather', 'model', at, ['weather-model-20260105-090102'])).toBe(
      'weather-model-20260105-090102-2',
    );
    const long = chooseName(`${'x'.repeat(40)}-${'y'.repeat(20)}`, 'shadow-config', at);
    expect(long).toBe('x'.repeat(33).concat('-shadow-config-20260105-090102'));
    expect(checkName('endpoint config', long, '--x')).toHaveLength(63);
    // Cut in the middle of hyphens, it still has none at the seam but its own.
    expect(chooseName(`${'x'.repeat(32)}-yyyyy`, 'shadow-config', at)).toBe(
      `${'x'.repeat(32)}-shadow-config-20260105-090102`,
    );
  });
});

describe('images', () => {
  test.each([
    ['linear-learner', 'us-east-1', '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1'],
    ['linear-learner:1', 'eu-west-3', '749696950732.dkr.ecr.eu-west-3.amazonaws.com/linear-learner:1'],
    ['xgboost', 'us-west-2', '246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:3.2-0'],
    ['xgboost:1.2-1', 'us-east-1', '683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-1'],
    [
      'xgboost:0.90-2',
      'cn-north-1',
      '450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:0.90-2-cpu-py3',
    ],
  ])('%s in %s', (text, region, uri) => {
    const image = algorithmImage(text, region);
    expect(image.uri).toBe(uri);
    expect(algorithmOfImage(uri)).toEqual(image);
  });

  test.each(
    'af-south-1 ap-east-1 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ca-central-1 ca-west-1 cn-north-1 cn-northwest-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 sa-east-1 us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-west-1 us-west-2'.split(
      ' ',
    ),
  )('in %s both algorithms have a registry', (region) => {
    for (const algorithm of ['linear-learner', 'xgboost'])
      expect(algorithmImage(algorithm, region).uri).toMatch(/^\d{12}\.dkr\.ecr\./);
  });

  test.each([
    ['kmeans', 'us-east-1', /"kmeans" is not an algorithm/],
    ['xgboost:9.9', 'us-east-1', /xgboost has no version "9.9"/],
    ['constructor', 'us-east-1', /"constructor" is not an algorithm/],
    ['xgboost', 'moon-1', /region "moon-1" is not known/],
  ])('%s in %s is refused', (text, region, message) => {
    expect(() => algorithmImage(text, region)).toThrow(message);
  });

  test('every version that is known, and a refusal that lists them', () => {
    const uri = (version: string) => algorithmImage(`xgboost:${version}`, 'us-east-1').uri.split(':')[1];
    expect(uri('0.90-1')).toBe('0.90-1-cpu-py3');
    expect(uri('1.0-1')).toBe('1.0-1-cpu-py3');
    for (const version of ['1.2-1', '1.2-2', '1.3-1', '1.5-1', '1.7-1', '3.0-5', '3.2-0'])
      expect(uri(version)).toBe(version);
    expect(() => algorithmImage('linear-learner:2', 'us-east-1')).toThrow(
      expect.objectContaining({ kind: 'usage', next: expect.stringMatching(/^Known: linear-learner:1\. /) }),
    );
    expect(() => algorithmImage('kmeans', 'us-east-1')).toThrow(
      expect.objectContaining({ next: expect.stringContaining('linear-learner, xgboost') }),
    );
    expect(() => algorithmImage('xgboost', 'constructor')).toThrow(
      expect.objectContaining({ next: expect.stringContaining('us-west-1, us-west-2') }),
    );
    expect(() => algorithmImage('', 'us-east-1')).toThrow('"" is not an algorithm');
    expect(algorithmImage('xgboost:1.2-1:x', 'us-east-1').version).toBe('1.2-1');
  });

  test.each([
    ['r/sagemaker-xgboost:1.0-1-cpu-py3', 'xgboost', '1.0-1'],
    ['r/sagemaker-xgboost:mine', 'xgboost', 'mine'],
    ['r/sagemaker-xgboost', 'xgboost', ''],
    ['r/sagemaker-xgboost@sha256:abc', 'xgboost', ''],
    ['r/sagemaker-xgboost:1.5-1@sha256:abc', 'xgboost', '1.5-1'],
    ['r/x/linear-learner:1', 'linear-learner', '1'],
  ])('%s is the image of %s:%s', (uri, algorithm, version) => {
    expect(algorithmOfImage(uri)).toEqual({ algorithm, version, uri });
  });

  test.each([
    'sagemaker-xgboost:1.5-1',
    'r/my-sagemaker-xgboost:1',
    'r/sagemaker-xgboost/x:1',
    'r/sagemaker-xgboost-x:1',
    '',
  ])('%j is the image of none', (uri) => expect(algorithmOfImage(uri)).toBeUndefined());

  test('any other image belongs to no algorithm we know', () => {
    expect(algorithmOfImage('123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:latest')).toBeUndefined();
    expect(algorithmOfImage('683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost@sha256:abc')).toMatchObject(
      { algorithm: 'xgboost' },
    );
  });
});

describe('role', () => {
  const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
  test.each([
    [{ flag: role('flag'), project: role('project'), env: role('env'), live: role('live') }, 'flag'],
    [{ flag: undefined, project: role('project'), env: role('env'), live: role('live') }, 'project'],
    [{ flag: undefined, project: undefined, env: role('env'), live: role('live') }, 'env'],
    [{ flag: undefined, project: undefined, env: '', live: role('service-role/live') }, 'service-role/live'],
  ])('%j', (sources, name) => {
    expect(chooseRole(sources)).toBe(role(name));
  });

  test.each(['arn:aws-cn:iam::123456789012:role/a', 'arn:aws-us-gov:iam::123456789012:role/p/q/A_0+=,.@-'])(
    '%s is one',
    (flag) => {
      expect(chooseRole({ flag, project: undefined, env: undefined })).toBe(flag);
    },
  );

  test.each([
    'x arn:aws:iam::123456789012:role/a',
    'arn:aws:iam::123456789012:role/a b',
    'arn:aws:iam::12345678901:role/a',
    'arn:aws:iam::1234567890123:role/a',
    'arn:AWS:iam::123456789012:role/a',
    'arn:aws:iam::123456789012:role/a!',
    '',
  ])('%j is none', (flag) => {
    expect(() => chooseRole({ flag, project: undefined, env: undefined })).toThrow(/is not the ARN of a role/);
  });

  test('none, and one that is none', () => {
    expect(() => chooseRole({ flag: undefined, project: undefined, env: undefined })).toThrow(/none was named/);
    expect(() => chooseRole({ flag: 'arn:aws:iam::1:user/x', project: undefined, env: undefined })).toThrow(
      /not the ARN of a role/,
    );
  });
});
