import { openExchanges } from '../proxy/proxy-snapshot.ts';
import { NO_POLICY } from '../routing/routing-policy.ts';
import { AdminError, type AdminPage, jsonAnswer, required } from './admin-page.ts';
import { ageSeconds, type ControlView, monitorOf } from './control-view.ts';
import { type ExplainedView, explainRequest } from './request-explanation.ts';

/**
 * `GET /explain?method=GET&path=/apis/…[&server=NAME][&client=USER-AGENT]`: how the URL is read, who serves it, which
 * server would answer and why. `server` is taken for the preferred server, and it is told what it serves by itself;
 * `client` is taken for the client's User-Agent. Nothing is asked of any server. Answers with a `RequestExplanation`.
 */
export function explainPage(view: ControlView): AdminPage {
  return {
    path: '/explain',
    answer({ query }) {
      const method = (query.get('method') ?? 'GET').toUpperCase();
      const path = required(query, 'path', '/explain?method=GET&path=/apis/apps/v1/deployments');
      if (!path.startsWith('/')) {
        throw new AdminError('BadRequest', `The path must begin with "/", as in /api/v1/pods: ${path}`);
      }
      const server = query.get('server') ?? undefined;
      if (server !== undefined) monitorOf(view.registry(), server);
      const asker = { server, userAgent: query.get('client') ?? undefined };
      return jsonAnswer(explainRequest(explainedView(view), method, path, asker));
    },
  };
}

/** What the proxy knows at this moment. */
function explainedView({ registry, clock, freshnessWindowMs, policy = NO_POLICY }: ControlView): ExplainedView {
  const { snapshot, monitors } = registry();
  const now = clock();
  return {
    snapshot,
    known(name) {
      const monitor = monitors.find(({ spec }) => spec.name === name);
      return {
        discovery: monitor?.fetched?.discovery,
        failure: monitor?.discoveryFailure ?? '',
        ageSeconds: ageSeconds(monitor?.confirmedAt ?? 0, now),
        source: 'proxy',
      };
    },
    load: (at) => openExchanges(snapshot.backends[at]),
    now,
    freshnessWindowMs,
    policy,
  };
}
