/** One array of an MXNet parameter file. */
interface NDArray {
  shape: number[];
  data: Float32Array;
}

const LIST_MAGIC = 0x112n;
const ARRAY_MAGIC = 0xf993fac9;

/**
 * Reads an MXNet `.params` file (NDArray list, version 2, little endian; src/ndarray/ndarray.cc of apache/mxnet): dense
 * float32 arrays by name, in whatever order they come. Throws an Error that says what is wrong with the bytes.
 */
export function readParams(bytes: Uint8Array): Map<string, NDArray> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (size: number) => {
    if (!(size >= 0) || at + size > bytes.length)
      throw new Error(`the parameter file ends early, at byte ${bytes.length}`);
    at += size;
    return at - size;
  };
  const u64 = () => view.getBigUint64(take(8), true);
  const u32 = () => view.getUint32(take(4), true);
  const i32 = () => view.getInt32(take(4), true);
  if (u64() !== LIST_MAGIC) throw new Error('the parameter file does not begin with the mark of an MXNet NDArray list');
  u64();
  const arrays: NDArray[] = [];
  for (let left = u64(); left > 0n; left -= 1n) arrays.push(readArray());
  const names = Number(u64());
  if (names !== arrays.length) throw new Error(`the parameter file names ${names} of its ${arrays.length} arrays`);
  const byName = new Map<string, NDArray>();
  for (const array of arrays) {
    const length = Number(u64());
    const start = take(length);
    byName.set(Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('utf8'), array);
  }
  return byName;

  function readArray(): NDArray {
    if (u32() !== ARRAY_MAGIC) throw new Error('an array of the parameter file is not of MXNet NDArray version 2');
    const storage = i32();
    if (storage !== 0)
      throw new Error(`an array of the parameter file has storage type ${storage}; only dense (0) is read`);
    const dimensions = u32();
    if (dimensions > 8) throw new Error(`an array of the parameter file has ${dimensions} dimensions`);
    const shape: number[] = [];
    for (let i = 0; i < dimensions; i++) shape.push(Number(view.getBigInt64(take(8), true)));
    i32();
    i32();
    const dtype = i32();
    if (dtype !== 0) throw new Error(`an array of the parameter file has dtype ${dtype}; only float32 (0) is read`);
    const count = shape.reduce((product, size) => product * size, 1);
    if (shape.some((size) => size < 0))
      throw new Error(`an array of the parameter file has the shape (${shape.join(', ')})`);
    const start = take(count * 4);
    const data = new Float32Array(count);
    for (let i = 0; i < count; i++) data[i] = view.getFloat32(start + i * 4, true);
    return { shape, data };
  }
}
