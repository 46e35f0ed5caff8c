import type {
  BucketLocationConstraint,
  CreateBucketCommandInput,
  DeleteBucketCommandInput,
  ListBucketsCommandInput,
} from '@aws-sdk/client-s3';
import { buckets, objects, parts, uploads } from '../../world/objects/records.ts';
import { dropPieces } from '../../world/objects/bytes.ts';
import type { Operations } from '../operation.ts';
import { partitionOf } from '../../world/partition.ts';
import { bucketArn, bucketOf, ownerOf } from './access.ts';
import { pageAfter } from '../paging.ts';
import { invalidArgument, notImplemented, invalidContinuationToken } from './errors.ts';
import { AwsError } from '../../model/aws-error.ts';

export const bucketOperations = {
  CreateBucket(context, input: CreateBucketCommandInput) {
    const name = input.Bucket ?? '';
    if (!isBucketName(name)) {
      throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.', { details: { BucketName: name } });
    }
    const region = regionOf(context.region, input.CreateBucketConfiguration?.LocationConstraint);
    const { Location, Bucket: directory } = input.CreateBucketConfiguration ?? {};
    if (Location !== undefined || directory !== undefined) throw notImplemented('CreateBucketConfiguration/Location');
    if (
      input.ACL !== undefined &&
      input.ACL !== 'private' &&
      (input.ObjectOwnership ?? 'BucketOwnerEnforced') === 'BucketOwnerEnforced'
    ) {
      throw new AwsError(
        'InvalidBucketAclWithObjectOwnership',
        "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
      );
    }
    const existing = buckets(context.world.store).get(name);
    if (existing !== undefined && existing.account !== context.account) {
      throw new AwsError(
        'BucketAlreadyExists',
        'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
        { status: 409, details: { BucketName: name } },
      );
    }
    // us-east-1 alone answers a repetition with success, as it has since the beginning.
    if (existing !== undefined && !(existing.region === 'us-east-1' && region === 'us-east-1')) {
      throw new AwsError(
        'BucketAlreadyOwnedByYou',
        'Your previous request to create the named bucket succeeded and you already own it.',
        { status: 409, details: { BucketName: name } },
      );
    }
    if (existing === undefined) {
      const { Tags } = (input.CreateBucketConfiguration ?? {}) as { Tags?: { Key: string; Value: string }[] };
      buckets(context.world.store).set(name, {
        account: context.account,
        region,
        createdAt: context.world.clock.now(),
        tags: Tags ?? [],
      });
    }
    return {
      Location: region === 'us-east-1' ? `/${name}` : `http://${name}.s3.amazonaws.com/`,
      BucketArn: `arn:${partitionOf(region)}:s3:::${name}`,
    };
  },

  async DeleteBucket(context, input: DeleteBucketCommandInput) {
    bucketOf(context, input);
    const { store } = context.world;
    const prefix = `${input.Bucket}/`;
    if (objects(store).entries(prefix).length > 0) {
      throw new AwsError('BucketNotEmpty', 'The bucket you tried to delete is not empty', {
        status: 409,
        details: { BucketName: input.Bucket },
      });
    }
    // Uploads that were never completed go with their bucket.
    for (const [id] of uploads(store).entries(prefix)) uploads(store).delete(id);
    const abandoned = parts(store).entries(prefix);
    for (const [id] of abandoned) parts(store).delete(id);
    buckets(store).delete(input.Bucket ?? '');
    await dropPieces(
      store,
      abandoned.map(([, part]) => part.piece),
    );
    return {};
  },

  HeadBucket(context, input: { Bucket?: string }) {
    const { region } = bucketOf(context, input);
    return { BucketRegion: region, BucketArn: bucketArn(context, input), AccessPointAlias: false };
  },

  GetBucketLocation(context, input: { Bucket?: string }) {
    const { region } = bucketOf(context, input);
    return region === 'us-east-1' ? {} : { LocationConstraint: region as BucketLocationConstraint };
  },

  GetBucketVersioning(context, input: { Bucket?: string }) {
    bucketOf(context, input);
    return {};
  },

  ListBuckets(context, input: ListBucketsCommandInput) {
    const limit = input.MaxBuckets ?? 10_000;
    if (limit < 1 || limit > 10_000) {
      throw invalidArgument('Argument max-buckets must be an integer between 1 and 10000', 'max-buckets', limit);
    }
    const own = buckets(context.world.store)
      .entries(input.Prefix)
      .filter(([, { account, region }]) => account === context.account && (input.BucketRegion ?? region) === region);
    const { items, next } = pageAfter(own, {
      keyOf: ([name]) => name,
      size: limit,
      token: input.ContinuationToken,
      invalidToken: () => invalidContinuationToken(input.ContinuationToken),
    });
    return {
      Buckets: items.map(([Name, { createdAt, region }]) => ({
        Name,
        BucketArn: `arn:${partitionOf(region)}:s3:::${Name}`,
        BucketRegion: region,
        CreationDate: new Date(createdAt),
      })),
      Owner: ownerOf(context.account),
      ...(input.Prefix === undefined ? {} : { Prefix: input.Prefix }),
      ...(next !== undefined && { ContinuationToken: next }),
    };
  },
} satisfies Operations;

/** The bucket's region: the caller's, repeated in the body unless it is us-east-1. */
function regionOf(region: string, constraint: string | undefined): string {
  const asked = constraint === 'EU' ? 'eu-west-1' : constraint;
  // Outside of us-east-1 its name is one that does not fit, like any other.
  if (region === 'us-east-1' && asked !== undefined && (asked === region || !/^[a-z]+(-[a-z]+)+-\d+$/.test(asked))) {
    throw new AwsError('InvalidLocationConstraint', 'The specified location-constraint is not valid', {
      details: { LocationConstraint: asked },
    });
  }
  if (region === 'us-east-1') return asked ?? region;
  if (asked !== region) {
    throw new AwsError(
      'IllegalLocationConstraintException',
      `The ${asked ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  }
  return region;
}

/**
 * May a bucket be called this? The rules of general purpose buckets:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
function isBucketName(name: string): boolean {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) return false;
  if (name.includes('..') || /^\d+\.\d+\.\d+\.\d+$/.test(name)) return false;
  if (['xn--', 'sthree-', 'amzn-s3-demo-'].some((prefix) => name.startsWith(prefix))) return false;
  return !['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3'].some((suffix) => name.endsWith(suffix));
}
