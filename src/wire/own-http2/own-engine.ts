import { Http2ServerConnection } from '../http2/server-connection.ts';
import type { Http2Engine } from '../http2-engine.ts';
import { listenerLimits } from './own-limits.ts';
import { OwnSession } from './own-session.ts';

/** HTTP/2 in our own frames (src/wire/http2). */
export const ownEngine: Http2Engine = {
  name: 'own',
  serve: (socket, connection, handler, limits) =>
    new Http2ServerConnection(socket, connection, handler, listenerLimits(limits)),
  dial: (options, context, listener) => new OwnSession(options, context, listener),
};
