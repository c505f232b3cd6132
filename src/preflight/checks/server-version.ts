import { versionText } from '../../kubernetes/kube-version.ts';
import { blocked, type Check, eachServer, finding, pass } from '../check.ts';

export const serverVersion: Check = {
  code: 'ServerVersion',
  run: (setting) =>
    eachServer(setting, async (server) => {
      const { name } = server;
      const read = await server.version();
      if (read.kind === 'blocked') return blocked(read.by, server);
      if (read.kind === 'read') return pass(`Kubernetes ${versionText(read.value)}.`, name);
      const fix =
        read.status === 403 ? 'kubectl apply -f deploy/rbac.yaml' : 'Ask the server: kubectl get --raw /version';
      return finding('fail', `Its version is not known: ${read.text}.`, fix, name);
    }),
};
