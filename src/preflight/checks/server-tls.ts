import { blocked, type Check, eachServer, finding, pass } from '../check.ts';

export const serverTls: Check = {
  code: 'ServerTLS',
  run: (setting) =>
    eachServer(setting, async (server) => {
      const tls = await server.tls();
      const { name } = server;
      if (tls.kind === 'unreachable') return blocked('ServerReachable', server);
      if (tls.kind === 'no-tls') {
        return tls.silent
          ? finding(
              'fail',
              'It accepts connections and does not answer: the process hangs.',
              'Look at its load and its etcd; a process that stays like this has to be restarted.',
              name,
            )
          : finding(
              'fail',
              `TLS fails (${tls.code}): what listens there speaks no TLS 1.2 or newer, or is no kube-apiserver.`,
              'Correct the port in --server NAME=URL.',
              name,
            );
      }
      if (tls.alpn !== 'h2') {
        return finding(
          'fail',
          'It does not offer HTTP/2, which requests are sent with.',
          'Remove --disable-http2-serving from the kube-apiserver.',
          name,
        );
      }
      return pass(`${tls.protocol} with HTTP/2.`, name);
    }),
};
