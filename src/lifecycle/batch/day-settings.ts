/** What a day of a batch is run over, and how: by `batch run`, and by a release whose evidence is a batch. */
export interface DaySettings {
  /** IANA zone of its days. */
  zone: string;
  /** An `s3://` prefix, with `{yyyy}/{MM}/{dd}` where every day has its own, or the absolute path of a local file. */
  input: string;
  /** The input holds capture files of SageMaker: their requests are what the models are asked. */
  captured: boolean;
  /** The `s3://` prefix under which everything that a batch makes lies. */
  output: string;
  /** What tells one row from another: a column of CSV, from 1, or its name; a path into JSON. Undefined: object and line. */
  id: string | undefined;
  /** The models are not asked what the id is. */
  withoutId: boolean;
  /** The first line of every CSV object names its columns; undefined: nobody said. */
  header: boolean | undefined;
  /** Of the rows and of the answers; undefined: by the objects' names, and by the models' images. */
  contentType: string | undefined;
  accept: string | undefined;
  /** JSONPath of what of a row the models are asked (DataProcessing.InputFilter). */
  inputFilter: string | undefined;
  instances: number;
  instanceType: string;
  maxPayloadMb: number | undefined;
  maxConcurrent: number | undefined;
  /** US dollars: jobs of a day are stopped that would cost more. */
  maxCost: number | undefined;
}
