/** shadowctl.yaml, checked, and where it was found. */
export interface Project {
  /** The folder that holds shadowctl.yaml and `.shadowctl/`; the current folder where there is no shadowctl.yaml. */
  root: string;
  /** Path of the file, where there is one. */
  file: string | undefined;
  /** `<root>/.shadowctl` */
  stateDir: string;
  target: 'aws' | 'emulator';
  region: string | undefined;
  profile: string | undefined;
}
