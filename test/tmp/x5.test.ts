import { appendFileSync, copyFileSync, readFileSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'vitest';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateEndpointCommand, CreateEndpointConfigCommand, CreateModelCommand } from '@aws-sdk/client-sagemaker';
import { ARTIFACT_009, FIXTURES, ROLE, testWorld } from '../support/world.ts';
const log = (s: string) => appendFileSync('/tmp/aws-x5.txt', s + '\n');
const BETTER = `--artifact ${ARTIFACT_009} --algorithm linear-learner`;
const v = {
  VariantName: 'AllTraffic',
  ModelName: 'm',
  InstanceType: 'ml.m5.large',
  InitialInstanceCount: 2,
  InitialVariantWeight: 1,
};
type J = Record<string, any>;
const CASES: Record<string, { config?: J; rewrite?: (c: J, op: string) => void; real?: J }> = {
  serverless: {
    rewrite: (c, op) => {
      if (op === 'config') {
        const { InstanceType: _, InitialInstanceCount: __, ...r } = c.ProductionVariants[0];
        c.ProductionVariants = [{ ...r, ServerlessConfig: { MemorySizeInMB: 2048, MaxConcurrency: 5 } }];
      }
    },
  },
  async: {
    rewrite: (c, op) => {
      if (op === 'config') c.AsyncInferenceConfig = { OutputConfig: { S3OutputPath: 's3://b/o' } };
    },
  },
  ic: {
    rewrite: (c, op) => {
      if (op === 'config') {
        delete c.ProductionVariants[0].ModelName;
        c.ExecutionRoleArn = ROLE;
        c.ProductionVariants[0].ManagedInstanceScaling = {
          Status: 'ENABLED',
          MinInstanceCount: 1,
          MaxInstanceCount: 2,
        };
      }
    },
  },
  managed: {
    rewrite: (c, op) => {
      if (op === 'config')
        c.ProductionVariants[0].ManagedInstanceScaling = {
          Status: 'ENABLED',
          MinInstanceCount: 1,
          MaxInstanceCount: 2,
        };
    },
  },
  pools: {
    rewrite: (c, op) => {
      if (op === 'config') {
        delete c.ProductionVariants[0].InstanceType;
        c.ProductionVariants[0].InstancePools = [
          { InstanceType: 'ml.m5.large', Priority: 1 },
          { InstanceType: 'ml.m5.xlarge', Priority: 2 },
        ];
      }
    },
  },
  mme: {
    rewrite: (c, op) => {
      if (op === 'model') c.PrimaryContainer.Mode = 'MultiModel';
    },
  },
  explainer: {
    rewrite: (c, op) => {
      if (op === 'config') c.ExplainerConfig = { ClarifyExplainerConfig: { ShapConfig: { ShapBaselineConfig: {} } } };
    },
  },
  marketplace: {
    rewrite: (c, op) => {
      if (op === 'model')
        c.PrimaryContainer = { ModelPackageName: 'arn:aws:sagemaker:us-east-1:865070037744:model-package/vendor-1' };
    },
  },
  unknownRoot: {
    rewrite: (c, op) => {
      if (op === 'config') c.BrandNew = { a: 1 };
    },
  },
  unknownVariant: {
    rewrite: (c, op) => {
      if (op === 'config') c.ProductionVariants[0].BrandNew = true;
    },
  },
  unknownModel: {
    rewrite: (c, op) => {
      if (op === 'model') {
        c.BrandNew = { a: 1 };
        c.PrimaryContainer.BrandNew = 'x';
      }
    },
  },
  isolated: {
    rewrite: (c, op) => {
      if (op === 'config') c.EnableNetworkIsolation = false;
    },
  },
  ten: { real: { ProductionVariants: Array.from({ length: 10 }, (_, i) => ({ ...v, VariantName: `v${i}` })) } },
  zero: { real: { ProductionVariants: [v, { ...v, VariantName: 'b', InitialVariantWeight: 0 }] } },
  onlyZero: { real: { ProductionVariants: [{ ...v, InitialVariantWeight: 0 }] } },
  theirShadow: {
    real: {
      ProductionVariants: [v],
      ShadowProductionVariants: [{ ...v, VariantName: 'theirs', InitialVariantWeight: 0.5 }],
    },
  },
  captureOff: {
    real: {
      ProductionVariants: [v],
      DataCaptureConfig: {
        EnableCapture: false,
        InitialSamplingPercentage: 20,
        DestinationS3Uri: 's3://models/cap',
        CaptureOptions: [{ CaptureMode: 'Input' }],
      },
    },
  },
  captureInput: {
    real: {
      ProductionVariants: [v],
      DataCaptureConfig: {
        EnableCapture: true,
        InitialSamplingPercentage: 20,
        DestinationS3Uri: 's3://models/cap',
        CaptureOptions: [{ CaptureMode: 'Input' }],
      },
    },
  },
  weight5: { real: { ProductionVariants: [{ ...v, InitialVariantWeight: 5 }] } },
  gpuSpot: { real: { ProductionVariants: [{ ...v, InstanceType: 'ml.inf1.xlarge' }] } },
};
const only = process.env.ONLY;
test('x', { timeout: 600_000 }, async () => {
  for (const [name, { rewrite, real }] of Object.entries(CASES)) {
    if (only && !new RegExp(only).test(name)) continue;
    const world = await testWorld();
    try {
      copyFileSync(join(FIXTURES, 'data/test.csv'), join(world.root, 'test.csv'));
      const s3 = await world.aws.s3();
      await s3.send(new CreateBucketCommand({ Bucket: 'models' }));
      await s3.send(new PutObjectCommand({ Bucket: 'models', Key: 'm.tar.gz', Body: readFileSync(ARTIFACT_009) }));
      const c = await world.aws.sagemaker();
      await c.send(
        new CreateModelCommand({
          ModelName: 'm',
          ExecutionRoleArn: ROLE,
          PrimaryContainer: {
            Image: '382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1',
            ModelDataUrl: 's3://models/m.tar.gz',
          },
        }),
      );
      await c.send(
        new CreateEndpointConfigCommand({
          EndpointConfigName: 'theirs-1',
          ...(real ?? { ProductionVariants: [v] }),
        } as any),
      );
      await c.send(new CreateEndpointCommand({ EndpointName: 'theirs', EndpointConfigName: 'theirs-1' }));
      await world.clock.sleep(600_000);
      const to = new URL(world.emulator.url);
      const sent: string[] = [];
      const server = createServer((q, r) => {
        const chunks: Buffer[] = [];
        q.on('data', (x: Buffer) => chunks.push(x));
        q.on('end', () => {
          const target = q.headers['x-amz-target'];
          let req = Buffer.concat(chunks);
          if (target === 'SageMaker.CreateEndpointConfig' || target === 'SageMaker.CreateModel') {
            sent.push(`${target} ${req.toString()}`);
            const j = JSON.parse(req.toString());
            delete j.BrandNew;
            delete j.AsyncInferenceConfig;
            delete j.ExplainerConfig;
            for (const p of [...(j.ProductionVariants ?? []), ...(j.ShadowProductionVariants ?? [])]) {
              delete p.BrandNew;
              delete p.ManagedInstanceScaling;
              if (p.InstancePools) {
                delete p.InstancePools;
                p.InstanceType = 'ml.m5.large';
              }
            }
            req = Buffer.from(JSON.stringify(j));
          }
          const { 'content-length': _cl, ...hh } = q.headers;
          const f = forward(
            {
              host: to.hostname,
              port: to.port,
              method: q.method,
              path: q.url,
              headers: { ...hh, 'content-length': req.length },
            },
            (a) => {
              const out: Buffer[] = [];
              a.on('data', (x: Buffer) => out.push(x));
              a.on('end', () => {
                let body = Buffer.concat(out);
                const op =
                  target === 'SageMaker.DescribeEndpointConfig'
                    ? 'config'
                    : target === 'SageMaker.DescribeModel'
                      ? 'model'
                      : undefined;
                if (op && (a.statusCode ?? 500) < 300 && rewrite) {
                  const j = JSON.parse(body.toString());
                  if (j.EndpointConfigName === 'theirs-1' || j.ModelName === 'm') {
                    rewrite(j, op);
                    body = Buffer.from(JSON.stringify(j));
                  }
                }
                const { 'content-length': _, 'transfer-encoding': __, ...h } = a.headers;
                r.writeHead(a.statusCode ?? 500, { ...h, 'content-length': body.length }).end(body);
              });
            },
          );
          f.end(req);
        });
      });
      await new Promise<void>((d) => server.listen(0, '127.0.0.1', d));
      const env = { AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
      const run = async (line: string) => {
        sent.length = 0;
        const r = await world.shadowctl(line, { env });
        const n = sent.map((x) => x.slice(0, 700));
        log(
          `### ${name}: ${line.slice(0, 40)} -> ${r.code}\n${
            r.code === 4 || r.code === 0
              ? r.out
                  .split('\n')
                  .filter((l) => /note|warning|^[!✖·]|Costs|AllTraffic|theirs|variant|capture/.test(l))
                  .join('\n')
                  .slice(0, 900)
              : r.err.slice(-500)
          }\n${n.join('\n')}`,
        );
        return r;
      };
      for (const cmd of ['status', 'doctor']) await run(`${cmd} --endpoint theirs`);
      for (const cmd of ['deploy', 'canary', 'rollout --steps 50%,100%', 'shadow'])
        await run(`${cmd} --endpoint theirs ${BETTER} --adopt --plan`);
      if (/unknown|isolated|capture|theirShadow|weight5|onlyZero|explainer|managed/.test(name)) {
        await run(`deploy --endpoint theirs ${BETTER} --adopt --yes`);
        await run(`shadow --endpoint theirs ${BETTER} --adopt --yes`);
        await run(`shadow detach --endpoint theirs --yes`);
      }
      server.closeAllConnections();
      server.close();
    } catch (e) {
      log(`!!! ${name} ${e}`);
    }
    await world.close();
  }
});
