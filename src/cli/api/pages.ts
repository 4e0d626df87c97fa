/** The greatest page that the API gives. */
const LARGEST_PAGE = 500;

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextPageToken: string;
}

export interface AskedPage {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** Reads page after page until `limit` items are there or none is left. `nextPageToken` goes on after them. */
export async function readPages<Item>(
  limit: number,
  firstToken: string,
  readPage: (page: AskedPage) => Promise<Page<Item>>,
): Promise<{ readonly items: Item[]; readonly nextPageToken: string }> {
  const items: Item[] = [];
  let pageToken = firstToken;
  do {
    const page = await readPage({ pageSize: Math.min(limit - items.length, LARGEST_PAGE), pageToken });
    items.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && items.length < limit);
  return { items, nextPageToken: pageToken };
}
