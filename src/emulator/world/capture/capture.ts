import { createHash, type Hash } from 'node:crypto';
import type { DataCaptureConfig } from '@aws-sdk/client-sagemaker';
import type { Clock } from '../../../base/clock.ts';
import type { Store, Table } from '../../storage/store.ts';
import type { EventSource } from '../timeline.ts';
import { captureKey, captureLine, encodingsOf, type Exchange } from './record.ts';
import type { EndpointRecord, VariantRecord } from '../endpoints/records.ts';
import type { ObjectStore } from '../objects/objects.ts';
import { type Iam, roleDenial } from '../callers.ts';
import { partitionOf } from '../partition.ts';
import type { Latencies } from '../options.ts';
import type { Random } from '../random.ts';

/** A capture file that has not landed in S3 yet; its bytes are in the blob of the same key. */
interface FileRecord {
  account: string;
  bucket: string;
  key: string;
  /** `account/region/endpoint` */
  owner: string;
  landsAt: number;
}

interface File {
  blob: string;
  record: FileRecord;
  /** Lines that are not in the blob yet. */
  lines: string[];
  unsaved: number;
  size: number;
  /** Bytes in the blob, and their MD5 so far; of a file begun by another process neither is known. */
  saved: { size: number; md5: Hash } | 'unknown';
  saving: Promise<void>;
}

/** Takes the exchanges of one variant. */
export interface CaptureSink {
  /** Draws whether this request is captured. */
  sampled(): boolean;
  add(exchange: Exchange): void;
}

/** All captures of a world on their way to S3. */
export interface Capture extends EventSource {
  /** What captures for a variant; undefined when its config captures nothing. */
  sink(
    endpoint: EndpointRecord,
    variant: VariantRecord,
    config: DataCaptureConfig | undefined,
  ): CaptureSink | undefined;
  /** Lets everything of one endpoint (`account/region/name`) land at `at`. */
  land(owner: string, at: number): Promise<void>;
  /** Writes what is buffered to the store, so that it survives; it lands when its time has come. */
  flush(): Promise<void>;
}

/** Memory a file may hold before it goes to the store, and the size at which a new file is begun. */
const UNSAVED_BYTES = 256 * 1024;
const FILE_BYTES = 4 * 1024 * 1024;
/**
 * How long a record may wait for the store: what a kill -9 can lose. In simulated time, which passes faster than any
 * disk, what is small waits until it lands: whoever simulates time owns the process and closes it.
 */
const SAVE_AFTER_MS = 5_000;
const MINUTE = 60_000;
const TYPE = 'application/x-jsonlines';

/** The captures of a world, those of an earlier process included. */
export function createCapture(world: {
  clock: Clock;
  store: Store;
  random: Random;
  latencies: Latencies;
  objects: ObjectStore;
  iam: Iam;
}): Capture {
  const table: Table<FileRecord> = world.store.table('sagemaker-captures');
  const files = new Map<string, File>();
  /** When something is due: the first landing, or the next save. */
  let landing = Number.POSITIVE_INFINITY;
  let saveAt = Number.POSITIVE_INFINITY;
  for (const [blob, record] of table.entries()) {
    files.set(blob, { blob, record, lines: [], unsaved: 0, size: 0, saved: 'unknown', saving: Promise.resolve() });
    landing = Math.min(landing, record.landsAt);
  }

  const save = (file: File): Promise<void> => {
    if (file.lines.length === 0) return file.saving;
    const bytes = takeLines(file);
    if (file.saved !== 'unknown') {
      file.saved.size += bytes.length;
      file.saved.md5.update(bytes);
    }
    if (!table.get(file.blob)) table.set(file.blob, file.record);
    file.saving = file.saving.then(() => world.store.blobs.append(file.blob, bytes));
    return file.saving;
  };
  const saveAll = async () => {
    saveAt = Number.POSITIVE_INFINITY;
    await Promise.all([...files.values()].map(save));
  };
  /** A bucket that is gone loses its captures without a word, as on AWS. */
  const land = async (file: File, at: number) => {
    const { saved, record } = file;
    const place = { account: record.account, bucket: record.bucket, key: record.key };
    if (saved !== 'unknown' && saved.size > 0) {
      await save(file);
      // The bytes stay where they are: at full load a minute is hundreds of megabytes.
      const etag = `"${saved.md5.digest('hex')}"`;
      const taken = await world.objects.adopt(place, { blob: file.blob, size: saved.size }, etag, TYPE, at);
      table.delete(file.blob);
      if (!taken) await world.store.blobs.delete(file.blob);
      return;
    }
    const bytes = saved === 'unknown' ? await world.store.blobs.get(file.blob) : takeLines(file);
    // A process that died in the middle of a write leaves half a line.
    const whole = bytes?.subarray(0, bytes.lastIndexOf(10) + 1);
    if (whole?.length) await world.objects.put(place.account, place.bucket, place.key, whole, TYPE, at);
    if (saved !== 'unknown') return;
    await world.store.blobs.delete(file.blob);
    table.delete(file.blob);
  };
  /** One landing after the other. */
  let landings: Promise<void> = Promise.resolve();
  const landAll = (which: (record: FileRecord) => boolean, at: number): Promise<void> => {
    const chosen: File[] = [];
    landing = Number.POSITIVE_INFINITY;
    for (const file of files.values()) {
      if (which(file.record)) chosen.push(file);
      else landing = Math.min(landing, file.record.landsAt);
    }
    for (const file of chosen) files.delete(file.blob);
    landings = landings
      .catch(() => {})
      .then(async () => {
        for (const file of chosen) await land(file, Math.min(file.record.landsAt, at));
      });
    return landings;
  };
  const open = (place: Omit<FileRecord, 'landsAt'>, at: number): File => {
    const minuteEnd = at - (at % MINUTE) + MINUTE;
    const record = { ...place, landsAt: minuteEnd + world.latencies.publishCapture };
    const blob = `sagemaker/captures/${world.random.uuid()}`;
    const saved = { size: 0, md5: createHash('md5') };
    const file: File = { blob, record, lines: [], unsaved: 0, size: 0, saved, saving: Promise.resolve() };
    files.set(blob, file);
    landing = Math.min(landing, record.landsAt);
    return file;
  };

  return {
    next: () => {
      const first = Math.min(landing, saveAt);
      return first === Number.POSITIVE_INFINITY ? undefined : first;
    },
    async run(at) {
      const saved = saveAt <= at ? saveAll() : undefined;
      const landed = landing <= at ? landAll((record) => record.landsAt <= at, at) : undefined;
      // Real callers must not wait for it; in simulated time nothing may be left behind. What fails to land stays in
      // the store and is tried again after a restart; the store itself reports that its folder cannot be written.
      const done = Promise.all([saved, landed]);
      if (world.clock.virtual) await done;
      else done.catch(() => {});
    },
    land: (owner, at) => landAll((record) => record.owner === owner, at),
    async flush() {
      await saveAll();
      await landings.catch(() => {});
    },
    sink(endpoint, variant, config) {
      const place = /^s3:\/\/([^/]+)\/?(.*?)\/*$/.exec(config?.DestinationS3Uri ?? '');
      const bucket = place?.[1];
      if (!config || config.EnableCapture === false || bucket === undefined) return undefined;
      const prefix = place?.[2] ?? '';
      const modes = modesOf(config);
      const encodingOf = encodingsOf(config);
      const share = (config.InitialSamplingPercentage ?? 100) / 100;
      const owner = `${endpoint.account}/${endpoint.region}/${endpoint.name}`;
      let file: File | undefined;
      // SageMaker writes with the model's role; what that may not write is absent, and nobody is told (Developer Guide,
      // "Capture data from real-time endpoint": the role needs s3:PutObject).
      const mayWrite = () => {
        if (!world.iam.enforced() || variant.roleArn === undefined) return true;
        const folder = [bucket, prefix, endpoint.name, variant.name].filter((one) => one !== '').join('/');
        const resource = `arn:${partitionOf(endpoint.region)}:s3:::${folder}/`;
        return roleDenial(world.iam, variant.roleArn, { action: 's3:PutObject', resource }) === undefined;
      };
      return {
        sampled: () => (share >= 1 || world.random.next() < share) && mayWrite(),
        add(exchange) {
          const minute = exchange.at - (exchange.at % MINUTE);
          const lands = minute + MINUTE + world.latencies.publishCapture;
          if (file === undefined || file.record.landsAt !== lands || file.size >= FILE_BYTES || !files.has(file.blob)) {
            const key = captureKey(prefix, endpoint.name, variant.name, exchange.at, world.random.uuid());
            file = open({ account: endpoint.account, bucket, key, owner }, exchange.at);
          }
          const line = captureLine(exchange, modes, encodingOf);
          file.lines.push(line);
          file.unsaved += line.length;
          file.size += line.length;
          // The store reports what cannot be written now, and again when the file lands.
          if (file.unsaved >= UNSAVED_BYTES) save(file).catch(() => {});
          else if (saveAt === Number.POSITIVE_INFINITY && !world.clock.virtual)
            saveAt = world.clock.now() + SAVE_AFTER_MS;
        },
      };
    },
  };
}

/** The lines that are not in the blob, as bytes; they are no longer the file's. */
function takeLines(file: File): Buffer {
  const bytes = Buffer.from(`${file.lines.join('\n')}\n`);
  file.lines = [];
  file.unsaved = 0;
  return bytes;
}

function modesOf(config: DataCaptureConfig): { input: boolean; output: boolean } {
  const modes = new Set((config.CaptureOptions ?? []).map((option) => option.CaptureMode));
  return {
    input: modes.has('Input') || modes.has('InputAndOutput'),
    output: modes.has('Output') || modes.has('InputAndOutput'),
  };
}
