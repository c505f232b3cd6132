import type { Configuration } from './schema.ts';

/** What the admin listener speaks. */
export function adminScheme({ admin }: Pick<Configuration, 'admin'>): 'http' | 'https' {
  return admin.clientCAFile === undefined ? 'http' : 'https';
}
