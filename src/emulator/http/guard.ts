import type { IncomingHttpHeaders } from 'node:http';

/**
 * Who may talk to the emulator. It holds no secrets to check, so what keeps a web page away is that the browser says
 * where a request comes from: by `Host` (against DNS rebinding), by `Origin` and by `Sec-Fetch-Site`.
 *
 * @param toFunction the request is for a function URL, which pages may call
 * @returns why the request is refused; undefined when it is welcome
 */
export function refusalOf(headers: IncomingHttpHeaders, toFunction = false): string | undefined {
  const { host, origin } = headers;
  if (host === undefined || !isLoopbackName(host)) {
    return `The emulator answers on loopback names only (127.0.0.1, localhost, *.localhost), not to Host ${JSON.stringify(host ?? '')}.`;
  }
  if (toFunction) return undefined;
  if (origin !== undefined) return 'The emulator does not answer to web pages: the request carries an Origin.';
  const site = headers['sec-fetch-site'];
  // `none` is a person who typed the address, for example of a presigned URL.
  if (site !== undefined && site !== 'none')
    return 'The emulator does not answer to web pages: the request carries Sec-Fetch-Site.';
  return undefined;
}

/** Names that no resolver may point elsewhere (RFC 6761), and the bucket in front of them that S3 clients put there. */
function isLoopbackName(host: string): boolean {
  return /^(?:(?:[a-z0-9._-]+\.)?(?:localhost|127\.0\.0\.1)\.?|\[::1\])(?::\d{1,5})?$/i.test(host);
}
