/** Work under way beside the timeline, by the key of its record. */
export type Work = Map<string, { calledOff: AbortController; done: Promise<unknown> }>;

/** Calls all work off, and waits until it has ended. */
export async function callOff(work: Work): Promise<void> {
  for (const { calledOff } of work.values()) calledOff.abort(new Error('The emulator was closed.'));
  await Promise.allSettled([...work.values()].map(({ done }) => done));
}
