import type { Http2Engine } from '../http2-engine.ts';
import { serveH2 } from './h2-server.ts';
import { NodeSession } from './upstream-session.ts';

/** HTTP/2 by Node's own library. */
export const nodeEngine: Http2Engine = {
  name: 'node',
  serve: serveH2,
  dial: (options, context, listener) => new NodeSession(options, context, listener),
};
