import { blocked, type Check, eachServer, type Finding, finding, listedBriefly, pass } from '../check.ts';
import type { ServerProbe } from '../server-probe.ts';

export const serverReady: Check = {
  code: 'ServerReady',
  run: (setting) =>
    eachServer(setting, async (server) => {
      const { name, readyPath } = server;
      const read = await server.readiness();
      if (read.kind === 'blocked') return blocked(read.by, server);
      if (read.kind === 'failed') return finding('unknown', `Not proved: ${read.text}`, '', name);
      const { value } = read;
      if (value.kind === 'none') {
        return finding(
          'fail',
          `It does not answer ${readyPath}: ${value.message}. It gets no requests.`,
          'Look at its load and its etcd; a process that stays like this has to be restarted.',
          name,
        );
      }
      if (value.status === 200) return pass(`${readyPath} answers ok.`, name);
      if (value.status === 401) return blocked('FrontProxyTrust', server);
      if (value.status === 403) return forbidden(server);
      const failing = [...value.body.toString('utf8').matchAll(/^\[-\](\S+)/gm)].map(([, check = '']) => check);
      const checks = failing.length === 0 ? '' : `; it fails ${listedBriefly(failing)}`;
      return finding(
        'fail',
        `It is not ready: ${readyPath} answers ${value.status}${checks}. It gets no requests.`,
        `Its log says why; kubectl get --raw '/readyz?verbose', asked of that server, shows all of its checks.`,
        name,
      );
    }),
};

/** The manifest grants the default path alone. */
function forbidden(server: ServerProbe): Finding {
  const { name, readyPath } = server;
  const [path = ''] = readyPath.split('?');
  if (path === '/readyz') return blocked('ProxyRBAC', server);
  return finding(
    'fail',
    `The proxy may not read ${path} (--health-path), so that the server counts as not ready and gets no requests.`,
    `Grant get on the path ${path} to the proxy, as deploy/rbac.yaml does on /readyz.`,
    name,
  );
}
