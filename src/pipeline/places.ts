/** Whose pipeline. */
export interface PipelinePlace {
  /** Twelve digits. */
  account: string;
  region: string;
  endpoint: string;
}

/** Where the function keeps what its last tick came to, beside the journal. `state`: an `s3://` URI. */
export function tickRecordUri(state: string, place: PipelinePlace): string {
  return `${folderOf(state, place)}tick.json`;
}

/** The folder of what belongs to the pipeline of an endpoint, beside its journal; ends with a slash. */
export function folderOf(state: string, { account, region, endpoint }: PipelinePlace): string {
  return `${state.endsWith('/') ? state : `${state}/`}${account}/${region}/${endpoint}/pipeline/`;
}
