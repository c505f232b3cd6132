import { X509Certificate } from 'node:crypto';

const BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Unix time in seconds at which the first certificate of a PEM bundle expires; undefined: there is none that can be read. */
export function certificateExpiry(pem: string): number | undefined {
  const times = (pem.match(BLOCK) ?? []).flatMap((block) => {
    try {
      return [new X509Certificate(block).validToDate.getTime() / 1000];
    } catch {
      return [];
    }
  });
  return times.length === 0 ? undefined : Math.min(...times);
}
