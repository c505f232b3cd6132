import { type Check, eachServer, finding, pass } from '../check.ts';

const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ETIMEDOUT: 'no answer within 3 s: it is down, or a firewall drops packets',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to its network',
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name does not resolve at the moment',
};

function fixOf(code: string): string {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'Correct its host in --server NAME=URL, or DNS.';
    case 'ECONNREFUSED':
      return 'Start the kube-apiserver on that host, or correct --server NAME=URL.';
    default:
      return 'Start that host, let this machine through to that port (routes, firewalls), or correct --server NAME=URL.';
  }
}

export const serverReachable: Check = {
  code: 'ServerReachable',
  run: (setting) =>
    eachServer(setting, async (server) => {
      const tls = await server.tls();
      const { name } = server;
      if (tls.kind !== 'unreachable') return pass('It accepts connections.', name);
      return finding('fail', `It cannot be connected to: ${CODES[tls.code] ?? tls.code}.`, fixOf(tls.code), name);
    }),
};
