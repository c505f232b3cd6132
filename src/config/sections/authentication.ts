import { z } from 'zod';
import { field, headerName, text } from '../field.ts';

const requestHeader = field(
  z
    .strictObject({
      clientCAFile: field(text().optional(), {
        flag: 'requestheader-client-ca-file',
        argument: 'FILE',
        filePath: true,
        description:
          "CA bundle, PEM, that signs front proxies. Give the servers' --requestheader-client-ca-file when requests arrive through an aggregator, another proxy or a server's own peer proxy. Without it nobody may assert another user's identity and every inbound identity header is removed.",
      }),
      allowedNames: field(z.array(text()).default([]), {
        flag: 'requestheader-allowed-names',
        argument: 'NAMES',
        reload: true,
        description:
          'Common names of the front proxies that are trusted. Empty: every certificate signed by the request-header CA is trusted. Use the same value as the servers.',
      }),
      usernameHeaders: field(z.array(headerName()).min(1, 'must name at least one header').default(['X-Remote-User']), {
        flag: 'requestheader-username-headers',
        argument: 'HEADERS',
        description:
          'Headers in which a trusted front proxy states the user name; the first one present counts. Change it only together with the front proxy.',
      }),
      uidHeaders: field(z.array(headerName()).default(['X-Remote-Uid']), {
        flag: 'requestheader-uid-headers',
        argument: 'HEADERS',
        description:
          'Headers in which a trusted front proxy states the UID of the user. Change it only together with the front proxy.',
      }),
      groupHeaders: field(z.array(headerName()).default(['X-Remote-Group']), {
        flag: 'requestheader-group-headers',
        argument: 'HEADERS',
        description:
          'Headers in which a trusted front proxy states the groups of the user. Change it only together with the front proxy.',
      }),
      extraHeaderPrefixes: field(z.array(headerName()).default(['X-Remote-Extra-']), {
        flag: 'requestheader-extra-headers-prefix',
        argument: 'PREFIXES',
        description:
          'Prefixes of the headers in which a trusted front proxy states extra attributes of the user. Change it only together with the front proxy.',
      }),
    })
    .prefault({}),
  {
    title: 'Front proxies',
    description:
      'Who may assert the identity of another user, and in which headers. These names are read; the proxy itself always sends the X-Remote-* names.',
  },
);

export const authentication = field(
  z
    .strictObject({
      clientCAFile: field(text().optional(), {
        flag: 'client-ca-file',
        argument: 'FILE',
        filePath: true,
        description:
          "CA bundle, PEM, that signs users' client certificates. Give the servers' --client-ca-file. Without it client certificates identify nobody; bearer tokens still pass through to the servers.",
      }),
      requestHeader,
    })
    .prefault({}),
  {
    title: 'Authentication',
    description:
      'How clients that do not bring a bearer token are recognised. The servers keep deciding what anybody may do.',
  },
);
