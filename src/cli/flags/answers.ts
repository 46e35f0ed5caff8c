import { type Command, Option } from 'commander';
import { kindNames } from '../../analysis/answers/choose.ts';

/** The options that say how answers are read, of every command that compares some. @param when begins their descriptions */
export function answerFlags(command: Command, when = ''): Command {
  return command
    .addOption(
      new Option('--answers <kind>', `${when}what an answer is, if shadowctl cannot tell`).choices(kindNames()),
    )
    .option(
      '--prediction <path>',
      `${when}where predictions are in an answer: '$.predictions[*].score', or '$[0]' for the first column of CSV`,
    );
}
