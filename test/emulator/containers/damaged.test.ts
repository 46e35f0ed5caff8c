import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { archive } from '../../../fixtures/scripts/archive.ts';
import { linearLearnerArtifact } from '../../../fixtures/scripts/linear-learner-artifact.ts';
import { readArchive } from '../../../src/emulator/containers/archive.ts';
import { parseUbjson } from '../../../src/emulator/containers/xgboost/ubjson.ts';
import { fixture, LINEAR_LEARNER, recordedModel, start, XGBOOST } from './containers.ts';

/** The bytes with some of them overwritten. */
const damaged = (bytes: Uint8Array) =>
  fc
    .array(fc.tuple(fc.nat(bytes.length - 1), fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0x80, 0xff))), {
      minLength: 1,
      maxLength: 8,
    })
    .map((changes) => {
      const copy = Uint8Array.from(bytes);
      for (const [at, value] of changes) copy[at] = value;
      return copy;
    });

describe('damaged models answer or fail, and neither crash nor hang', () => {
  test.each([
    ['1.7.4', 'logistic', 'bin', '1.7-1'],
    ['1.2.0', 'dart', 'bin', '1.2-1'],
    ['3.0.5', 'softprob', 'ubj', '3.0-5'],
    ['1.7.4', 'categorical', 'json', '1.7-1'],
    ['1.2.0', 'logistic', 'pkl', '1.2-1'],
    ['0.90', 'logistic', 'pkl-0', '0.90-2-cpu-py3'],
    ['0.90', 'logistic', 'pkl', '0.90-2-cpu-py3'],
  ])('%s %s %s', async (release, name, form, tag) => {
    await fc.assert(
      fc.asyncProperty(damaged(recordedModel(release, name, form).bytes), async (bytes) => {
        const container = await start({ image: `${XGBOOST}:${tag}`, artifact: archive({ m: bytes }) });
        expect([200, 400, 500]).toContain((await container.ask('1,2,3,4')).status);
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  test('linear-learner', async () => {
    const artifact = linearLearnerArtifact({
      predictorType: 'multiclass_classifier',
      shape: [4, 3],
      weight: Array.from({ length: 12 }, () => 0.5),
    });
    const model = (await readArchive(artifact)).get('model_algo-1') as Uint8Array;
    await fc.assert(
      fc.asyncProperty(damaged(model), async (bytes) => {
        const container = await start({ image: LINEAR_LEARNER, artifact: archive({ 'model_algo-1': bytes }) });
        expect([200, 400, 500]).toContain((await container.ask('1,2,3,4')).status);
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  test('archives', async () => {
    await fc.assert(
      fc.asyncProperty(damaged(fixture('artifacts/009-model.tar.gz')), async (artifact) => {
        const started = await start({ image: LINEAR_LEARNER, artifact }).catch((error: Error) => error.message);
        if (typeof started === 'string')
          expect(started).toMatch(/^Failed to extract model data archive for container "container_1"/);
      }),
      { numRuns: 150, seed: 7 },
    );
  });
});

describe('small files that claim to be large', () => {
  const model = () => JSON.parse(recordedModel('1.7.4', 'logistic', 'json').bytes.toString());
  const served = async (document: unknown) => {
    const container = await start({
      image: `${XGBOOST}:1.7-1`,
      artifact: archive({ m: Buffer.from(JSON.stringify(document)) }),
    });
    return (await container.ask('1,2')).text;
  };

  test('a thousand million classes', async () => {
    const document = model();
    document.learner.learner_model_param.num_class = '1000000000';
    expect(await served(document)).toContain('the emulator evaluates no model of 1000000000 classes');
  });

  test('a thousand million features, one of them the last', async () => {
    const document = model();
    document.learner.learner_model_param.num_feature = '1000000000';
    expect(await served(document)).toMatch(/^-?[\d.]+\n$/);
    document.learner.gradient_booster.model.trees[0].split_indices[0] = 999_999_999;
    expect(await served(document)).toContain('no model that splits on feature 999999999');
  });

  test('UBJSON arrays of values without bytes', () => {
    const many = Buffer.from('[$T#U\xff'.repeat(200), 'latin1');
    expect(() => parseUbjson(Buffer.concat([Buffer.from('['), many]))).toThrow('more values than bytes');
  });

  test('UBJSON nested without end', () => {
    expect(() => parseUbjson(Buffer.from('['.repeat(100_000)))).toThrow('nested more than 64 deep');
  });
});
