/**
 * An API server of your own with the mixed version proxy inside. PKI holds the files of kubeadm's /etc/kubernetes/pki.
 * node examples/library.ts NAME PORT RESOURCE PKI [PEER=https://HOST:PORT …]
 */
import { readFileSync } from 'node:fs';
import { createAuthenticator, createMixedVersionProxy, fromFetchHandler, listen } from 'mixed-version-proxy/server';

const [name = '', port = '', resource = '', pki = '', ...peers] = process.argv.slice(2);
const pem = (file: string) => readFileSync(`${pki}/${file}`, 'utf8');
const clients = {
  clientCa: pem('ca.crt'),
  requestHeaderCa: pem('front-proxy-ca.crt'),
  allowedNames: ['front-proxy-client'],
};
const frontProxy = { cert: pem('front-proxy-client.crt'), key: pem('front-proxy-client.key') };

const kind = {
  responseKind: { group: '', version: '', kind: 'Thing' },
  scope: 'Cluster',
  singularResource: '',
  verbs: ['list'],
};
const versions = [{ version: 'v1', freshness: 'Current', resources: [{ resource, ...kind }] }];
const groups = { '/api': [], '/apis': [{ metadata: { name: 'example.com' }, versions }] };
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
const authenticate = createAuthenticator(clients);

const handler = fromFetchHandler((request, caller) => {
  const { pathname } = new URL(request.url);
  if (pathname === '/readyz') return new Response('ok');
  if (pathname === '/version') return Response.json({ gitVersion: 'v1.37.0' });
  const who = authenticate(caller);
  if (pathname === '/api' || pathname === '/apis') {
    const list = { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', items: groups[pathname] };
    return new Response(JSON.stringify(list), { headers: { 'content-type': aggregated } });
  }
  if (pathname !== `/apis/example.com/v1/${resource}`) return new Response('404 page not found\n', { status: 404 });
  return Response.json({ servedBy: name, user: who.kind === 'asserted' ? who.user.name : 'system:anonymous' });
});

const proxy = createMixedVersionProxy({
  local: { name, handler },
  peers: peers.map((peer) => ({ name: peer.slice(0, peer.indexOf('=')), url: peer.slice(peer.indexOf('=') + 1) })),
  trust: { ...clients, peerCa: clients.clientCa, proxyClientCertificate: frontProxy },
});
const tls = {
  cert: pem('apiserver.crt'),
  key: pem('apiserver.key'),
  clientCa: clients.clientCa + clients.requestHeaderCa,
};
const listener = await listen({ host: '127.0.0.1', port: Number(port), tls, handler: proxy.handler });
await proxy.ready();
process.stdout.write(`${name} serves ${resource} on https://127.0.0.1:${listener.port}\n`);
process.once('SIGTERM', async () => {
  await listener.close(10_000);
  await proxy.stop(0);
});
