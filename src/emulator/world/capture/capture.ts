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

interface World {
  clock: Clock;
  store: Store;
  random: Random;
  latencies: Latencies;
  objects: ObjectStore;
  iam: Iam;
}

/** The captures of a world, those of an earlier process included. */
export function createCapture(world: World): Capture {
  return new CaptureFiles(world);
}

class CaptureFiles implements Capture {
  readonly #world: World;
  readonly #table: Table<FileRecord>;
  readonly #files = new Map<string, File>();
  /** When the first file lands, and when lines are saved next; infinity: nothing is due. */
  #landing = Number.POSITIVE_INFINITY;
  #saveAt = Number.POSITIVE_INFINITY;
  /** One landing after the other. */
  #landings: Promise<void> = Promise.resolve();

  constructor(world: World) {
    this.#world = world;
    this.#table = world.store.table('sagemaker-captures');
    for (const [blob, record] of this.#table.entries()) this.#add(blob, record, 'unknown');
  }

  next(): number | undefined {
    const first = Math.min(this.#landing, this.#saveAt);
    return first === Number.POSITIVE_INFINITY ? undefined : first;
  }

  async run(at: number): Promise<void> {
    const saved = this.#saveAt <= at ? this.#saveAll() : undefined;
    const landed = this.#landing <= at ? this.#landAll((record) => record.landsAt <= at, at) : undefined;
    // Real callers must not wait for it; in simulated time nothing may be left behind. What fails to land stays in
    // the store and is tried again after a restart; the store itself reports that its folder cannot be written.
    const done = Promise.all([saved, landed]);
    if (this.#world.clock.virtual) await done;
    else done.catch(() => {});
  }

  land(owner: string, at: number): Promise<void> {
    return this.#landAll((record) => record.owner === owner, at);
  }

  async flush(): Promise<void> {
    await this.#saveAll();
    await this.#landings.catch(() => {});
  }

  sink(
    endpoint: EndpointRecord,
    variant: VariantRecord,
    config: DataCaptureConfig | undefined,
  ): CaptureSink | undefined {
    const place = /^s3:\/\/([^/]+)\/?(.*?)\/*$/.exec(config?.DestinationS3Uri ?? '');
    const bucket = place?.[1];
    if (!config || config.EnableCapture === false || bucket === undefined) return undefined;
    const { random } = this.#world;
    const prefix = place?.[2] ?? '';
    const modes = modesOf(config);
    const encodingOf = encodingsOf(config);
    const share = (config.InitialSamplingPercentage ?? 100) / 100;
    const owner = `${endpoint.account}/${endpoint.region}/${endpoint.name}`;
    const folder = [bucket, prefix, endpoint.name, variant.name].filter((one) => one !== '').join('/');
    let file: File | undefined;
    return {
      sampled: () => (share >= 1 || random.next() < share) && this.#mayWrite(endpoint, variant, folder),
      add: (exchange) => {
        const landsAt = this.#landsAt(exchange.at);
        const fits = file?.record.landsAt === landsAt && file.size < FILE_BYTES && this.#files.has(file.blob);
        if (file === undefined || !fits) {
          const key = captureKey(prefix, endpoint.name, variant.name, exchange.at, random.uuid());
          const blob = `sagemaker/captures/${random.uuid()}`;
          const saved = { size: 0, md5: createHash('md5') };
          file = this.#add(blob, { account: endpoint.account, bucket, key, owner, landsAt }, saved);
        }
        this.#addLine(file, captureLine(exchange, modes, encodingOf));
      },
    };
  }

  /** Milliseconds since the epoch at which a file lands that begins with a record of this moment. */
  #landsAt(at: number): number {
    return at - (at % MINUTE) + MINUTE + this.#world.latencies.publishCapture;
  }

  /**
   * SageMaker writes with the model's role; what that may not write is absent, and nobody is told (Developer Guide,
   * "Capture data from real-time endpoint": the role needs s3:PutObject).
   */
  #mayWrite({ region }: EndpointRecord, { roleArn }: VariantRecord, folder: string): boolean {
    const { iam } = this.#world;
    if (!iam.enforced() || roleArn === undefined) return true;
    const resource = `arn:${partitionOf(region)}:s3:::${folder}/`;
    return roleDenial(iam, roleArn, { action: 's3:PutObject', resource }) === undefined;
  }

  #add(blob: string, record: FileRecord, saved: File['saved']): File {
    const file: File = { blob, record, lines: [], unsaved: 0, size: 0, saved, saving: Promise.resolve() };
    this.#files.set(blob, file);
    this.#landing = Math.min(this.#landing, record.landsAt);
    return file;
  }

  #addLine(file: File, line: string): void {
    file.lines.push(line);
    file.unsaved += line.length;
    file.size += line.length;
    const { clock } = this.#world;
    // The store reports what cannot be written now, and again when the file lands.
    if (file.unsaved >= UNSAVED_BYTES) this.#save(file).catch(() => {});
    else if (this.#saveAt === Number.POSITIVE_INFINITY && !clock.virtual) this.#saveAt = clock.now() + SAVE_AFTER_MS;
  }

  #save(file: File): Promise<void> {
    if (file.lines.length === 0) return file.saving;
    const bytes = takeLines(file);
    if (file.saved !== 'unknown') {
      file.saved.size += bytes.length;
      file.saved.md5.update(bytes);
    }
    if (!this.#table.get(file.blob)) this.#table.set(file.blob, file.record);
    file.saving = file.saving.then(() => this.#world.store.blobs.append(file.blob, bytes));
    return file.saving;
  }

  async #saveAll(): Promise<void> {
    this.#saveAt = Number.POSITIVE_INFINITY;
    await Promise.all([...this.#files.values()].map((file) => this.#save(file)));
  }

  #landAll(which: (record: FileRecord) => boolean, at: number): Promise<void> {
    const chosen: File[] = [];
    this.#landing = Number.POSITIVE_INFINITY;
    for (const file of this.#files.values()) {
      if (which(file.record)) chosen.push(file);
      else this.#landing = Math.min(this.#landing, file.record.landsAt);
    }
    for (const file of chosen) this.#files.delete(file.blob);
    this.#landings = this.#landings
      .catch(() => {})
      .then(async () => {
        for (const file of chosen) await this.#land(file, Math.min(file.record.landsAt, at));
      });
    return this.#landings;
  }

  /** A bucket that is gone loses its captures without a word, as on AWS. */
  async #land(file: File, at: number): Promise<void> {
    const { store, objects } = this.#world;
    const { saved, record } = file;
    const place = { account: record.account, bucket: record.bucket, key: record.key };
    if (saved !== 'unknown' && saved.size > 0) {
      await this.#save(file);
      // The bytes stay where they are: at full load a minute is hundreds of megabytes.
      const etag = `"${saved.md5.digest('hex')}"`;
      const taken = await objects.adopt(place, { blob: file.blob, size: saved.size }, etag, TYPE, at);
      this.#table.delete(file.blob);
      if (!taken) await store.blobs.delete(file.blob);
      return;
    }
    const bytes = saved === 'unknown' ? await store.blobs.get(file.blob) : takeLines(file);
    // A process that died in the middle of a write leaves half a line.
    const whole = bytes?.subarray(0, bytes.lastIndexOf(10) + 1);
    if (whole?.length) await objects.put(place.account, place.bucket, place.key, whole, TYPE, at);
    if (saved !== 'unknown') return;
    await store.blobs.delete(file.blob);
    this.#table.delete(file.blob);
  }
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
