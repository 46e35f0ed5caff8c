import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a running emulator leaves in its folder, so that commands find it. */
export interface Notice {
  pid: number;
  port: number;
  /** `http://127.0.0.1:port` */
  url: string;
  /** ISO 8601. */
  since: string;
}

const file = (dir: string) => join(dir, 'emulator.json');

/** The notice in `dir`; undefined when there is none. Whether that process still lives is another question. */
export async function readNotice(dir: string): Promise<Notice | undefined> {
  try {
    const notice = JSON.parse(await readFile(file(dir), 'utf8')) as Partial<Notice>;
    return typeof notice.pid === 'number' && typeof notice.url === 'string' ? (notice as Notice) : undefined;
  } catch {
    return undefined;
  }
}

/** Appears whole or not at all: others wait for it. */
export async function writeNotice(dir: string, notice: Notice): Promise<void> {
  await writeFile(`${file(dir)}.new`, `${JSON.stringify(notice)}\n`);
  await rename(`${file(dir)}.new`, file(dir));
}

/** Removes the notice of a running emulator, where there is one. */
export async function removeNotice(dir: string): Promise<void> {
  await rm(file(dir), { force: true });
}
