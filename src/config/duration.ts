const UNIT_SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1, ms: 1e-3, us: 1e-6, µs: 1e-6, ns: 1e-9 };
const PART = /(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|µs|ns)/g;

/**
 * The seconds of a duration as Go and so the flags of Kubernetes have it: `1m30s`, `500ms`, `0`. Undefined for what is none;
 * a bare number other than 0 is none there, but clear enough here, and is taken as seconds.
 */
export function parseDuration(text: string): number | undefined {
  if (/^(\d+(\.\d*)?|\.\d+)$/.test(text)) return Number(text);
  const parts = [...text.matchAll(PART)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text) return undefined;
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_SECONDS[unit ?? ''] ?? 0), 0);
}
