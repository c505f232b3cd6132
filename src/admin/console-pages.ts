import { type AdminAnswer, AdminError, type AdminPage, type AdminRequest } from './admin-page.ts';
import { type ConsoleFile, loadConsoleFiles } from './console-files.ts';

/** The console runs its own scripts and talks to its own listener; nothing else, and nobody frames it. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const SECURITY_FIELDS = [
  'content-security-policy',
  CONTENT_SECURITY_POLICY,
  'referrer-policy',
  'no-referrer',
  'cross-origin-opener-policy',
  'same-origin',
];

/** The web console below `/console/`, to which `/` leads. Its files are read when somebody first asks for one. */
export function consolePages(load = loadConsoleFiles): readonly AdminPage[] {
  let loading: Promise<ReadonlyMap<string, ConsoleFile>> | undefined;
  const file = (path: (names: readonly string[]) => string) => async (request: AdminRequest) => {
    loading ??= load().catch((error: unknown) => {
      // What failed for want of a file descriptor may not fail again.
      loading = undefined;
      throw error;
    });
    return fileAnswer(await loading, path(request.names), request.ifNoneMatch);
  };
  return [
    { path: '/', answer: () => redirect('console/') },
    { path: '/console', answer: () => redirect('console/') },
    { path: '/console/', answer: file(() => '') },
    { path: '/console/FILE', answer: file(([name = '']) => name) },
    { path: '/console/FOLDER/FILE', answer: file((names) => names.join('/')) },
  ];
}

function fileAnswer(
  files: ReadonlyMap<string, ConsoleFile>,
  path: string,
  ifNoneMatch: string | undefined,
): AdminAnswer {
  const found = files.get(path);
  if (found === undefined) throw new AdminError('NotFound', `The console has no file ${path}. It is at /console/.`);
  const { contentType, body, etag } = found;
  const fields = [...SECURITY_FIELDS, 'etag', etag, 'cache-control', 'no-cache'];
  return { status: isKnown(etag, ifNoneMatch) ? 304 : 200, contentType, body, fields };
}

/** RFC 9110 section 13.1.2: weak comparison, lists and `*`. */
function isKnown(etag: string, ifNoneMatch: string | undefined): boolean {
  const known = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? [];
  return known.includes(etag) || known.includes('*');
}

/** Relative, so that it works behind a prefix, too. */
function redirect(location: string): AdminAnswer {
  return {
    status: 302,
    contentType: 'text/plain; charset=utf-8',
    body: `${location}\n`,
    fields: ['location', location],
  };
}
