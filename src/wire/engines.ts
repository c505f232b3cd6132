import { defaultEngine, type EngineName } from './engine-name.ts';
import type { Http2Engine } from './http2-engine.ts';
import { nodeEngine } from './node-http2/node-engine.ts';
import { ownEngine } from './own-http2/own-engine.ts';

const ENGINES: Readonly<Record<EngineName, Http2Engine>> = {
  own: ownEngine,
  node: nodeEngine,
};

/** Throws when the name is left to an environment that says something else than the name of an engine. */
export function engineOf(name?: EngineName): Http2Engine {
  return ENGINES[name ?? defaultEngine()];
}
