/** `1 server`, `2 servers`, `5,000 rows`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}

/** `40 s`, `5 min`, `3 h 5 min`, `2 d 4 h`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}

/** `just now`, `5 min ago`. */
export function secondsAgo(seconds: number): string {
  return seconds < 1 ? 'just now' : `${duration(seconds)} ago`;
}

/** `it rains` and `does it rain?` as sentences. */
export function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** How long ago `at` (RFC 3339) was at `now` (epoch milliseconds): `5 min ago`. */
export function ago(at: string, now: number): string {
  const seconds = (now - Date.parse(at)) / 1000;
  return Number.isNaN(seconds) ? 'at an unknown time' : secondsAgo(seconds);
}

const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });

/** Wall-clock time where the reader is: `14:03:07`. */
export function timeOfDay(at: string): string {
  const time = Date.parse(at);
  return Number.isNaN(time) ? '–' : TIME.format(time);
}

const DAY_AND_TIME = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

/** `14:03:07`, or `3 Mar, 14:03:07` on another day than `today`, which is a `dayOf`. */
export function momentOf(at: string, today: string): string {
  const time = Date.parse(at);
  return Number.isNaN(time) || dayOf(at) === today ? timeOfDay(at) : DAY_AND_TIME.format(time);
}

/** The `dayOf` epoch milliseconds. */
export function dayAt(time: number): string {
  return DAY.format(time);
}

/** Day where the reader is: `Tuesday, 3 March 2026`. */
export function dayOf(at: string): string {
  const time = Date.parse(at);
  return Number.isNaN(time) ? 'Unknown day' : DAY.format(time);
}

/** `apps/v1`; of the core group `v1`. */
export function groupVersion({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === '' ? version : `${group}/${version}`;
}

/** `jobs.v1.batch`, `pods/resize.v1`: as kubectl takes it. */
export function typeName(type: {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource?: string;
}): string {
  return [resourceName(type), type.version, type.group].filter(Boolean).join('.') || 'an unknown type';
}

/** `pods/resize`. */
export function resourceName(row: { readonly resource: string; readonly subresource?: string }): string {
  return row.subresource === undefined || row.subresource === '' ? row.resource : `${row.resource}/${row.subresource}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** `NotServedByAll` as people read it: `Not served by all`. */
export function codeInWords(code: string): string {
  const words = code.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2');
  return words
    .split(/[\s-]+/)
    .map((word, at) => (/^[A-Z0-9]{2,}s?$/.test(word) ? word : at === 0 ? capitalised(word) : word.toLowerCase()))
    .join(' ');
}

function capitalised(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}
