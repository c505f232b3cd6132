import type { X509Certificate } from 'node:crypto';
import { subjectText } from './certificate-chain.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Time enough to renew, for people as well. */
const SOON_DAYS = 30;

export interface ExpiryFinding {
  readonly status: 'warn' | 'fail';
  /** `expired on 2026-01-01 (CN=x)` */
  readonly text: string;
  readonly certificate: X509Certificate;
}

/** What is to be said of the first of these certificates that is not valid now, or not for long; undefined: nothing. */
export function expiryFinding(certificates: readonly X509Certificate[], now: number): ExpiryFinding | undefined {
  const findings = certificates.flatMap((certificate) => expiryOf(certificate, now) ?? []);
  return findings.find(({ status }) => status === 'fail') ?? findings[0];
}

/** The day on which the first of them expires: `2026-01-31`. */
export function expiryDay(certificates: readonly X509Certificate[]): string {
  return dayOf(Math.min(...certificates.map(({ validToDate }) => validToDate.getTime())));
}

function expiryOf(certificate: X509Certificate, now: number): ExpiryFinding | undefined {
  const from = certificate.validFromDate.getTime();
  const to = certificate.validToDate.getTime();
  const subject = subjectText(certificate);
  if (to < now) return { status: 'fail', text: `expired on ${dayOf(to)} (${subject})`, certificate };
  if (from > now) {
    return { status: 'fail', text: `is not valid before ${new Date(from).toISOString()} (${subject})`, certificate };
  }
  if (to - now >= SOON_DAYS * DAY_MS) return undefined;
  return { status: 'warn', text: `expires on ${dayOf(to)}, ${timeLeft(to - now)} (${subject})`, certificate };
}

function timeLeft(milliseconds: number): string {
  const days = Math.floor(milliseconds / DAY_MS);
  const hours = Math.floor(milliseconds / HOUR_MS);
  if (days > 1) return `in ${days} days`;
  return hours > 1 ? `in ${hours} hours` : 'within two hours';
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
