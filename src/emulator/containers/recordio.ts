import { floatField, mapField, messages, packedDoubles, packedFloats, packedVarints } from './protobuf.ts';

/** A tensor of a SageMaker Record: dense when it has no keys. */
interface Tensor {
  values: number[];
  keys: number[];
  shape: number[];
}

/** Mark of an MXNet RecordIO frame (dmlc/recordio.h). */
const MAGIC = 0xced7230a;

/** The payloads of RecordIO frames: u32 mark, u32 length (upper three bits: part of a split record), data padded to 4 bytes. */
export function readRecordIo(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + 8 > bytes.length || view.getUint32(at, true) !== MAGIC) throw new Error(`no RecordIO frame at byte ${at}`);
    const word = view.getUint32(at + 4, true);
    if (word >>> 29 !== 0) throw new Error('a RecordIO record that is split into parts');
    const end = at + 8 + word;
    if (end > bytes.length) throw new Error('the last RecordIO frame is cut off');
    records.push(bytes.subarray(at + 8, end));
    at = end + ((4 - (word & 3)) & 3);
  }
  return records;
}

/** One RecordIO frame around a payload. */
export function writeRecordIo(payload: Uint8Array): Buffer {
  const frame = Buffer.alloc(8 + payload.length + ((4 - (payload.length & 3)) & 3));
  frame.writeUInt32LE(MAGIC, 0);
  frame.writeUInt32LE(payload.length, 4);
  frame.set(payload, 8);
  return frame;
}

/**
 * The tensor `values` of a Record's features (aialgs.data.Record of record.proto: features = 1, label = 2, maps of name
 * to Value; float32_tensor = 2, float64_tensor = 3, int32_tensor = 7, each values = 1, keys = 2, shape = 3).
 */
export function readFeatures(record: Uint8Array): Tensor {
  for (const { field, bytes } of messages(record)) {
    if (field !== 1 || !bytes) continue;
    let name = '';
    let value: Uint8Array | undefined;
    for (const part of messages(bytes)) {
      if (part.field === 1 && part.bytes) name = Buffer.from(part.bytes).toString('utf8');
      if (part.field === 2) value = part.bytes;
    }
    if (name === 'values' && value) return readValue(value);
  }
  throw new Error('a record without the feature tensor "values"');
}

function readValue(value: Uint8Array): Tensor {
  for (const { field, bytes } of messages(value)) {
    if (!bytes) continue;
    if (field === 2) return readTensor(bytes, packedFloats);
    if (field === 3) return readTensor(bytes, packedDoubles);
    if (field === 7)
      return readTensor(bytes, (part) => packedVarints(part).map((value) => Number(BigInt.asIntN(32, value))));
  }
  throw new Error('a feature tensor that is neither float32, float64 nor int32');
}

function readTensor(bytes: Uint8Array, values: (bytes: Uint8Array) => number[]): Tensor {
  const tensor: Tensor = { values: [], keys: [], shape: [] };
  for (const part of messages(bytes)) {
    const data = part.bytes ?? new Uint8Array();
    if (part.field === 1) for (const value of values(data)) tensor.values.push(value);
    if (part.field === 2) for (const key of packedVarints(data)) tensor.keys.push(Number(key));
    if (part.field === 3) for (const size of packedVarints(data)) tensor.shape.push(Number(size));
  }
  return tensor;
}

/** A framed Record with float32 label tensors by name and no features: the answer format of the built-in algorithms. */
export function writeLabels(labels: readonly (readonly [name: string, values: ArrayLike<number>])[]): Buffer {
  return writeRecordIo(Buffer.concat(labels.map(([name, values]) => mapField(2, name, floatField(values)))));
}
