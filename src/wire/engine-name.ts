/** `own`: the HTTP/2 of this project; `node`: the one of Node's library (nghttp2). */
export type EngineName = 'own' | 'node';

/** The engine of whoever names none. */
export const DEFAULT_ENGINE: EngineName = 'own';
