/** What the explain box asks. */
export interface Question {
  readonly method: string;
  /** With query, as it would be sent. */
  readonly path: string;
  /** The preferred server; '' for any. */
  readonly server: string;
  /** User-Agent; '' for any. */
  readonly client: string;
}

/** A question about a path that is shown, and hence decoded. */
export function aboutPath(shown: string): Question {
  const path = encodeURI(shown.toWellFormed()).replace(/[?#]/g, encodeURIComponent);
  return { method: 'GET', path, server: '', client: '' };
}

/** As filters of the explain view, whose address is the question. */
export function questionFilters({ method, path, server, client }: Question): Readonly<Record<string, string>> {
  return { method, path, server, client };
}

/** The reverse of `questionFilters`. */
export function questionIn(filters: Readonly<Record<string, string>>): Question {
  const { method = 'GET', path = '', server = '', client = '' } = filters;
  return { method, path, server, client };
}
