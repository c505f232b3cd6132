import type { LiveStatus, ProxyStatus, SkewReport } from './answers.ts';
import { withDecisions } from './decisions.ts';
import { changedRows } from './matrix.ts';
import type { Action, ConsoleState } from './state.ts';
import { withItems } from './timeline.ts';

/** The state after `action`; the same object when nothing changed. */
export function reduce(state: ConsoleState, action: Action): ConsoleState {
  switch (action.kind) {
    case 'went':
      return { ...state, place: action.place };
    case 'linked':
      return linked(state, action.link);
    case 'read-status':
      return { ...atProxy(state, action.value, action.at), status: loaded(action.value) };
    case 'read-skew':
      return { ...state, skew: loaded(action.value), changed: lastChanged(state, action.value) };
    case 'read-unexpected':
      return { ...state, unexpected: loaded(action.value) };
    case 'read-timeline':
      return { ...state, timeline: loaded(action.value) };
    case 'read-decisions':
      return { ...state, decisions: loaded(withDecisions([], action.items)), held: [], leftOut: 0 };
    case 'not-read':
      return { ...state, [action.page]: { ...state[action.page], failure: action.message } };
    case 'heard-status':
      return {
        ...state,
        live: action.value,
        status: { ...state.status, value: refreshed(state.status.value, action.value) },
      };
    case 'heard-timeline': {
      const { value } = state.timeline;
      if (value === undefined) return state;
      return { ...state, timeline: loaded({ ...value, items: withItems(value.items, action.items) }) };
    }
    case 'heard-decisions':
      if (state.paused) return { ...state, held: withDecisions(state.held, action.items) };
      return { ...state, decisions: loaded(withDecisions(state.decisions.value ?? [], action.items)) };
    case 'left-out':
      return { ...state, leftOut: state.leftOut + action.count };
    case 'paused': {
      if (action.paused) return { ...state, paused: true };
      const items = withDecisions(state.decisions.value ?? [], state.held);
      return { ...state, paused: false, held: [], decisions: { ...state.decisions, value: items } };
    }
    case 'explained':
      return { ...state, explaining: action.explaining };
    case 'tick':
      return { ...state, now: action.now + state.ahead };
  }
}

/** Sets the clock by an answer that arrived at `at`. */
function atProxy(state: ConsoleState, { generatedAt = '' }: ProxyStatus, at: number): ConsoleState {
  const now = Date.parse(generatedAt);
  return Number.isNaN(now) ? state : { ...state, now, ahead: now - at };
}

function loaded<T>(value: T): { readonly value: T; readonly failure: string } {
  return { value, failure: '' };
}

/** A report that says the same again, as the second of two readings does, is no news. */
function lastChanged({ skew, changed }: ConsoleState, report: SkewReport): ReadonlySet<string> {
  const news = changedRows(skew.value, report);
  return news.size === 0 ? changed : news;
}

/** The first attempt that failed says since when the proxy is away. */
function linked(state: ConsoleState, link: ConsoleState['link']): ConsoleState {
  const { link: before, ahead } = state;
  if (link.kind !== 'lost') return { ...state, link };
  return { ...state, link: before.kind === 'lost' ? before : { ...link, since: link.since + ahead } };
}

/** What an event says of servers counts at once; the rest stays as it was read. */
function refreshed(status: ProxyStatus | undefined, live: LiveStatus): ProxyStatus | undefined {
  if (status === undefined) return undefined;
  const servers = status.servers.map((server) => {
    const news = live.servers.find(({ name }) => name === server.name);
    if (news === undefined) return server;
    const { state, version, openExchanges } = news;
    // Since when and why is not known before the page is read again.
    const { since, condition } = state === server.state ? server : { since: '', condition: '' };
    return { ...server, state, since, condition, openExchanges, ...(version !== undefined && { version }) };
  });
  return { ...status, servers };
}
