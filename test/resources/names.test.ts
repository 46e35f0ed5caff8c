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
    ['alarm', 'x'.repeat(256), false],
  ])('%s %j: %s', (kind, name, valid) => {
    if (valid) expect(checkName(kind, name, '--x')).toBe(name);
    else expect(() => checkName(kind, name, '--x')).toThrow('--x: ');
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

  test.each([
    ['kmeans', 'us-east-1', /"kmeans" is not an algorithm/],
    ['xgboost:9.9', 'us-east-1', /xgboost has no version "9.9"/],
    ['constructor', 'us-east-1', /"constructor" is not an algorithm/],
    ['xgboost', 'moon-1', /region "moon-1" is not known/],
  ])('%s in %s is refused', (text, region, message) => {
    expect(() => algorithmImage(text, region)).toThrow(message);
  });

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

  test('none, and one that is none', () => {
    expect(() => chooseRole({ flag: undefined, project: undefined, env: undefined })).toThrow(/none was named/);
    expect(() => chooseRole({ flag: 'arn:aws:iam::1:user/x', project: undefined, env: undefined })).toThrow(
      /not the ARN of a role/,
    );
  });
});
