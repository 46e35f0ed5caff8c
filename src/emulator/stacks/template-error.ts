/** What is wrong with a template, in CloudFormation's words. `unbuilt` where CloudFormation takes it and the emulator does not. */
export class TemplateError extends Error {
  readonly unbuilt: boolean;
  constructor(message: string, unbuilt = false) {
    super(message);
    this.unbuilt = unbuilt;
  }
}
