import type {
  Decision,
  DecisionList,
  Explanation,
  ProxyStatus,
  ServerHistory,
  ServerTransition,
  SkewReport,
  Timeline,
  Unexpected404List,
} from '../model/answers.ts';
import { KEPT_DECISIONS } from '../model/decisions.ts';
import type { Question } from '../model/question.ts';

const TIMEOUT_MS = 15_000;

/** Thrown when a page answers with something else than its document; the message is for people. */
class AnswerError extends Error {}

/** The admin API beside the console: addresses are relative, so that it works behind a prefix or a port-forward. */
export const adminApi = {
  status: () => read<ProxyStatus>('status'),
  skew: () => read<SkewReport>('skew'),
  /** One group, with how each server stores its objects: servers are asked for that now. */
  storage: (group: string) => read<SkewReport>('skew', { group: group === '' ? 'core' : group, storage: 'true' }),
  unexpected: () => read<Unexpected404List>('unexpected-404s'),
  timeline: () => read<Timeline>('timeline'),
  async decisions(filters: Readonly<Record<string, string>>): Promise<readonly Decision[]> {
    const { items } = await read<DecisionList>('decisions', { ...filters, limit: String(KEPT_DECISIONS) });
    return items;
  },
  async history(server: string): Promise<readonly ServerTransition[]> {
    const { items } = await read<ServerHistory>(`servers/${encodeURIComponent(server)}/history`);
    return items;
  },
  explain: ({ method, path, server, client }: Question) =>
    read<Explanation>('explain', { method, path, ...(server !== '' && { server }), ...(client !== '' && { client }) }),
};

/** Where a page of the admin listener is. */
export function pageUrl(page: string, query: Readonly<Record<string, string>> = {}): string {
  const parameters = new URLSearchParams(query).toString();
  return `../${page}${parameters === '' ? '' : `?${parameters}`}`;
}

/** The caller knows which document the page answers with. Throws what `failureText` explains. */
async function read<T>(page: string, query?: Readonly<Record<string, string>>): Promise<T> {
  const response = await fetch(pageUrl(page, query), {
    headers: { accept: 'application/json' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new AnswerError(errorMessage(text) ?? `/${page} answered ${response.status}: ${text.trim()}`);
  try {
    return JSON.parse(text);
  } catch {
    throw new AnswerError(`/${page} answered what is no JSON: is it the admin listener of a proxy that is there?`);
  }
}

/** Why a page could not be read, for people. */
export function failureText(error: unknown): string {
  return error instanceof AnswerError ? error.message : 'The admin listener does not answer.';
}

function errorMessage(text: string): string | undefined {
  try {
    const { error } = JSON.parse(text);
    return typeof error?.message === 'string' ? error.message : undefined;
  } catch {
    return undefined;
  }
}
