import type { Answer } from './http-client.ts';

/**
 * Whether `answer` says that the server does not know the type: the mux's plain text, or a Status NotFound that names no
 * object. Written apart from the product's own recognition, which it judges.
 */
export function isUnknownResource({ status, body }: Pick<Answer, 'status' | 'body'>): boolean {
  if (status !== 404) return false;
  const text = body.toString('utf8');
  if (text.trim() === '404 page not found') return true;
  const { kind, reason, details }: { kind?: string; reason?: string; details?: { name?: string; kind?: string } } =
    JSON.parse(text);
  return kind === 'Status' && reason === 'NotFound' && details?.name === undefined && details?.kind === undefined;
}
