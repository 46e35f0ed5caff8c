import type { RowFormat, Scan } from './rows.ts';

/** An object of a day, once it was looked into. */
export interface RunObject {
  /** `s3://` URI under which it was delivered. */
  uri: string;
  bytes: number;
  etag: string;
  /** What the models are asked: the object itself, or what was made of it. */
  asked: string;
  gzip: boolean;
  format: RowFormat;
  scan: Scan;
}

/** What one job can be given together: objects of one type, all packed or none. */
export interface Group {
  contentType: string;
  gzip: boolean;
  objects: RunObject[];
}

/** Objects by what a job must know of all of its own. Pure. */
export function groupsOf(objects: readonly RunObject[]): Group[] {
  const groups = new Map<string, Group>();
  for (const object of objects) {
    const gzip = object.gzip && object.asked === object.uri;
    const key = `${object.format.contentType} ${gzip}`;
    const group = groups.get(key) ?? { contentType: object.format.contentType, gzip, objects: [] };
    group.objects.push(object);
    groups.set(key, group);
  }
  return [...groups.values()];
}
