// What a mirror costs, beside a bare proxy of node:http and nginx: `npm run bench:mirror -- [runs] [seconds]`. Every server and
// every load is a process of its own. Requests of 1 kB, answers of 200 B, 32 connections. Load comes from wrk where it is
// installed, else from this file; nginx is measured where it is installed.
//
// Machines are never quiet: all sides take turns in every run, what is compared is compared within a run, and the median of the
// runs is told with the interval that holds the true median in 95 % of cases (by order, whatever the spread). Processor time a
// request, of the proxy with all its threads, is the figure that other work on the machine moves least.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PATH = '/v1/models/m:predict';
const BODY = `{"instances":[${'[0.1,0.2,0.3,0.4],'.repeat(55)}[1,2,3,4]]}`;
const ANSWER = JSON.stringify({ predictions: [0.123456789, 0.5] }).padEnd(200, ' ');
const CONNECTIONS = 32;
/** Just below what a mirror keeps of a body. */
const LARGE = Buffer.alloc(6_000_000, '1');

const roles = { model, bare, load, rate, large };
const [role, ...words] = process.argv.slice(2);
if (role in roles) roles[role](...words.map(Number));
else await measure(Number(role ?? 5), Number(words[0] ?? 4));

/** A model server; with `hang` it reads requests and never answers. */
function model(port, hang = 0) {
  createServer((req, res) => {
    req.resume();
    req.once('end', () => {
      if (hang !== 0) return;
      if (Number(req.headers['content-length']) > 1_000_000) return res.end(LARGE);
      res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': ANSWER.length });
      res.end(ANSWER);
    });
  }).listen(port, '127.0.0.1');
}

/** The least that a proxy can be. */
function bare(port, target) {
  const agent = new Agent({ keepAlive: true });
  createServer((req, res) => {
    const out = request(
      { agent, host: '127.0.0.1', port: target, method: req.method, path: req.url, headers: req.rawHeaders },
      (answer) => {
        res.writeHead(answer.statusCode, answer.rawHeaders);
        answer.pipe(res);
      },
    );
    req.pipe(out);
  }).listen(port, '127.0.0.1');
}

function send(agent, port, body = BODY) {
  return new Promise((done, failed) => {
    const out = request(
      { agent, host: '127.0.0.1', port, method: 'POST', path: PATH, headers: { 'Content-Type': 'application/json' } },
      (answer) => {
        let text = '';
        if (answer.statusCode === 200) answer.resume();
        else answer.on('data', (chunk) => (text += chunk));
        answer.once('end', () =>
          answer.statusCode === 200 ? done() : failed(new Error(`${answer.statusCode}: ${text}`)),
        );
      },
    );
    out.once('error', failed);
    out.end(body);
  });
}

/** As many requests as 32 connections carry. Prints requests a second. */
async function load(port, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const end = performance.now() + seconds * 1000;
  let n = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (; performance.now() < end; n += 1) await send(agent, port);
    }),
  );
  print(n / seconds);
  process.exit();
}

/** Requests at a constant rate, whatever becomes of those before. Prints their times in milliseconds, without the first half second. */
async function rate(port, perSecond, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const times = [];
  const began = performance.now();
  let sent = 0;
  await new Promise((done) => {
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
      for (; sent < due; sent += 1) {
        const start = performance.now();
        const isWarm = start - began > 500;
        void send(agent, port).then(() => isWarm && times.push(performance.now() - start));
      }
      if (performance.now() - began < seconds * 1000) return;
      clearInterval(timer);
      setTimeout(done, 500);
    }, 2);
  });
  print(JSON.stringify(times.map((ms) => Number(ms.toFixed(3)))));
  process.exit();
}

/** Requests and answers of 6 MB, 16 at a time. */
async function large(port, count) {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  let n = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (; n < count; ) {
        n += 1;
        await send(agent, port, LARGE);
      }
    }),
  );
  process.exit();
}

async function measure(runs, seconds) {
  const folder = mkdtempSync(join(tmpdir(), 'shadowctl-bench-mirror-'));
  const self = process.argv[1];
  const running = [];
  const start = (command, args) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    running.push(child);
    return child;
  };
  const mirror = (port, shadow, ...more) =>
    spawnMirror([
      '--live',
      'http://127.0.0.1:18101',
      '--shadow',
      `http://127.0.0.1:${shadow}`,
      '--listen',
      String(port),
      ...more,
    ]);
  const spawnMirror = (args) => {
    const main = resolve(import.meta.dirname, '../bin/shadowctl.js');
    const child = spawn(process.execPath, [main, 'mirror', ...args], { stdio: 'ignore' });
    running.push(child);
    return child;
  };
  const has = (command) => spawnSync('which', [command]).status === 0;
  const [wrk, nginx] = [has('wrk'), has('nginx')];
  try {
    start(process.execPath, [self, 'model', '18101']);
    start(process.execPath, [self, 'model', '18102']);
    start(process.execPath, [self, 'model', '18103', '1']);
    const bareProxy = start(process.execPath, [self, 'bare', '18110', '18101']);
    const recording = mirror(18111, 18102, '--records', join(folder, 'records'));
    const silent = mirror(18112, 18102);
    const hanging = mirror(18113, 18103, '--records', join(folder, 'hanging'));
    if (nginx) startNginx(folder, start);
    writeFileSync(
      join(folder, 'post.lua'),
      `wrk.method="POST"\nwrk.path="${PATH}"\nwrk.headers["Content-Type"]="application/json"\nwrk.body='${BODY}'\n`,
    );
    await new Promise((done) => setTimeout(done, 2_500));
    const throughput = (port, time) =>
      wrk
        ? Number(
            /Requests\/sec:\s+([\d.]+)/.exec(
              run('wrk', [
                '-t1',
                `-c${CONNECTIONS}`,
                `-d${time}s`,
                '-s',
                join(folder, 'post.lua'),
                `http://127.0.0.1:${port}/`,
              ]),
            )?.[1],
          )
        : Number(run(process.execPath, [self, 'load', String(port), String(time)]));
    const sides = [
      ['direct', 18101],
      ['bare node:http proxy', 18110, bareProxy],
      ['mirror, recording', 18111, recording],
      ['mirror, no records', 18112, silent],
      ['mirror, recording, shadow hangs', 18113, hanging],
      ...(nginx
        ? [
            ['nginx', 18120],
            ['nginx with its mirror', 18121],
          ]
        : []),
    ];
    for (const [, port] of sides) throughput(port, 4);
    const found = new Map(sides.map(([name]) => [name, { rate: [], cpu: [], p50: [], p99: [] }]));
    for (let i = 0; i < runs; i += 1) {
      // Nobody is always first, or always behind the same one.
      const turn = [...sides.slice(i % sides.length), ...sides.slice(0, i % sides.length)];
      for (const [name, port, child] of turn) {
        const before = processorTime(child);
        const perSecond = throughput(port, seconds);
        found.get(name).rate.push(perSecond);
        found.get(name).cpu.push((processorTime(child) - before) / (perSecond * seconds));
      }
      for (const [name, port] of turn) {
        const times = JSON.parse(run(process.execPath, [self, 'rate', String(port), '500', String(seconds)]));
        times.sort((a, b) => a - b);
        found.get(name).p50.push(times[Math.floor(times.length * 0.5)]);
        found.get(name).p99.push(times[Math.floor(times.length * 0.99)]);
      }
    }
    const [direct, bare, recorded, hung] = [
      'direct',
      'bare node:http proxy',
      'mirror, recording',
      'mirror, recording, shadow hangs',
    ].map((name) => found.get(name));
    print(`load: ${wrk ? 'wrk' : 'node'}; medians of ${runs} runs of ${seconds} s in turns; Node ${process.version}\n`);
    print(
      '| | requests a second | of the bare proxy | processor time a request | p50 at 500 a second | p99 at 500 a second |\n|---|---|---|---|---|---|',
    );
    for (const [name, one] of found) {
      const cpu = median(one.cpu);
      print(
        `| ${name} | ${Math.round(median(one.rate))} | ${within(ratios(one.rate, bare.rate), 2)} | ${Number.isNaN(cpu) ? '' : `${Math.round(cpu)} µs`} | ${median(one.p50).toFixed(2)} ms | ${median(one.p99).toFixed(2)} ms |`,
      );
    }
    print('\nWithin a run, in the median of the runs [95 % interval]:');
    const less = (a, b) => a.map((value, i) => value - b[i]);
    print(`- p99 of a recording mirror, over direct: ${within(less(recorded.p99, direct.p99), 2)} ms (aim: at most 1)`);
    print(`- the same over the bare proxy: ${within(less(recorded.p99, bare.p99), 2)} ms`);
    print(
      `- p99 with a shadow that hangs, to one that answers: ${within(ratios(hung.p99, recorded.p99), 2)} (aim: at most 1.05)`,
    );
    print(`\nlargest resident memory: ${peak(recording)} MB recording, ${peak(hanging)} MB with a shadow that hangs`);
    for (const port of [18111, 18113]) run(process.execPath, [self, 'large', String(port), '200']);
    print(`after 200 requests and answers of 6 MB, 16 at a time: ${peak(recording)} MB, ${peak(hanging)} MB`);
  } finally {
    for (const child of running) child.kill();
    await Promise.all(
      running.map((child) => new Promise((done) => (child.exitCode === null ? child.once('exit', done) : done()))),
    );
    rmSync(folder, { recursive: true, force: true });
  }
}

function startNginx(folder, start) {
  const place = (port, more) =>
    `server { listen 127.0.0.1:${port}; access_log off; location / { ${more} proxy_pass http://live; proxy_http_version 1.1; proxy_set_header Connection ""; } location = /copy { internal; proxy_pass http://shadow$request_uri; proxy_http_version 1.1; proxy_set_header Connection ""; } }`;
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;
events { worker_connections 1024; }
http { client_body_temp_path ${folder}/b; proxy_temp_path ${folder}/p; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
upstream live { server 127.0.0.1:18101; keepalive 64; } upstream shadow { server 127.0.0.1:18102; keepalive 64; }
${place(18120, '')} ${place(18121, 'mirror /copy;')} }`,
  );
  start('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder]);
}

function run(command, args) {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Microseconds of processor time that a process has taken, of all its threads; Linux alone tells. */
function processorTime(child) {
  if (child === undefined) return Number.NaN;
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // Of a hundredth of a second.
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function ratios(a, b) {
  return a.map((value, i) => value / b[i]);
}

/** A median with the interval between two of the values that holds the true median in 95 % of cases, where there are enough. */
function within(values, digits) {
  const sorted = values.toSorted((a, b) => a - b);
  const n = sorted.length;
  // Binomial(n, 1/2): the largest k with P(X < k) of at most 2.5 %.
  let [k, below, term] = [0, 0, 0.5 ** n];
  while (below + term <= 0.025) {
    below += term;
    term *= (n - k) / (k + 1);
    k += 1;
  }
  const middle = median(values).toFixed(digits);
  return k === 0
    ? `${middle} [${n} runs are too few]`
    : `${middle} [${sorted[k - 1].toFixed(digits)}, ${sorted[n - k].toFixed(digits)}]`;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** In MB; as Linux counts it. */
function peak({ pid }) {
  const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kilobytes) / 1024);
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
