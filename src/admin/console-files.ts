import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file of the console as browsers get it. */
export interface ConsoleFile {
  readonly contentType: string;
  readonly body: Uint8Array;
  /** A strong entity tag, with its quotes (RFC 9110 section 8.8.3). */
  readonly etag: string;
}

/** Source in a checkout, compiled in a package; `HOME` is the same place in both. */
const HOME = new URL('../console/', import.meta.url);
const MODULE_FOLDERS = ['browser', 'model', 'views'];

/** Modules of dependencies by the names that our modules import them by. */
const VENDORED: Readonly<Record<string, string>> = { preact: 'vendor/preact.js', 'preact/hooks': 'vendor/hooks.js' };

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.js': 'text/javascript; charset=utf-8',
};

/** Every file of the console by its path below `/console/`; '' is the page. */
export async function loadConsoleFiles(): Promise<ReadonlyMap<string, ConsoleFile>> {
  const files = new Map<string, ConsoleFile>();
  const put = (path: string, text: string) => files.set(path === 'index.html' ? '' : path, consoleFile(path, text));
  for (const name of await readdir(new URL('assets/', HOME))) {
    put(name, await readFile(new URL(`assets/${name}`, HOME), 'utf8'));
  }
  for (const folder of MODULE_FOLDERS) {
    for (const name of await readdir(new URL(`${folder}/`, HOME))) {
      const path = `${folder}/${name}`;
      if (/(?<!\.test|\.d)\.[jt]s$/.test(name)) put(path.replace(/ts$/, 'js'), await moduleText(new URL(path, HOME)));
    }
  }
  for (const [specifier, path] of Object.entries(VENDORED)) {
    put(path, await moduleText(new URL(import.meta.resolve(specifier))));
  }
  return files;
}

async function moduleText(url: URL): Promise<string> {
  const source = await readFile(fileURLToPath(url), 'utf8');
  const script = url.pathname.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
  return script.replace(/^\/\/# sourceMappingURL=.*$/m, '').replace(IMPORT, (_, keyword, quote, specifier) => {
    return `${keyword}${quote}${browserSpecifier(specifier)}${quote}`;
  });
}

/** What static imports name. Browsers resolve no bare names without an import map, which a strict CSP does not let in. */
const IMPORT = /(\b(?:from|import)\s*)(["'])([^"']+)\2/g;

function browserSpecifier(specifier: string): string {
  const vendored = VENDORED[specifier];
  // All modules are one folder deep.
  if (vendored !== undefined) return `../${vendored}`;
  return specifier.startsWith('.') ? specifier.replace(/\.ts$/, '.js') : specifier;
}

function consoleFile(path: string, text: string): ConsoleFile {
  const body = Buffer.from(text);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return { contentType: CONTENT_TYPES[extname(path)] ?? 'application/octet-stream', body, etag };
}
