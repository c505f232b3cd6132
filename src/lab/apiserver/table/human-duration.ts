const UNKNOWN = '<unknown>';

/** A duration as kube-apiserver prints ages: two or three significant figures (apimachinery pkg/util/duration). */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  // Clocks that differ by less than two seconds are taken as equal.
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 2 * 60) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return withRest(`${minutes}m`, seconds % 60, 's');
  if (minutes < 3 * 60) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return withRest(`${hours}h`, minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (days < 8) return withRest(`${days}d`, hours % 24, 'h');
  if (days < 2 * 365) return `${days}d`;
  const years = Math.trunc(days / 365);
  if (years < 8) return withRest(`${years}y`, days % 365, 'd');
  return `${years}y`;
}

/** Time from `timestamp` (RFC 3339) to `now` (epoch milliseconds); `<unknown>` without a timestamp. */
export function timeSince(timestamp: unknown, now: number): string {
  if (typeof timestamp !== 'string' || timestamp === '') return UNKNOWN;
  return humanDuration(now - Date.parse(timestamp));
}

function withRest(whole: string, rest: number, unit: string): string {
  return rest === 0 ? whole : `${whole}${rest}${unit}`;
}
