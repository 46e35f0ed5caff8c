import type { Aws } from '../aws/clients.ts';
import { Problem } from '../base/errors.ts';
import { checkRemote, type Unexamined } from '../resources/artifact/check-remote.ts';
import { algorithmOfImage } from '../resources/artifact/images.ts';
import type { Live } from '../resources/live.ts';

/** What a look into the artifact of the model that runs came to, where that is worth a word. */
export type LiveArtifact = { kind: 'unreadable'; words: string } | { kind: 'unexamined'; artifact: Unexamined };

/**
 * Looks into the artifact of the model that runs as into a candidate's: models that shadowctl did not bring were never
 * looked into, and an image may answer wrongly without an error.
 * @returns undefined where nothing is wrong, where the image is no built-in one, and where the artifact is gone
 */
export async function lookAtLiveArtifact(aws: Aws, live: Live, signal: AbortSignal): Promise<LiveArtifact | undefined> {
  const { Image: image = '', ModelDataUrl: uri } = live.model?.PrimaryContainer ?? live.model?.Containers?.[0] ?? {};
  const builtIn = algorithmOfImage(image);
  if (builtIn === undefined || uri === undefined || !uri.startsWith('s3://')) return undefined;
  let skipped: Unexamined | undefined;
  try {
    const unexamined = (artifact: Unexamined) => void (skipped = artifact);
    await checkRemote(aws, { image, builtIn, local: undefined, uri }, { allowMismatch: false, signal, unexamined });
  } catch (error) {
    if (!(error instanceof Problem) || error.kind !== 'usage') throw error;
    return { kind: 'unreadable', words: error.message };
  }
  return skipped && { kind: 'unexamined', artifact: skipped };
}
