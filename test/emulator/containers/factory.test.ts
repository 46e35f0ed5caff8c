import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { archive, header } from '../../../fixtures/scripts/archive.ts';
import { readArchive } from '../../../src/emulator/containers/archive.ts';
import { builtInImage } from '../../../src/emulator/containers/images.ts';
import { sniffDelimiter } from '../../../src/emulator/containers/xgboost/sniff.ts';
import { parsePythonFloat, pythonFloat } from '../../../src/emulator/containers/python.ts';
import { fixture, LINEAR_LEARNER, start } from './containers.ts';

describe('images', () => {
  test.each([
    ['382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1', { kind: 'linear-learner' }],
    ['683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.2-1', { kind: 'xgboost', version: '1.2-1' }],
    [
      '683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:0.90-2-cpu-py3',
      { kind: 'xgboost', version: '0.90-2' },
    ],
    ['811284229777.dkr.ecr.us-east-1.amazonaws.com/xgboost:latest', { kind: 'xgboost', version: '0.72' }],
    ['123456789012.dkr.ecr.us-east-1.amazonaws.com/my-model:1', undefined],
    ['sagemaker-xgboost', undefined],
  ])('%s', (image, kind) => expect(builtInImage(image)).toEqual(kind));

  test('an unknown image is refused, with what to do', async () => {
    await expect(start({ image: 'acme/model:7' })).rejects.toThrow(
      'The emulator has no container for image "acme/model:7": it has linear-learner and xgboost. Start it with --container acme/model:7=',
    );
  });
});

describe('archives that nobody should trust', () => {
  const tar = (...blocks: Uint8Array[]) => gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
  const bomb = gzipSync(Buffer.alloc(3_000_000));

  test.each([
    ['no gzip', Buffer.from('{"message": "not found", "padding": "…"}'), 'is not gzip data'],
    ['empty', Buffer.alloc(0), 'is not gzip data'],
    ['truncated gzip', fixture('artifacts/009-model.tar.gz').subarray(0, 400), 'is damaged or truncated'],
    ['truncated tar', gzipSync(Buffer.concat([header('model', 5000), Buffer.alloc(512)])), 'is damaged or truncated'],
    ['gzip of no tar', gzipSync(Buffer.from('hello '.repeat(200))), 'is damaged or truncated'],
    ['nothing in it', tar(), 'holds no file'],
    [
      'a path that climbs out',
      tar(header('../../etc/passwd', 0)),
      'holds the path "../../etc/passwd", which climbs out of it',
    ],
    ['a path that climbs out in the middle', tar(header('a/../../b', 0)), 'climbs out'],
    ['the folder above', tar(header('..', 0)), 'climbs out'],
    ['an absolute path', tar(header('/etc/passwd', 0)), 'holds the absolute path "/etc/passwd"'],
    ['a symbolic link', tar(header('model', 0, '2', '/etc/passwd')), 'holds "model", which is a symlink'],
    ['a hard link', tar(header('model', 0, '1', '/etc/passwd')), 'which is a link'],
    ['a device', tar(header('model', 0, '3')), 'which is a character-device'],
    ['a bomb', bomb, 'unpacks to more than 2000000 bytes'],
  ])('%s', async (_, bytes, message) => {
    await expect(readArchive(bytes, { bytes: 2_000_000, files: 100 })).rejects.toThrow(message);
  });

  test('the factory says it in AWS’s words, with the URL', async () => {
    await expect(
      start({
        image: LINEAR_LEARNER,
        artifact: Buffer.from('no archive at all, only text'),
        artifactUrl: 's3://b/model.tar.gz',
      }),
    ).rejects.toThrow(
      'Failed to extract model data archive for container "container_1" from URL "s3://b/model.tar.gz". Please ensure that the object located at the URL is a valid tar.gz archive.',
    );
  });

  test('folders, ./ and long names are read', async () => {
    const files = await readArchive(
      archive({ './model_algo-1': Buffer.from('x'), 'code/inference.py': Buffer.from('y') }),
    );
    expect([...files.keys()]).toEqual(['model_algo-1', 'code/inference.py']);
  });
});

describe('Python', () => {
  // Each pair as CPython 3.11 prints it.
  test.each([
    [0.036397725343704224, '0.036397725343704224'],
    [1e16, '1e+16'],
    [123456789012345680, '1.2345678901234568e+17'],
    [9007199254740992, '9007199254740992.0'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [1e-300, '1e-300'],
    [-0, '-0.0'],
    [3, '3.0'],
  ])('repr(%d)', (value, text) => expect(pythonFloat(value)).toBe(text));

  test.each([
    ['1_000', 1000],
    [' 2.5\r', 2.5],
    ['.5', 0.5],
    ['-1.e3', -1000],
    ['nan', Number.NaN],
    ['-Infinity', -Infinity],
    ['inf', Infinity],
    ['0x10', undefined],
    ['', undefined],
    ['1__0', undefined],
    ['0b1', undefined],
    ['1,5', undefined],
  ])('float(%j)', (text, value) => expect(parsePythonFloat(text)).toBe(value));

  // Each pair as csv.Sniffer of CPython 3.11 answers, a letter or digit replaced by a comma as the image does.
  test.each([
    ['1,2,3', ','],
    ['1.5;2.5', ';'],
    ['1\t2', '\t'],
    ['1 2 3', ' '],
    ['5.1', ','],
    ['7', ','],
    ['1|2|3|4', '|'],
    ['', undefined],
  ])('csv.Sniffer on %j', (line, delimiter) => expect(sniffDelimiter(line)).toBe(delimiter));
});
