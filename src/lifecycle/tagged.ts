import { AwsProblem } from '../aws/errors.ts';
import { bucketExists, headObject, listObjects } from '../aws/s3.ts';
import { s3Place } from '../aws/s3-uri.ts';
import type { Listed } from '../aws/sagemaker-lists.ts';
import { tagsOf } from '../aws/sagemaker.ts';
import { orUnseen, unseenWords } from '../aws/unseen.ts';
import { defaultBucket, ourPrefix } from '../resources/artifact/candidate.ts';
import { objectTags } from '../resources/resolve.ts';
import { ownerTag, RUN_TAG } from '../resources/tags.ts';
import type { FactValue } from '../state/facts.ts';
import type { EndpointSession } from './session.ts';

/** Something that carries shadowctl's tags for an endpoint or a batch, with the run that created it. */
export type FoundByTag = FactValue<'found'>;

/** What tags tell of an endpoint or a batch, and what they cannot. */
export interface ByTag {
  found: FoundByTag[];
  /** What stays unknown: whole sentences. */
  notKnown: string[];
}

export type Tags = Readonly<Record<string, string>>;

/** How many tags are read side by side. */
const AT_ONCE = 8;

/** The run that these tags say created it for this endpoint (or batch); undefined where they say nothing of the kind. Pure. */
export function runOf(owner: string, tags: Tags | undefined): string | undefined {
  const [key, value] = ownerTag(owner);
  const run = tags?.[RUN_TAG];
  return tags?.[key] === value && run !== '' ? run : undefined;
}

/** What every search by tags does: it looks as far as these credentials may, and says what it did not see. */
export function tagSearch({ account, aws, endpoint: owner, session }: EndpointSession) {
  const notKnown: string[] = [];
  const look = <T>(what: string, work: () => Promise<T>): Promise<T | undefined> =>
    orUnseen(what, work, (one) => void notKnown.push(`${unseenWords(one)}.`));
  const prefix = ourPrefix(aws.target.region, account, owner);
  return {
    notKnown,
    look,
    /** Where everything lies that is written to S3 for it. */
    prefix,
    /** What a list has, each with its tags; undefined where these may not be read. @param words `models of the account` */
    async tagged(words: string, list: () => Promise<Listed[]>) {
      const all = (await look(`the ${words}`, list)) ?? [];
      const found: (Listed & { tags: Tags | undefined })[] = [];
      for (let at = 0; at < all.length; at += AT_ONCE) {
        session.signal.throwIfAborted();
        const looks = all.slice(at, at + AT_ONCE).map((one) => async () => ({
          ...one,
          tags: await tagsOf(aws, one.arn).catch((error: unknown) => {
            if (error instanceof AwsProblem && error.denied) return undefined;
            throw error;
          }),
        }));
        found.push(...(await session.clock.all(looks)));
      }
      const hidden = found.filter(({ tags }) => tags === undefined).length;
      if (hidden > 0)
        notKnown.push(
          `Whose ${hidden} of the ${all.length} ${words} are: their tags may not be read (sagemaker:ListTags).`,
        );
      return found;
    },
    /** What was uploaded for it, as the objects themselves say. */
    async uploads(): Promise<FoundByTag[]> {
      const found: FoundByTag[] = [];
      await look(`uploads under ${prefix}`, async () => {
        const place = s3Place(`${prefix}artifacts/`);
        if (place === undefined) return;
        for await (const { key } of listObjects(aws, place, session.signal)) {
          const name = `s3://${place.bucket}/${key}`;
          const run = runOf(owner, objectTags((await headObject(aws, name))?.metadata ?? {}));
          if (run !== undefined) found.push({ kind: 's3-object', name, run });
        }
      });
      return found;
    },
    /** A bucket carries no tag that says who created it. */
    async bucket(): Promise<string[]> {
      const bucket = defaultBucket(aws.target.region, account);
      const there = await look(`bucket ${bucket}`, () => bucketExists(aws, bucket));
      return there === true ? [`Whether shadowctl created bucket ${bucket}: cleanup leaves it.`] : [];
    },
  };
}
