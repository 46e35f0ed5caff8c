import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { WarehouseRecords } from '../../../../src/analysis/compare/warehouse/warehouse.ts';
import { WINDOW } from '../generated.ts';

/** Puts capture files where an endpoint's captures lie, and says so. */
export function lakeOf(root: string, files: { production: string; shadow: string }): WarehouseRecords {
  const hour = new Date(WINDOW.from).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/');
  for (const side of ['production', 'shadow'] as const) {
    const folder = join(root, `${side}-model`, hour);
    mkdirSync(folder, { recursive: true });
    copyFileSync(files[side], join(folder, 'captured.jsonl'));
  }
  return {
    prefix: 'weather_',
    variants: { production: 'production-model', shadow: 'shadow-model' },
    hours: [hour],
    window: WINDOW,
    sampling: 1,
    files: { production: 1, shadow: 1 },
    requests: 400,
    sample: {
      production: { files: [files.production] },
      shadow: { files: [files.shadow] },
      window: WINDOW,
      sampling: 1,
    },
  };
}
