import { join, resolve } from 'node:path';

/* Apart from `world.ts`, which loads the whole program: a test of one function has no need of it. */

/** Fixtures of the repository. */
export const FIXTURES = resolve(import.meta.dirname, '../../fixtures');
export const ARTIFACT_005 = join(FIXTURES, 'artifacts/005-model.tar.gz');
export const ARTIFACT_009 = join(FIXTURES, 'artifacts/009-model.tar.gz');
export const ROLE = 'arn:aws:iam::000000000000:role/shadowctl-test';
