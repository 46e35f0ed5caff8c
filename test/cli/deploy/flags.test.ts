import { expect, test } from 'vitest';
import { deployCommand } from '../../../src/cli/deploy.ts';
import { optionsOf } from '../../support/parse.ts';

const DEFAULTS = {
  endpoint: 'w',
  candidate: {},
  instanceType: undefined,
  instances: undefined,
  variantName: undefined,
  capture: true,
  test: undefined,
  adopt: false,
  plan: false,
  yes: false,
  wait: true,
  metrics: true,
  format: 'text',
};

test.each<[string[], object]>([
  [['--endpoint', 'w'], {}],
  [
    ['--endpoint', 'w', '--artifact', 'm.tar.gz', '--algorithm', 'xgboost:1.2-1', '--allow-mismatch'],
    { candidate: { artifact: 'm.tar.gz', algorithm: 'xgboost:1.2-1', allowMismatch: true } },
  ],
  [['--endpoint', 'w', '--image', 'i', '--role', 'r'], { candidate: { image: 'i', role: 'r' } }],
  [
    ['--endpoint', 'w', '--model-name', 'm', '--config-name', 'c', '--variant-name', 'v'],
    { candidate: { modelName: 'm', configName: 'c' }, variantName: 'v' },
  ],
  [
    ['--endpoint', 'w', '--instances', '3', '--instance-type', 'ml.m5.xlarge'],
    { instances: 3, instanceType: 'ml.m5.xlarge' },
  ],
  [['--endpoint', 'w', '--no-capture'], { capture: false }],
  [['--endpoint', 'w', '--tag', 'a=b', '--tag', 'c=d=e'], { candidate: { tag: { a: 'b', c: 'd=e' } } }],
  [['--endpoint', 'w', '--container-env', 'A='], { candidate: { containerEnv: { A: '' } } }],
  [
    ['--endpoint', 'w', '--test', 'rows.csv', '--header', '--no-metrics'],
    { test: { file: 'rows.csv', header: true }, metrics: false },
  ],
  [
    ['--endpoint', 'w', '--test', 'rows.csv', '--no-header', '--label-column', '6', '--content-type', 'text/csv'],
    { test: { file: 'rows.csv', header: false, labels: '6', contentType: 'text/csv' } },
  ],
  [['--endpoint', 'w', '--test', 'rows.csv', '--labels', 'y'], { test: { file: 'rows.csv', labels: 'y' } }],
  [
    ['--endpoint', 'w', '--plan', '-y', '--no-wait', '--adopt', '--format', 'json'],
    { plan: true, yes: true, wait: false, adopt: true, format: 'json' },
  ],
])('%j', async (argv, expected) => {
  expect(await optionsOf(deployCommand, argv)).toEqual({ ...DEFAULTS, ...expected });
});

test.each<[string[], RegExp]>([
  [[], /--endpoint/],
  [['--endpoint', 'w', '--instances', '0'], /--instances: "0" is not a whole number of at least 1/],
  [['--endpoint', 'w', '--instances', '2.5'], /--instances: "2.5"/],
  [['--endpoint', 'w', '--format', 'xml'], /--format: "xml" is not known/],
  [['--endpoint', 'w', '--tag', 'novalue'], /--tag: "novalue" is not of the form key=value/],
  [['--endpoint', 'w', '--no-header'], /--no-header belongs to --test FILE, which was not given/],
  [['--endpoint', 'w', '--label-column', 'y'], /--label-column .* belongs to --test FILE/],
  [['--endpoint', 'w', '--nonsense'], /unknown option/],
])('%j is refused', async (argv, message) => {
  await expect(optionsOf(deployCommand, argv)).rejects.toThrow(message);
});
