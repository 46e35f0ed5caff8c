/**
 * The pages of a list, one after the other.
 * @param send asks for the page of a token; the first has none
 * @param next the token of the page that follows; undefined after the last
 */
export async function* pages<Page>(
  send: (token: string | undefined) => Promise<Page>,
  next: (page: Page) => string | undefined,
): AsyncGenerator<Page> {
  let token: string | undefined;
  do {
    const page = await send(token);
    yield page;
    token = next(page);
  } while (token !== undefined);
}
