import type { PreflightReport } from '../preflight/preflight-report.ts';
import { AdminError, type AdminPage, jsonAnswer } from './admin-page.ts';

/** `1.37`, `v1.37.2` */
const RELEASE = /^v?\d+\.\d+(\.\d+\S*)?$/;

/** @throws {AdminError} for a release that is not known */
export type ProveLinks = (to: string | undefined) => Promise<PreflightReport>;

/**
 * `GET /preflight[?to=1.37.2]`: proves each link to the servers now, with the proxy's own certificates, and says what an
 * upgrade to a shipped release changes. Answers with a `PreflightReport` within seconds, whatever servers do. Who asks while
 * the same is being proved gets that answer.
 */
export function preflightPage(prove: ProveLinks): AdminPage {
  const running = new Map<string, Promise<PreflightReport>>();
  const once = (to: string): Promise<PreflightReport> => {
    const known = running.get(to);
    if (known !== undefined) return known;
    const proved = prove(to === '' ? undefined : to).finally(() => running.delete(to));
    running.set(to, proved);
    return proved;
  };
  return {
    path: '/preflight',
    async answer({ query }) {
      const to = query.get('to') ?? '';
      if (to !== '' && !RELEASE.test(to)) {
        throw new AdminError(
          'BadRequest',
          `A running proxy compares with a release, such as 1.37 or 1.37.2, and not with "${to}". With --config, mvproxy preflight proves the links itself and takes a context or a directory, too.`,
        );
      }
      return jsonAnswer(await once(to));
    },
  };
}
