import { DECISION_FILTERS, passes } from '../model/decisions.ts';
import { type Action, PAGES, type Page } from '../model/state.ts';
import { adminApi, failureText } from './admin-api.ts';
import { type Coalesced, coalesced } from './coalesced.ts';
import type { Store } from './store.ts';

/** Reads pages of the admin API into the store; what is wanted twice at once is read once more, not twice. */
export type Reader = Readonly<Record<Page, () => Promise<void>>> & {
  /** Reads every page anew. */
  all(): Promise<void>;
  /** Reads what may have changed: the comparison of servers, which is large, only if it has. */
  news(): Promise<void>;
  /** Reads the status, and again what could not be read. */
  refresh(): Promise<void>;
  /** Something came by an event that an answer on its way may not have: that page is read once more. */
  overtake(page: Page): void;
};

export function createReader(store: Store): Reader {
  const reading = (page: Page, read: () => Promise<Action>): Coalesced =>
    coalesced(async () => {
      try {
        store.dispatch(await read());
      } catch (error) {
        store.dispatch({ kind: 'not-read', page, message: failureText(error) });
      }
    });
  /** The generation of the snapshot when servers were compared last. */
  let compared: number | undefined;
  const pages: Readonly<Record<Page, Coalesced>> = {
    status: reading('status', async () => {
      const value = await adminApi.status();
      // What servers serve can differ otherwise than before while the merged view, of which events tell, stays.
      if (value.generation !== compared) void pages.skew.run();
      compared = value.generation;
      return { kind: 'read-status', value, at: Date.now() };
    }),
    skew: reading('skew', async () => ({ kind: 'read-skew', value: await adminApi.skew() })),
    unexpected: reading('unexpected', async () => ({ kind: 'read-unexpected', value: await adminApi.unexpected() })),
    timeline: reading('timeline', async () => ({ kind: 'read-timeline', value: await adminApi.timeline() })),
    decisions: reading('decisions', async () => {
      const before = new Set(store.state.decisions.value);
      const filters = decisionFilters(store);
      const items = await adminApi.decisions(filters);
      const heard = (store.state.decisions.value ?? []).filter((item) => !before.has(item) && passes(item, filters));
      return { kind: 'read-decisions', items: [...items, ...heard] };
    }),
  };
  const readAll = async (wanted: readonly Page[]) => {
    // Whoever paused the stream is reading.
    const now = wanted.filter((page) => page !== 'decisions' || !store.state.paused);
    await Promise.all(now.map((page) => pages[page].run()));
  };
  return {
    status: () => pages.status.run(),
    skew: () => pages.skew.run(),
    unexpected: () => pages.unexpected.run(),
    timeline: () => pages.timeline.run(),
    decisions: () => pages.decisions.run(),
    all: () => readAll(PAGES),
    news: () => readAll(PAGES.filter((page) => page !== 'skew')),
    refresh: () => readAll(PAGES.filter((page) => page === 'status' || store.state[page].failure !== '')),
    overtake: (page) => pages[page].overtake(),
  };
}

/** The filters that the proxy knows; none while another view is shown. */
export function decisionFilters({ state }: Pick<Store, 'state'>): Readonly<Record<string, string>> {
  const { view, filters } = state.place;
  if (view !== 'decisions') return {};
  return Object.fromEntries(DECISION_FILTERS.flatMap((name) => (filters[name] ? [[name, filters[name]]] : [])));
}
