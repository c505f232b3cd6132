import type { Pki } from './pki.ts';

/** Flag of `mvproxy serve` → value: the proxy on loopback with the certificates of a lab. Ports and servers are the caller's. */
export function serveFlags(pki: Pki): Readonly<Record<string, string>> {
  return {
    'bind-address': '127.0.0.1',
    'tls-cert-file': pki.proxyServing.certFile,
    'tls-private-key-file': pki.proxyServing.keyFile,
    'client-ca-file': pki.clientCa.certFile,
    'requestheader-client-ca-file': pki.frontProxyCa.certFile,
    'requestheader-allowed-names': 'front-proxy-client',
    'peer-ca-file': pki.servingCa.certFile,
    'proxy-client-cert-file': pki.frontProxyClient.certFile,
    'proxy-client-key-file': pki.frontProxyClient.keyFile,
  };
}
