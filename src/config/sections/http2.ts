import { z } from 'zod';
import { ENGINE_NAMES } from '../../wire/engine-name.ts';
import { field } from '../field.ts';

export const http2 = field(
  z
    .strictObject({
      engine: field(z.enum(ENGINE_NAMES).default('own'), {
        flag: 'http2-engine',
        argument: 'own|node',
        description:
          "Which implementation of HTTP/2 speaks with clients and servers. own: this project's, made for relaying. node: the one of Node's library, which takes several times the CPU. It is the way out should the own one have a fault; please report that. The environment variable MVPROXY_HTTP2_ENGINE says the same where neither flag nor file does.",
      }),
    })
    .prefault({}),
  { title: 'HTTP/2', description: 'How HTTP/2 is spoken, with clients and with servers.' },
);
