/** A field of a protobuf message; `bytes` is the content for every wire type, a varint's own bytes included. */
interface Field {
  field: number;
  wire: number;
  bytes: Uint8Array | undefined;
}

/** The fields of a protobuf message in order (wire types 0, 1, 2, 5). Throws on anything cut off or unknown. */
export function messages(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at);
    at = tag.end;
    const wire = Number(tag.value & 7n);
    let start = at;
    let end: number;
    if (wire === 0) end = varint(bytes, at).end;
    else if (wire === 1) end = at + 8;
    else if (wire === 5) end = at + 4;
    else if (wire === 2) {
      const length = varint(bytes, at);
      start = length.end;
      end = start + Number(length.value);
    } else throw new Error(`protobuf wire type ${wire}`);
    if (end > bytes.length) throw new Error('a protobuf message that is cut off');
    fields.push({ field: Number(tag.value >> 3n), wire, bytes: bytes.subarray(start, end) });
    at = end;
  }
  return fields;
}

function varint(bytes: Uint8Array, at: number): { value: bigint; end: number } {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = bytes[at++];
    if (byte === undefined) throw new Error('a protobuf number that is cut off');
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end: at };
  }
  throw new Error('a protobuf number of more than ten bytes');
}

/** Little-endian float32 values, packed or a single one. */
export function packedFloats(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, i) => view.getFloat32(i * 4, true));
}

/** Little-endian float64 values, packed or a single one. */
export function packedDoubles(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 8) }, (_, i) => view.getFloat64(i * 8, true));
}

/** Varints, packed or a single one. */
export function packedVarints(bytes: Uint8Array): bigint[] {
  const values: bigint[] = [];
  for (let at = 0; at < bytes.length; ) {
    const { value, end } = varint(bytes, at);
    values.push(value);
    at = end;
  }
  return values;
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return bytes;
}

function delimited(field: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.from([...varintBytes((field << 3) | 2), ...varintBytes(bytes.length)]), bytes]);
}

/** An entry of a `map<string, Value>` field. */
export function mapField(field: number, name: string, value: Uint8Array): Buffer {
  return delimited(field, Buffer.concat([delimited(1, Buffer.from(name)), delimited(2, value)]));
}

/** A Value that holds a float32 tensor without keys. */
export function floatField(values: ArrayLike<number>): Buffer {
  const data = Buffer.alloc(values.length * 4);
  for (let i = 0; i < values.length; i++) data.writeFloatLE(values[i] as number, i * 4);
  return delimited(2, delimited(1, data));
}
