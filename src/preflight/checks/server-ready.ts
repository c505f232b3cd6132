import { blocked, type Check, eachServer, finding, listedBriefly, pass } from '../check.ts';

export const serverReady: Check = {
  code: 'ServerReady',
  run: (setting) =>
    eachServer(setting, async (server) => {
      const { name } = server;
      const read = await server.readiness();
      if (read.kind === 'blocked') return blocked(read.by, server);
      if (read.kind === 'failed') return finding('unknown', `Not proved: ${read.text}`, '', name);
      const { value } = read;
      if (value.kind === 'none') {
        return finding(
          'fail',
          `It does not answer /readyz: ${value.message}. It gets no requests.`,
          'Look at its load and its etcd; a process that stays like this has to be restarted.',
          name,
        );
      }
      if (value.status === 200) return pass('/readyz answers ok.', name);
      if (value.status === 401) return blocked('FrontProxyTrust', server);
      if (value.status === 403) return blocked('ProxyRBAC', server);
      const failing = [...value.body.toString('utf8').matchAll(/^\[-\](\S+)/gm)].map(([, check = '']) => check);
      const checks = failing.length === 0 ? '' : `; it fails ${listedBriefly(failing)}`;
      return finding(
        'fail',
        `It is not ready: /readyz answers ${value.status}${checks}. It gets no requests.`,
        `Its log says why; kubectl get --raw '/readyz?verbose', asked of that server, shows all of its checks.`,
        name,
      );
    }),
};
