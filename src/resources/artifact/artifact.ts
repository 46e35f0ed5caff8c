import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { usageError } from '../../base/errors.ts';
import type { Algorithm } from './images.ts';
import type { Upload } from '../steps.ts';

/** A local model.tar.gz that was read from end to end. */
export interface Artifact extends Upload {
  /** Files in it, at most a hundred of their names. */
  members: readonly string[];
  /** The built-in algorithm that writes such files, where their names tell. */
  format: Algorithm | undefined;
  /** It holds a booster of XGBoost 3.1 or later. */
  isNewBooster: boolean;
}

/** More than any instance's disk is likely to hold; also ends a gzip bomb. */
const MAX_UNPACKED = 64 * 1024 ** 3;
const MAX_MEMBERS = 100_000;
/** So many names of members are kept. */
export const MOST_NAMES = 100;
/** S3 takes 10,000 parts of 64 MB. */
const MAX_PACKED = 600 * 1024 ** 3;

/**
 * Reads a model artifact from end to end before anything is sent to AWS, where a bad one is only noticed minutes later
 * as an instance that never gets healthy.
 * @throws Problem (usage) saying what is wrong with the file
 */
export async function checkArtifact(path: string): Promise<Artifact> {
  const bytes = await sizeOf(path);
  const members: string[] = [];
  const hash = createHash('sha256');
  let isNewBooster = false;
  let count = 0;
  let unpacked = 0;
  const tar = extract();
  tar.on('entry', (header, stream, next) => {
    // An error given to `next` is thrown on the entry as well.
    stream.on('error', () => undefined);
    const wrong = wrongMember(header);
    count += 1;
    if (wrong !== undefined || count > MAX_MEMBERS) {
      next(
        usageError(
          `${path} ${wrong ?? `holds more than ${MAX_MEMBERS} members`}.`,
          'Pack the model again, with plain paths inside its folder.',
        ),
      );
      return;
    }
    if (header.type === 'file' && members.length < MOST_NAMES) members.push(header.name);
    stream.on('end', () => next());
    const isNew = boosterScan();
    stream.on('data', (chunk) => {
      isNewBooster ||= isNew(chunk as Buffer);
    });
  });
  const counted = new Writable({
    write(chunk: Buffer, _, done) {
      unpacked += chunk.length;
      if (unpacked > MAX_UNPACKED)
        done(
          usageError(
            `${path} unpacks to more than ${MAX_UNPACKED / 1024 ** 3} GB.`,
            'It would not fit on any instance.',
          ),
        );
      else if (tar.write(chunk)) done();
      else tar.once('drain', () => done());
    },
    final(done) {
      tar.once('finish', () => done());
      tar.end(Buffer.alloc(0));
    },
  });
  tar.on('error', (error) => void counted.destroy(error));
  const file = createReadStream(path);
  file.on('data', (chunk) => void hash.update(chunk));
  try {
    await pipeline(file, createGunzip(), counted);
  } catch (error) {
    throw explain(error, path);
  }
  if (members.length === 0)
    throw usageError(`${path} holds no file.`, 'Pack the model files with: tar -czf model.tar.gz -C model-folder .');
  return { path, bytes, sha256: hash.digest('hex'), members, format: formatOf(members), isNewBooster };
}

async function sizeOf(path: string): Promise<number> {
  const facts = await stat(path).catch((error: unknown) => {
    throw usageError(`--artifact: there is no file ${path}.`, 'Give a path that exists, or an s3:// URI.', error);
  });
  if (!facts.isFile()) throw usageError(`--artifact: ${path} is not a file.`, 'Give a model.tar.gz, or an s3:// URI.');
  if (facts.size > MAX_PACKED)
    throw usageError(
      `--artifact: ${path} is too large (${facts.size} bytes).`,
      'Upload it by other means and give its s3:// URI.',
    );
  return facts.size;
}

/** What is wrong with a member of the archive; undefined where nothing is. */
function wrongMember(header: Header): string | undefined {
  if (climbs(header.name)) return `holds the path "${header.name}", which leads out of the model's folder`;
  const linked = header.type === 'symlink' || header.type === 'link' ? (header.linkname ?? '') : undefined;
  // A symbolic link is relative to its own folder; a hard link to the root of the archive.
  const folder = header.type === 'symlink' ? header.name.split('/').slice(0, -1).join('/') : '';
  if (linked !== undefined && (linked.startsWith('/') || climbs(`${folder}/${linked}`.replace(/^\//, '')))) {
    return `holds the link "${header.name}" to "${linked}", which leads out of the model's folder`;
  }
  return undefined;
}

/** Does this path, followed from its root, ever leave it? */
function climbs(path: string): boolean {
  if (path.startsWith('/') || path.includes('\\') || /^[a-zA-Z]:/.test(path)) return true;
  let depth = 0;
  for (const part of path.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}

function explain(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR' || /Unexpected end of data/i.test(message)) {
    return usageError(`${path} is truncated: it ends in the middle.`, 'Copy or pack it again.', error);
  }
  if (code === 'Z_DATA_ERROR' && /incorrect header check/.test(message)) {
    return usageError(
      `${path} is not a gzip file.`,
      'SageMaker takes a model only as .tar.gz; pack it with: tar -czf model.tar.gz -C model-folder .',
      error,
    );
  }
  if (code?.startsWith('Z_') === true)
    return usageError(`${path} is damaged: ${message}.`, 'Copy or pack it again.', error);
  if (/Invalid tar header/i.test(message)) {
    return usageError(
      `${path} is gzip, but holds no tar archive.`,
      'Pack the model files with: tar -czf model.tar.gz -C model-folder .',
      error,
    );
  }
  return error;
}

const BASE_SCORE = 'base_score';
/** `base_score` of a list, in JSON (`"base_score":"[5E-1]"`) and in UBJSON (`base_score` `S` `L`, eight bytes of length, `[5E-1]`). */
const LIST = /^(?:"\s*:\s*"|S[iUIlL][\s\S]{1,8}?)\[[-\d]/;
/** Bytes behind the name that this takes. */
const BEHIND = 24;

/** Is told the bytes of a file, and says when it has seen the base score of an XGBoost of 3.1 or later, which is a list (facts 7.4). */
function boosterScan(): (chunk: Buffer) => boolean {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let at = bytes.indexOf(BASE_SCORE); at >= 0; at = bytes.indexOf(BASE_SCORE, at + 1)) {
      const behind = at + BASE_SCORE.length;
      if (LIST.test(bytes.toString('latin1', behind, behind + BEHIND))) return true;
    }
    rest = bytes.subarray(Math.max(0, bytes.length - BASE_SCORE.length - BEHIND));
    return false;
  };
}

/** The built-in containers give their files fixed names (facts 7.3, 7.4). */
function formatOf(members: readonly string[]): Algorithm | undefined {
  const names = members.map((member) => member.replace(/^\.\//, ''));
  if (names.some((name) => /^model_algo-\d+$/.test(name))) return 'linear-learner';
  if (names.includes('xgboost-model')) return 'xgboost';
  return undefined;
}
