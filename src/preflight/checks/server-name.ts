import { type Check, eachServerWithTls, finding, listedBriefly, pass } from '../check.ts';

export const serverName: Check = {
  code: 'ServerName',
  run: (setting) =>
    eachServerWithTls(setting, (server, tls) => {
      const { name, spec } = server;
      if (tls.nameError === '') return pass(`The certificate carries ${spec.servername}.`, name);
      const names = namesIn(tls.chain[0]?.subjectAltName);
      const carried = names.length === 0 ? 'none' : listedBriefly(names, 8);
      const [first] = names;
      const text = `Its certificate is not for ${spec.servername}; the names there are ${carried}.`;
      const fix =
        first === undefined
          ? `Issue its --tls-cert-file with the name ${spec.servername}.`
          : `Give --server-tls-name (for one server servers[].serverName) one of these names, or issue its --tls-cert-file with ${spec.servername}.`;
      return finding('fail', text, fix, name);
    }),
};

/** `DNS:a, IP Address:10.0.0.1` without what kind each is. */
function namesIn(subjectAltName: string | undefined): string[] {
  return (subjectAltName ?? '')
    .split(', ')
    .map((name) => name.replace(/^(DNS|IP Address|URI|email):/, ''))
    .filter((name) => name !== '');
}
