import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** Version of this package, from the package.json nearest to this file, in a checkout and in an installed package alike. */
export function packageVersion(): string {
  const file = findPackageJSON(import.meta.url);
  const content: unknown = file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8'));
  const known = typeof content === 'object' && content !== null && 'version' in content;
  return known ? String(content.version) : 'unknown';
}
