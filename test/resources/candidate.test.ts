import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkArtifact } from '../../src/resources/artifact/artifact.ts';
import { checkCandidate, defaultBucket, ourPrefix, requireReadable } from '../../src/resources/artifact/candidate.ts';
import { algorithmImage } from '../../src/resources/artifact/images.ts';
import { ARTIFACT_005 } from '../support/fixtures.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shadowctl-artifact-'));
  path = join(folder, 'model.tar.gz');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Member = string | { name: string; type: 'directory' | 'symlink' | 'link'; linkname?: string };

async function tarOf(members: readonly Member[], content: string | Buffer = 'x'): Promise<Buffer> {
  const tar = pack();
  for (const member of members)
    if (typeof member === 'string') tar.entry({ name: member }, content);
    else tar.entry(member);
  tar.finalize();
  return buffer(tar);
}

/** Writes an archive of these members; gives its path. */
async function archive(members: readonly Member[]): Promise<string> {
  await writeFile(path, gzipSync(await tarOf(members)));
  return path;
}

describe('an artifact', () => {
  test('is read from end to end: files, size, hash and what wrote it', async () => {
    await archive([{ name: 'sub', type: 'directory' }, 'sub/a', './xgboost-model', 'b']);
    const bytes = await readFile(path);
    expect(await checkArtifact(path)).toEqual({
      path,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      members: ['sub/a', './xgboost-model', 'b'],
      format: 'xgboost',
      isNewBooster: false,
    });
  });

  test.each([
    ['3.2.0', true],
    ['3.0.5', false],
    ['1.7.4', false],
  ])('of XGBoost %s: is its base score a list? %s', async (release, isNewBooster) => {
    const recorded = JSON.parse(gunzipSync(await readFile(`fixtures/xgboost/real/${release}.json.gz`)).toString()) as {
      models: Record<string, { files: Record<string, string> }>;
    };
    for (const { files } of Object.values(recorded.models))
      for (const file of Object.values(files)) {
        const booster = file.startsWith('base64:') ? Buffer.from(file.slice(7), 'base64') : Buffer.from(file);
        await writeFile(path, gzipSync(await tarOf(['xgboost-model'], booster)));
        expect((await checkArtifact(path)).isNewBooster).toBe(isNewBooster);
      }
  });

  test('whose base score lies across two pieces of the file is seen all the same', async () => {
    for (const before of [65_500, 65_520, 65_530, 65_536]) {
      const content = `${'x'.repeat(before)}"base_score":"[5E-1]"${'y'.repeat(200_000)}`;
      await writeFile(path, gzipSync(await tarOf(['xgboost-model'], content)));
      expect((await checkArtifact(path)).isNewBooster).toBe(true);
    }
  });

  test('larger than any buffer is read to its end', async () => {
    await writeFile(path, gzipSync(await tarOf(['a', 'b', 'c'], 'y'.repeat(3_000_000))));
    expect((await checkArtifact(path)).members).toEqual(['a', 'b', 'c']);
  });

  test.each<[string[], string | undefined]>([
    [['model_algo-1'], 'linear-learner'],
    [['./model_algo-12', 'other'], 'linear-learner'],
    [['other', 'xgboost-model'], 'xgboost'],
    [['model_algo-1', 'xgboost-model'], 'linear-learner'],
    [['my-model_algo-1'], undefined],
    [['model_algo-1.json'], undefined],
    [['sub/xgboost-model'], undefined],
    [['model_algo-x'], undefined],
    [['dir./xgboost-model'], undefined],
  ])('with %j was written by %s', async (members, format) => {
    expect((await checkArtifact(await archive(members))).format).toBe(format);
  });

  test('names a hundred of its files at the most', async () => {
    const names = Array.from({ length: 105 }, (_, i) => `f${i}`);
    expect((await checkArtifact(await archive(names))).members).toEqual(names.slice(0, 100));
  });

  test.each<[Member, string]>([
    ['../a', 'holds the path "../a"'],
    ['/etc/passwd', 'holds the path "/etc/passwd"'],
    ['a/../../b', 'holds the path "a/../../b"'],
    ['a\\b', 'holds the path "a\\b"'],
    ['c:x', 'holds the path "c:x"'],
    ['./../a', 'holds the path "./../a"'],
    ['a//../../b', 'holds the path "a//../../b"'],
    [{ name: 'l', type: 'symlink', linkname: '/etc' }, 'holds the link "l" to "/etc"'],
    [{ name: 'l', type: 'symlink', linkname: '../x' }, 'holds the link "l" to "../x"'],
    [{ name: 'd/l', type: 'symlink', linkname: '../../x' }, 'holds the link "d/l" to "../../x"'],
    [{ name: 'd/l', type: 'link', linkname: '../x' }, 'holds the link "d/l" to "../x"'],
    [{ name: 'l', type: 'link', linkname: '/x' }, 'holds the link "l" to "/x"'],
  ])('with the member %j is refused', async (member, words) => {
    await archive(['good', member]);
    await expect(checkArtifact(path)).rejects.toMatchObject({
      kind: 'usage',
      message: `${path} ${words}, which leads out of the model's folder.`,
    });
  });

  test.each<Member>([
    'a/../b',
    'ab:c',
    '1:x',
    'x/c:y',
    '..a/b',
    './a/./b/../../c',
    { name: 'd/l', type: 'symlink', linkname: '../x' },
    { name: 'd/e/l', type: 'symlink', linkname: '../../x' },
    { name: 'l', type: 'symlink', linkname: 'good' },
    { name: 'd/l', type: 'link', linkname: 'good' },
    { name: 'd', type: 'directory' },
  ])('with the member %j is accepted', async (member) => {
    expect((await checkArtifact(await archive(['good', member]))).members[0]).toBe('good');
  });

  test('with more members than any model has is refused', { timeout: 30_000 }, async () => {
    const header = (await tarOf([{ name: 'd', type: 'directory' }])).subarray(0, 512);
    const headers = Buffer.alloc(512 * 100_001);
    for (let at = 0; at < headers.length; at += 512) header.copy(headers, at);
    await writeFile(path, gzipSync(Buffer.concat([headers, Buffer.alloc(1024)])));
    await expect(checkArtifact(path)).rejects.toThrow('holds more than 100000 members');
  });

  test.each<[string, () => Promise<Buffer>, string]>([
    ['text', async () => Buffer.from('hello'), 'is not a gzip file'],
    ['nothing', async () => Buffer.alloc(0), 'is truncated'],
    ['half a gzip', async () => gzipSync(await tarOf(['a'])).subarray(0, 60), 'is truncated'],
    ['half a tar', async () => gzipSync((await tarOf(['a'], 'z'.repeat(5_000))).subarray(0, 2_000)), 'is truncated'],
    ['gzip of text', async () => gzipSync('hello '.repeat(500)), 'is gzip, but holds no tar archive'],
    ['no file', async () => gzipSync(await tarOf([{ name: 'd', type: 'directory' }])), 'holds no file'],
    [
      'a flipped check sum',
      async () => {
        const packed = gzipSync(await tarOf(['a']));
        packed[packed.length - 6] = (packed[packed.length - 6] ?? 0) ^ 0xff;
        return packed;
      },
      'is damaged',
    ],
  ])('that is %s is refused', async (_, content, words) => {
    await writeFile(path, await content());
    await expect(checkArtifact(path)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining(`${path} ${words}`),
    });
  });

  test('that is not there, a folder, or too large is refused before it is read', async () => {
    await expect(checkArtifact(path)).rejects.toMatchObject({
      kind: 'usage',
      message: `--artifact: there is no file ${path}.`,
    });
    await expect(checkArtifact(folder)).rejects.toThrow(`${folder} is not a file`);
    await writeFile(path, '');
    const most = 600 * 1024 ** 3;
    await truncate(path, most + 1);
    await expect(checkArtifact(path)).rejects.toThrow(`is too large (${most + 1} bytes)`);
    await truncate(path, most);
    await expect(checkArtifact(path)).rejects.toThrow('is not a gzip file');
  });
});

describe('a candidate', () => {
  const other = '123456789012.dkr.ecr.us-east-1.amazonaws.com/mine:1';
  const xgboost = algorithmImage('xgboost', 'us-east-1');
  const check = (options: Parameters<typeof checkCandidate>[0]) => checkCandidate(options, 'us-east-1');

  test.each([
    [{}, 'No model was named'],
    [{ artifact: 's3://b/m' }, 'Neither --algorithm nor --image'],
    [{ artifact: 's3://b/m', algorithm: 'xgboost', image: other }, 'Both --algorithm and --image'],
    [{ algorithm: 'xgboost', image: other }, 'Both --algorithm and --image'],
    [{ algorithm: 'xgboost' }, '--artifact is missing: the image of xgboost'],
    [{ image: xgboost.uri }, '--artifact is missing: the image of xgboost'],
    [{ artifact: 's3://bucket-alone', image: other }, 'is not the URI of an S3 object'],
    [{ artifact: 's3://b/m', algorithm: 'kmeans' }, '"kmeans" is not an algorithm'],
    [{ artifact: '/never/there', image: other }, 'there is no file /never/there'],
    [{ artifact: ARTIFACT_005, algorithm: 'xgboost' }, 'was written by linear-learner'],
  ])('%j is refused', async (options, words) => {
    await expect(check(options)).rejects.toMatchObject({ kind: 'usage', message: expect.stringContaining(words) });
  });

  test('of an image alone, of an artifact in S3, of a local one', async () => {
    expect(await check({ image: other })).toEqual({
      image: other,
      builtIn: undefined,
      local: undefined,
      uri: undefined,
    });
    expect(await check({ artifact: 's3://b/m', algorithm: 'xgboost' })).toEqual({
      image: xgboost.uri,
      builtIn: xgboost,
      local: undefined,
      uri: 's3://b/m',
    });
    expect(await check({ artifact: ARTIFACT_005, image: other })).toMatchObject({
      image: other,
      builtIn: undefined,
      local: { path: ARTIFACT_005, format: 'linear-learner' },
      uri: undefined,
    });
  });

  test('whose image is the one of a built-in algorithm is checked as such, but for --allow-mismatch', async () => {
    await expect(check({ artifact: ARTIFACT_005, image: xgboost.uri })).rejects.toThrow('cannot read it');
    expect(await check({ artifact: ARTIFACT_005, image: xgboost.uri, allowMismatch: true })).toMatchObject({
      builtIn: { algorithm: 'xgboost' },
    });
  });

  const artifact = (members: string[], format?: 'xgboost' | 'linear-learner') => ({
    path: 'p',
    bytes: 1,
    sha256: 's',
    members,
    format,
    isNewBooster: false,
  });

  test('of XGBoost 3.1 or later is refused by images that know one base score, and no others', () => {
    const booster = { ...artifact(['xgboost-model'], 'xgboost'), isNewBooster: true };
    const image = (version: string) => algorithmImage(`xgboost:${version}`, 'us-east-1');
    for (const version of ['1.5-1', '1.7-1', '3.0-5'])
      expect(() => requireReadable('p', booster, image(version))).toThrow(
        `the image of xgboost:${version} loads no such`,
      );
    expect(() => requireReadable('p', booster, image('3.2-0'))).not.toThrow();
    expect(() => requireReadable('p', { ...booster, isNewBooster: false }, image('3.0-5'))).not.toThrow();
  });
  const linear = algorithmImage('linear-learner', 'us-east-1');

  test.each([
    [artifact(['xgboost-model'], 'xgboost'), xgboost],
    [artifact(['model_algo-1'], 'linear-learner'), linear],
    // XGBoost loads whatever file there is.
    [artifact(['my-booster']), xgboost],
    // Images of before 1.2-2 load one file, whichever comes first.
    [artifact(['model.pth', 'my-booster']), algorithmImage('xgboost:1.0-1', 'us-east-1')],
    [artifact(['./xgboost-model', './code/inference.py', './.hidden.py'], 'xgboost'), xgboost],
    [artifact(['model.pt.json']), xgboost],
    [artifact(['spt']), xgboost],
  ])('%j can be read by %j', (one, image) => {
    expect(() => requireReadable('a', one, image)).not.toThrow();
  });

  test.each([
    [artifact(['xgboost-model'], 'xgboost'), linear, 'a was written by xgboost (it holds xgboost-model)'],
    [artifact(['my-booster']), linear, 'looks for the file model_algo-1'],
    [
      artifact(['a.pth', 'B.ONNX', 'c.h5']),
      xgboost,
      'a holds a.pth, B.ONNX, c.h5; the image of xgboost:3.2-0 looks for a booster',
    ],
    [artifact(['xgboost-model', 'requirements.txt'], 'xgboost'), xgboost, 'a holds requirements.txt beside boosters'],
    [artifact(['model.pth', 'my-booster']), xgboost, 'a holds model.pth beside boosters'],
    [artifact(['model/xgboost-model', '._x']), xgboost, 'at the top of the archive, where there is no file'],
    [artifact(['1', '2', '3', '4', '5']), linear, 'a holds 1, 2, 3, 4, 5; the image'],
    [artifact(['1', '2', '3', '4', '5', '6', '7']), linear, 'a holds 1, 2, 3, 4, 5 and 2 more; the image'],
  ])('%j cannot', (one, image, words) => {
    expect(() => requireReadable('a', one, image)).toThrow(words);
  });

  test('lies in the bucket that SageMaker itself uses', () => {
    expect(defaultBucket('eu-west-1', '1')).toBe('sagemaker-eu-west-1-1');
    expect(ourPrefix('eu-west-1', '1', 'e')).toBe('s3://sagemaker-eu-west-1-1/shadowctl/e/');
  });
});
