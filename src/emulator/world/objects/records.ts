import type { NotificationConfiguration, StorageClass } from '@aws-sdk/client-s3';
import type { Store, Table } from '../../storage/store.ts';

export interface BucketRecord {
  account: string;
  region: string;
  /** Milliseconds since the epoch. */
  createdAt: number;
  tags: Tag[];
  /** Whom it tells of its objects. */
  notifications?: NotificationConfiguration;
}

export interface Tag {
  Key: string;
  Value: string;
}

/** Bytes in the store's blobs; an object that was uploaded in parts keeps them as they came. */
export interface Piece {
  blob: string;
  size: number;
}

/** What a client says about an object and gets back with it, under S3's own names. */
export interface ObjectAttributes {
  ContentType?: string | undefined;
  CacheControl?: string | undefined;
  ContentDisposition?: string | undefined;
  ContentEncoding?: string | undefined;
  ContentLanguage?: string | undefined;
  Expires?: string | undefined;
  WebsiteRedirectLocation?: string | undefined;
  StorageClass?: StorageClass | undefined;
  ServerSideEncryption?: string | undefined;
  SSEKMSKeyId?: string | undefined;
  BucketKeyEnabled?: boolean | undefined;
  Metadata?: Record<string, string> | undefined;
}

/** For example `{ member: 'ChecksumCRC32', value: 'NhCmhg==', type: 'FULL_OBJECT' }`. */
export interface Checksum {
  member: string;
  value: string;
  type: 'FULL_OBJECT' | 'COMPOSITE';
}

export interface ObjectRecord {
  pieces: Piece[];
  size: number;
  /** With its double quotes. */
  etag: string;
  /** Milliseconds since the epoch. */
  modifiedAt: number;
  attributes: ObjectAttributes;
  tags: Tag[];
  checksum?: Checksum | undefined;
  /** The parts of a multipart upload by number, in order. */
  parts?: { number: number; size: number; checksum?: Checksum | undefined }[] | undefined;
}

export interface UploadRecord {
  key: string;
  startedAt: number;
  attributes: ObjectAttributes;
  tags: Tag[];
  /** For example `ChecksumCRC32`; undefined where the client asked for none. */
  checksumMember?: string | undefined;
  checksumType?: 'FULL_OBJECT' | 'COMPOSITE' | undefined;
}

export interface PartRecord {
  piece: Piece;
  etag: string;
  modifiedAt: number;
  checksums: Record<string, string>;
}

/** By name: bucket names are one name space for all accounts. */
export const buckets = (store: Store): Table<BucketRecord> => store.table('s3.buckets');
/** By `bucket/key`. */
export const objects = (store: Store): Table<ObjectRecord> => store.table('s3.objects');
/** By `bucket/uploadId`. */
export const uploads = (store: Store): Table<UploadRecord> => store.table('s3.uploads');
/** By `bucket/uploadId/part`, the part in five digits. */
export const parts = (store: Store): Table<PartRecord> => store.table('s3.parts');
