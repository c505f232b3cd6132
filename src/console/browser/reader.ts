import { DECISION_FILTERS } from '../model/decisions.ts';
import type { Action, Page } from '../model/state.ts';
import { AnswerError, adminApi } from './admin-api.ts';
import { coalesced } from './coalesced.ts';
import type { Store } from './store.ts';

/** Reads pages of the admin API into the store; what is wanted twice at once is read once more, not twice. */
export type Reader = Readonly<Record<Page, () => Promise<void>>> & {
  /** Reads every page anew. */
  all(): Promise<void>;
  /** Reads what may have changed: the comparison of servers, which is large, only if it has. */
  news(): Promise<void>;
};

const PAGES: readonly Page[] = ['status', 'skew', 'unexpected', 'timeline', 'decisions'];

export function createReader(store: Store): Reader {
  const reading = (page: Page, read: () => Promise<Action>) =>
    coalesced(async () => {
      try {
        store.dispatch(await read());
      } catch (error) {
        store.dispatch({ kind: 'not-read', page, message: failureText(page, error) });
      }
    });
  /** The generation of the snapshot when servers were compared last. */
  let compared: number | undefined;
  const pages: Readonly<Record<Page, () => Promise<void>>> = {
    status: reading('status', async () => {
      const value = await adminApi.status();
      // What servers serve can differ otherwise than before while the merged view, of which events tell, stays.
      if (value.generation !== compared) void pages.skew();
      compared = value.generation;
      return { kind: 'read-status', value };
    }),
    skew: reading('skew', async () => ({ kind: 'read-skew', value: await adminApi.skew() })),
    unexpected: reading('unexpected', async () => ({ kind: 'read-unexpected', value: await adminApi.unexpected() })),
    timeline: reading('timeline', async () => ({ kind: 'read-timeline', value: await adminApi.timeline() })),
    decisions: reading('decisions', async () => ({
      kind: 'read-decisions',
      items: await adminApi.decisions(decisionFilters(store)),
    })),
  };
  const readAll = async (wanted: readonly Page[]) => {
    // Whoever paused the stream is reading.
    const now = wanted.filter((page) => page !== 'decisions' || !store.state.paused);
    await Promise.all(now.map((page) => pages[page]()));
  };
  return {
    ...pages,
    all: () => readAll(PAGES),
    news: () => readAll(PAGES.filter((page) => page !== 'skew')),
  };
}

/** The filters that the proxy knows; none while another view is shown. */
export function decisionFilters({ state }: Pick<Store, 'state'>): Readonly<Record<string, string>> {
  const { view, filters } = state.place;
  if (view !== 'decisions') return {};
  return Object.fromEntries(DECISION_FILTERS.flatMap((name) => (filters[name] ? [[name, filters[name]]] : [])));
}

function failureText(page: Page, error: unknown): string {
  if (error instanceof AnswerError) return error.message;
  if (error instanceof SyntaxError) return `The answer of the ${page} page is no JSON.`;
  return 'The admin listener does not answer.';
}
