import type { Shape } from '../model/shapes.ts';
import { readTimestamp } from './timestamps.ts';
import { AwsError } from '../model/aws-error.ts';

/**
 * A scalar from text (Query parameters, XML, headers, the query string). `malformed` makes the refusal in the
 * words of the protocol that asks.
 */
export function readText(shape: Shape, text: string, malformed: (text: string, wanted: string) => AwsError): unknown {
  switch (shape.type) {
    case 'boolean': {
      const lower = text.trim().toLowerCase();
      if (lower === 'true' || lower === 'false') return lower === 'true';
      throw malformed(text, 'Boolean');
    }
    case 'integer':
    case 'long':
      if (!/^[+-]?\d{1,19}$/.test(text.trim())) throw malformed(text, shape.type === 'long' ? 'Long' : 'Integer');
      return Number(text);
    case 'float':
    case 'double':
      return float(text.trim(), malformed);
    case 'timestamp': {
      const date = readTimestamp(text);
      if (date === undefined) throw malformed(text, 'Timestamp');
      return date;
    }
    case 'blob':
      if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) throw malformed(text, 'Blob');
      return Buffer.from(text, 'base64');
    default:
      return text;
  }
}

function float(text: string, malformed: (text: string, wanted: string) => AwsError): number {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return Number(text);
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) throw malformed(text, 'Double');
  return Number(text);
}

/** The refusal of Query for a parameter that is not a number, date or boolean. */
export function malformedInput(text: string, wanted: string): AwsError {
  return new AwsError('MalformedInput', `${JSON.stringify(text.slice(0, 100))} is not a ${wanted}`);
}
