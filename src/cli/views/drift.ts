import { printText, type Text, text } from '../../base/text.ts';
import { isoSeconds } from '../../base/units.ts';
import type { Drift } from '../../guard/drift.ts';
import type { DriftFound, TerraformPlan } from '../../lifecycle/drift.ts';
import { plain } from '../../ui/io.ts';

/** One thing that somebody else changed, as a sentence. */
export function driftWords(drift: Drift): string {
  switch (drift.kind) {
    case 'config': {
      const { before, now, parts } = drift;
      const how =
        parts === undefined
          ? `what that held is not known: ${before} no longer exists`
          : parts.length === 0
            ? 'its content is the same'
            : parts
                .map((one) => (one.what === 'other settings' ? one.what : `${one.what} ${one.before} → ${one.now}`))
                .join('; ');
      return plain(`It runs endpoint config ${now} in place of ${before} (${how}).`);
    }
    case 'instances':
      return plain(`Variant ${drift.variant} is scaled to ${drift.now} instances in place of ${drift.before}.`);
    case 'weight':
      return plain(`Variant ${drift.variant} has weight ${drift.now} in place of ${drift.before}.`);
    case 'alarm':
      return plain(
        drift.changed === 'deleted'
          ? `Alarm ${drift.alarm} was deleted.`
          : `Alarm ${drift.alarm} has another rule: ${drift.changed.map(({ field, before, now }) => `${field} ${before} → ${now}`).join(', ')}.`,
      );
  }
}

/** What was changed outside shadowctl, and the two ways to go on; a text a line. */
export function driftTexts({ found, modified, takeOver }: DriftFound): Text[] {
  const when = modified === undefined ? '' : ` (the endpoint was modified last at ${isoSeconds(modified)})`;
  return [
    `Changed outside shadowctl${when}:`,
    ...found.flatMap(({ drift, putBack }) => [
      `  ${driftWords(drift)}`,
      putBack === undefined ? '  It cannot be put back.' : text`  Put it back: ${putBack}`,
    ]),
    text`Or take over what stands now: ${takeOver}`,
  ];
}

/** Drift as JSON. */
export function driftJson({ found, modified, takeOver }: DriftFound) {
  return {
    modified: modified ?? null,
    found: found.map(({ drift, putBack }) => ({
      ...drift,
      putBack: putBack === undefined ? null : printText([putBack]),
    })),
    takeOver: printText([takeOver]),
  };
}

/** What Terraform's next plan will want of an adopted endpoint, and the line that lets it be; a text a line. */
export function terraformTexts({ config, deployment, said }: TerraformPlan): Text[] {
  const keeps = `lifecycle { ignore_changes = [${ignored({ config, deployment }).join(', ')}] }`;
  if (!said) return ['If Terraform manages this endpoint, add:', `  ${plain(keeps)}`];
  const wants = [
    ...(config === undefined ? [] : [`set endpoint_config_name back from ${config.now} to ${config.terraform}`]),
    ...(deployment ? ['take deployment_config away'] : []),
  ];
  return [
    plain(
      `Terraform made this endpoint, as a tag or a name says: its next plan will want to ${wants.join(' and ')}. To keep what runs:`,
    ),
    `  ${keeps}`,
  ];
}

function ignored({ config, deployment }: Pick<TerraformPlan, 'config' | 'deployment'>): string[] {
  return [...(config === undefined ? [] : ['endpoint_config_name']), ...(deployment ? ['deployment_config'] : [])];
}

/** What Terraform would change, as JSON: `ignore` are attributes of `aws_sagemaker_endpoint`. */
export function terraformJson(plan: TerraformPlan) {
  return { ...plan, config: plan.config ?? null, ignore: ignored(plan) };
}
