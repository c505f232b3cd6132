import type { ProxyStatus, ServerStatus, SkewReport, SkewRow, Unexpected404, Unexpected404List } from './answers.ts';
import { placeHref } from './place.ts';
import { hasReached } from './unexpected.ts';
import { ago, counted, listed, sentence, timeOfDay, typeName } from './words.ts';

/** An unexpected 404 that is younger says that something is going wrong now. */
export const QUIET_MS = 10 * 60_000;

/** The answer to "is it safe to go on?". */
export interface Verdict {
  readonly kind: 'yes' | 'wait' | 'no' | 'unknown';
  readonly title: string;
  /** Why not; empty when it is. */
  readonly reasons: readonly Reason[];
  /** What was looked at and is well, in clauses. */
  readonly facts: readonly string[];
}

export interface Reason {
  readonly text: string;
  /** Where in the console to see more. */
  readonly href: string;
}

export interface Evidence {
  /** Since when nothing is heard of the proxy; undefined while it answers. Epoch milliseconds. */
  readonly lostSince: number | undefined;
  readonly status: ProxyStatus | undefined;
  readonly skew: SkewReport | undefined;
  readonly unexpected: Unexpected404List | undefined;
  /** Why some of these could not be read last: they are from before, if there are any. */
  readonly failures: readonly string[];
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Whether the next server can be upgraded: all servers ready, the merged view published, and no client was given an
 * unexpected 404 within `QUIET_MS`. What cannot be read is not known to be well.
 */
export function judge(evidence: Evidence): Verdict {
  const { lostSince, status, skew, unexpected, failures, now } = evidence;
  if (lostSince !== undefined) {
    const text = `The proxy's admin listener has not answered since ${timeOfDay(new Date(lostSince).toISOString())}; what is shown below is from before.`;
    return { kind: 'unknown', title: 'Not known', reasons: [{ text, href: placeHref('servers') }], facts: [] };
  }
  const unread = [...new Set(failures)].map((failure) => ({ text: unreadText(failure), href: placeHref('servers') }));
  if (status === undefined) return unknown(unread, []);
  const alarms = [...viewAlarms(status), ...recent404s(unexpected, now)];
  const waits = [...status.servers.flatMap(serverReasons), ...viewReasons(status), ...skewReasons(skew)];
  if (status.servers.length === 0) waits.push({ text: 'No server is known.', href: placeHref('servers') });
  const facts = factsOf(evidence, status);
  const all = [...alarms, ...unread, ...waits];
  if (alarms.length > 0) return { kind: 'no', title: 'No, stop here', reasons: all, facts };
  if (unread.length > 0 || skew === undefined || unexpected === undefined) return unknown(all, facts);
  if (waits.length > 0) return { kind: 'wait', title: 'Not yet', reasons: waits, facts };
  return { kind: 'yes', title: 'Yes, go on', reasons: [], facts };
}

/** Without a reason the answers are on their way. */
function unknown(reasons: readonly Reason[], facts: readonly string[]): Verdict {
  return { kind: 'unknown', title: reasons.length === 0 ? 'Asking the proxy …' : 'Not known', reasons, facts };
}

function unreadText(failure: string): string {
  return sentence(`Not everything can be read, and some of what is shown is from before: ${failure}`);
}

function viewAlarms({ view, viewCondition = '' }: ProxyStatus): Reason[] {
  if (view === 'merged') return [];
  const why = viewCondition || 'peer traffic cannot be authenticated';
  const text = `There is no merged view (${why}): each client sees what its own server serves and is given that server’s 404s.`;
  return [{ text, href: placeHref('servers') }];
}

function recent404s(list: Unexpected404List | undefined, now: number): Reason[] {
  const recent = relayed(list).filter(({ lastAt }) => now - Date.parse(lastAt) < QUIET_MS);
  const byClient = new Map<string, Unexpected404[]>();
  for (const item of recent) byClient.set(item.client, [...(byClient.get(item.client) ?? []), item]);
  return [...byClient].map(([client, items]) => {
    const types = listed([...new Set(items.map(typeName))].slice(0, 3));
    const last =
      items
        .map(({ lastAt }) => lastAt)
        .sort()
        .at(-1) ?? '';
    const count = items.reduce((sum, item) => sum + item.count, 0);
    const text = `${client || 'A client without a name'} was given ${counted(count, '404')} it should not have been given, for ${types}; the last one ${ago(last, now)}.`;
    return { text, href: placeHref('404s') };
  });
}

function serverReasons({ name, state, condition, discovery }: ServerStatus): Reason[] {
  const href = placeHref('servers');
  if (state !== 'ready')
    return [{ text: sentence(`${name} is ${state}${condition === '' ? '' : `: ${condition}`}`), href }];
  if (discovery.failure === '') return [];
  return [{ text: sentence(`The discovery of ${name} cannot be read: ${discovery.failure}`), href }];
}

function viewReasons({ view, settled, unreadiness = [] }: ProxyStatus): Reason[] {
  const href = placeHref('timeline');
  const reasons = unreadiness.map((why) => ({ text: sentence(`The proxy itself is not ready: ${why}`), href }));
  if (view === 'merged' && !settled) {
    const text = 'The merged documents are being prepared: clients still read the ones from before the last change.';
    reasons.unshift({ text, href });
  }
  return reasons;
}

/** Types for which every request gets 503 at the moment. */
function skewReasons(skew: SkewReport | undefined): Reason[] {
  if (skew === undefined) return [];
  const whole = skew.rows.filter(({ subresource }) => subresource === '');
  const has = ({ servers }: SkewRow, serves: string) => servers.some((cell) => cell.serves === serves);
  const hasReady = ({ servers }: SkewRow) =>
    servers.some((cell, at) => cell.serves === 'yes' && skew.servers[at]?.ready === true);
  const stranded = whole.filter((row) => has(row, 'yes') && !hasReady(row)).length;
  const stale = whole.filter((row) => has(row, 'stale') && !has(row, 'yes')).length;
  const reasons: Reason[] = [];
  const href = placeHref('skew', { differences: 'true' });
  if (stranded > 0) {
    const only =
      stranded === 1 ? 'is served only by servers that are not ready' : 'are served only by servers that are not ready';
    reasons.push({ text: `${counted(stranded, 'resource')} ${only}: requests get 503 and are tried again.`, href });
  }
  if (stale > 0) {
    const text = `The extension server behind ${counted(stale, 'resource')} does not answer: requests get 503.`;
    reasons.push({ text, href });
  }
  return reasons;
}

/** What clients were given; everything else was kept from them. */
function relayed(list: Unexpected404List | undefined): readonly Unexpected404[] {
  return (list?.items ?? []).filter(hasReached);
}

function factsOf({ unexpected, now }: Evidence, { servers, view }: ProxyStatus): string[] {
  const ready = servers.filter(({ state }) => state === 'ready').length;
  const versions = [...new Set(servers.flatMap(({ version }) => (version === undefined ? [] : [version])))];
  const facts = [`${ready} of ${counted(servers.length, 'server')} ready`];
  if (view === 'merged') facts.push(`merged view of ${listed(versions) || 'no version yet'}`);
  const last = relayed(unexpected)
    .map(({ lastAt }) => lastAt)
    .sort()
    .at(-1);
  if (last !== undefined && now - Date.parse(last) < QUIET_MS) return facts;
  if (last !== undefined) facts.push(`no unexpected 404 since ${timeOfDay(last)} (${ago(last, now)})`);
  else if (unexpected !== undefined) {
    facts.push(`no unexpected 404 since the proxy started, ${ago(unexpected.since, now)}`);
  }
  return facts;
}
