import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../src/emulator/world/random.ts';

/** Writes `records` capture records a side into `folder/AllTraffic` and `folder/shadow`, about 700 bytes each, `rate` a second, a file per 50 000. */
export async function writeCaptures(folder: string, records: number, rate = 100): Promise<number> {
  const random = seededRandom(1);
  let bytes = 0;
  for (let start = 0; start < records; start += 50_000) {
    const lines: [string[], string[]] = [[], []];
    for (let i = start; i < Math.min(records, start + 50_000); i += 1) {
      const at = new Date(Date.UTC(2026, 0, 5, 9) + Math.floor(i / rate) * 1000).toISOString().replace('.000', '');
      const input = Array.from({ length: 40 }, () => random.next().toFixed(4)).join(',');
      const score = random.next();
      const moved = Math.min(1, Math.max(0, score + 0.02 * random.normal()));
      for (const [side, value] of [score, moved].entries()) {
        const answer = JSON.stringify({ predictions: [{ score: value, predicted_label: value > 0.5 ? 1 : 0 }] });
        lines[side]?.push(
          `{"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT","data":"${input}","encoding":"CSV"},"endpointOutput":{"observedContentType":"application/json","mode":"OUTPUT","data":${JSON.stringify(answer)},"encoding":"JSON"}},"eventMetadata":{"eventId":"${random.uuid()}","inferenceId":"request-${i}","inferenceTime":"${at}"},"eventVersion":"0"}`,
        );
      }
    }
    for (const [side, name] of ['AllTraffic', 'shadow'].entries()) {
      mkdirSync(join(folder, name), { recursive: true });
      const text = `${lines[side]?.join('\n')}\n`;
      bytes += text.length;
      await new Promise<void>((resolve, reject) => {
        createWriteStream(join(folder, name, `${String(start).padStart(9, '0')}.jsonl`))
          .on('error', reject)
          .end(text, () => resolve());
      });
    }
  }
  return bytes;
}
