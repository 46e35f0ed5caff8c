import { answersOf } from '../../../answers/read-answers.ts';
import { payloadText } from '../../../answers/captures.ts';
import type { Reading } from '../../../answers/reading.ts';
import type { Window } from '../../../observations.ts';
import type { RecordSource } from '../../options.ts';
import { sampledCaptures } from '../../sample.ts';
import { learnForm } from './forms.ts';
import type { Form } from './forms.ts';
import { forJavaScript, wholePattern } from './patterns.ts';

/** So many forms are tried on each answer at the most. */
const MAX_FORMS = 12;
/** Groups of one pattern: each costs a reading of the text. */
const MAX_HOLES = 64;

/** What a sample of the answers of one side shows. */
export interface LearnedForms {
  forms: readonly Form[];
  /** Answers of the sample that can be read, and are of no form that SQL knows. */
  missing: number;
}

/** The forms in which the answers of a sample are built, the commonest first. */
export function learnForms(source: RecordSource, window: Window, reading: Reading): LearnedForms {
  const forms: { form: Form; pattern: RegExp; count: number }[] = [];
  let missing = 0;
  for (const capture of sampledCaptures(source, window)) {
    if (capture.output === undefined || answersOf(capture, reading) === undefined) continue;
    const { encoding, contentType } = capture.output;
    const text = payloadText(capture.output);
    const known = forms.find(
      ({ form, pattern }) => form.encoding === encoding && form.contentType === contentType && pattern.test(text),
    );
    if (known !== undefined) {
      known.count += 1;
      continue;
    }
    const form = learnForm(capture, reading);
    const pattern = form && forJavaScript(wholePattern(form));
    if (form === undefined || pattern?.test(text) !== true || form.holes.length > MAX_HOLES) missing += 1;
    else forms.push({ form, pattern, count: 1 });
  }
  const common = forms.toSorted((a, b) => b.count - a.count);
  const left = common.slice(MAX_FORMS).reduce((sum, { count }) => sum + count, 0);
  return { forms: common.slice(0, MAX_FORMS).map(({ form }) => form), missing: missing + left };
}
