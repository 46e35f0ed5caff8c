import type { Observations } from '../analysis/observations.ts';
import { type CommandLine, lines, shown, shownStart, type Text, text } from '../base/text.ts';
import { isoSeconds, percent } from '../base/units.ts';
import { type Calibration, calibrationOf } from '../state/calibration.ts';
import { latestNoise } from '../state/noise.ts';
import type { State } from '../state/replay.ts';

/** What stands, in a sentence. */
export function calibrationText({ model, since }: Calibration): string {
  return `Since ${isoSeconds(since)}, production's own model ${model} has been its own shadow: a calibration (shadow --calibrate) that has not ended`;
}

/**
 * How it can come to its end, one way a line.
 * @param again the command that began it; undefined where nobody knows which candidate it named
 */
export function calibrationEnds({ before }: Calibration, endpoint: string, again?: CommandLine): Text {
  return lines(
    again === undefined
      ? text`To continue, give the same command again, with its candidate and --calibrate: ${shownStart('shadow', { endpoint })}`
      : text`To continue, give the same command again: ${again}`,
    text`To remove the shadow and go back to ${before}: ${shown('shadow detach', { endpoint })}`,
  );
}

/**
 * Observations with what the journal knows beside them: the noise floor, where it was measured on this model, on as large
 * a share of the requests and on the same part of its answers, and a word where the shadow is no candidate. Pure.
 *
 * @param prediction the path under which the report looks for predictions
 */
export function withCalibration(seen: Observations, state: State, prediction: string | undefined): Observations {
  const noise = latestNoise(state.facts);
  const standing = calibrationOf(state, seen.production.endpointConfig);
  const notes = [...seen.notes];
  if (standing !== undefined)
    notes.push(
      `${calibrationText(standing)}. This compares production with itself and says nothing about a candidate. The command that began it continues it; 'shadow detach' removes the shadow.`,
    );
  if (noise === undefined) return { ...seen, notes };
  if (noise.model !== seen.production.model) {
    notes.push(
      `The noise floor in the journal was measured on ${noise.model}, and production is ${seen.production.model}: it is left out.`,
    );
    return { ...seen, notes };
  }
  if (noise.sampling !== seen.sampling) {
    const share = (sampling: number | undefined) => (sampling === undefined ? 'an unknown share' : percent(sampling));
    notes.push(
      `The noise floor of ${noise.model} was measured on ${share(noise.sampling)} of the requests, and this shadow sees ${share(seen.sampling)}: the noise floor is left out. Measure it again with shadow --calibrate.`,
    );
    return { ...seen, notes };
  }
  if (noise.prediction === prediction) return { ...seen, noise, notes };
  const said = (path: string | undefined) => (path === undefined ? 'whole answers' : `--prediction ${path}`);
  notes.push(
    `The noise floor of ${noise.model} was measured on ${said(noise.prediction)}, and this report reads ${said(prediction)}: the noise floor is left out.`,
  );
  return { ...seen, notes };
}
