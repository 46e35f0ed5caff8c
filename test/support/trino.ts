/*
 * A real Trino that runs the queries of the emulator's Athena. `npm run peers -- trino` gets one (scripts/whole.mjs: into the
 * user's cache folder) and runs the test files with "trino" in their names; elsewhere their tests are skipped, and say so:
 *
 *   describe.skipIf(TRINO === undefined)(`on a real Trino (${TRINO_MISSING})`, () => { … startTrino(…) … });
 */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** The folder of a Trino server; undefined where none was installed. */
export const TRINO = process.env.SHADOWCTL_TRINO || undefined;
const JAVA = process.env.SHADOWCTL_TRINO_JAVA || 'java';

/** What the name of a skipped test says. */
export const TRINO_MISSING = TRINO === undefined ? 'none here: npm run peers -- trino' : TRINO;

/** Heap; what Trino takes beside it is about as much again as it needs to start. */
const HEAP = '2G';

export interface RunningTrino {
  url: string;
  /** `476` */
  version: string;
  stop(): Promise<void>;
}

/** A port for Trino: an emulator must know its URL before it can be started. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/**
 * Starts Trino, whose catalogue `awsdatacatalog` reads Glue and S3 of an emulator, and waits until it answers (half a minute to
 * a minute and a half).
 *
 * @param emulator its URL; it was started with `trino: "http://127.0.0.1:PORT"`
 */
export async function startTrino(emulator: string, port: number): Promise<RunningTrino> {
  if (TRINO === undefined) throw new Error('no Trino was installed');
  const folder = await mkdtemp(join(tmpdir(), 'shadowctl-trino-'));
  const url = `http://127.0.0.1:${port}`;
  await mkdir(join(folder, 'catalog'));
  const properties = (name: string, values: Record<string, string>) =>
    writeFile(
      join(folder, name),
      Object.entries(values)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
  await properties('config.properties', {
    coordinator: 'true',
    'node-scheduler.include-coordinator': 'true',
    'http-server.http.port': String(port),
    'discovery.uri': url,
    'query.max-memory': '900MB',
    'query.max-memory-per-node': '900MB',
    'memory.heap-headroom-per-node': '400MB',
  });
  // A key of a session: what Trino asks is not waited for behind the query that it runs.
  const [key, secret] = ['ASIATRINO', 'test'];
  await properties('catalog/awsdatacatalog.properties', {
    'connector.name': 'hive',
    'hive.metastore': 'glue',
    'hive.metastore.glue.region': 'us-east-1',
    'hive.metastore.glue.endpoint-url': emulator,
    'hive.metastore.glue.aws-access-key': key,
    'hive.metastore.glue.aws-secret-key': secret,
    'fs.native-s3.enabled': 'true',
    's3.endpoint': emulator,
    's3.region': 'us-east-1',
    's3.path-style-access': 'true',
    's3.aws-access-key': key,
    's3.aws-secret-key': secret,
    // As Athena does.
    'hive.partition-projection-enabled': 'true',
    'hive.recursive-directories': 'true',
    // UNLOAD is a table with a place of its own, which is then forgotten.
    'hive.non-managed-table-writes-enabled': 'true',
    'hive.table-statistics-enabled': 'false',
    'hive.collect-column-statistics-on-write': 'false',
    'hive.metastore-cache-ttl': '0s',
    'hive.file-status-cache-expire-time': '0s',
    'hive.security': 'allow-all',
  });
  const log: string[] = [];
  const child = spawn(
    JAVA,
    [
      ...[`-Xmx${HEAP}`, '-XX:+UseG1GC', '-XX:+ExitOnOutOfMemoryError', '-Dfile.encoding=UTF-8'],
      ...['-Djdk.attach.allowAttachSelf=true', '-XX:+EnableDynamicAgentLoading', '--enable-native-access=ALL-UNNAMED'],
      ...['-Dnode.environment=test', '-Dnode.id=one', `-Dnode.data-dir=${join(folder, 'data')}`],
      ...[`-Dconfig=${join(folder, 'config.properties')}`, `-Dcatalog.config-dir=${join(folder, 'catalog')}`],
      ...[`-Dplugin.dir=${join(TRINO, 'plugin')}`, '-cp', join(TRINO, 'lib/*'), 'io.trino.server.TrinoServer'],
    ],
    { cwd: TRINO, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let ended = false;
  const done = new Promise<void>((resolve) => {
    child.once('exit', () => {
      ended = true;
      resolve();
    });
    child.once('error', (error) => {
      log.push(error.message);
      ended = true;
      resolve();
    });
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (bytes: Buffer) => {
      log.push(bytes.toString('utf8'));
      if (log.length > 200) log.shift();
    });
  const stop = async () => {
    child.kill('SIGKILL');
    await done;
    await rm(folder, { recursive: true, force: true });
  };
  const until = performance.now() + 240_000;
  for (;;) {
    const info = await fetch(`${url}/v1/info`)
      .then((reply) => reply.json() as Promise<{ starting: boolean; nodeVersion: { version: string } }>)
      .catch(() => undefined);
    if (info?.starting === false) return { url, version: info.nodeVersion.version, stop };
    if (ended || performance.now() > until) {
      await stop();
      throw new Error(`Trino did not start:\n${log.join('').slice(-4000)}`);
    }
    await setTimeout(500);
  }
}
