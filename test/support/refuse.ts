import { AwsError } from '../../src/emulator/model/aws-error.ts';
import type { Emulator } from '../../src/emulator/http/server.ts';

/** The emulator's next call of an operation is refused as AWS would refuse what it does not support. */
export function refuseNext(
  { world: { faults } }: Pick<Emulator, 'world'>,
  operation: string,
  words: string,
  code = 'ValidationException',
): void {
  const { inject } = faults;
  faults.inject = (kinds, where) => {
    if (where.operation !== operation || !kinds.includes('error')) return inject(kinds, where);
    faults.inject = inject;
    throw new AwsError(code, words);
  };
}
