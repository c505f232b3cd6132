export const VIEWS = ['skew', 'servers', 'decisions', '404s', 'explain', 'timeline'] as const;
export type ViewName = (typeof VIEWS)[number];

/** What is shown, as the address says it, so that it can be handed to a colleague. */
export interface Place {
  readonly view: ViewName;
  /** Filters of the view; absent or '' means none. */
  readonly filters: Readonly<Record<string, string>>;
}

/** The place of a location hash: `#/decisions?client=kubectl`. Anything else is the first view. */
export function parsePlace(hash: string): Place {
  const [path = '', ...queries] = hash.replace(/^#\/?/, '').split('?');
  // Whoever writes an address by hand has a query in a path, too.
  const query = queries.join('?');
  const view = VIEWS.find((name) => name === path) ?? VIEWS[0];
  const filters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(query)) if (value !== '') filters[name] = value;
  return { view, filters };
}

/** The reverse of `parsePlace`. */
export function placeHref(view: ViewName, filters: Place['filters'] = {}): string {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value !== '')).toString();
  return `#/${view}${query === '' ? '' : `?${query}`}`;
}

/** The same view with one filter changed; '' removes it. */
export function withFilter({ view, filters }: Place, name: string, value: string): string {
  return placeHref(view, { ...filters, [name]: value });
}
