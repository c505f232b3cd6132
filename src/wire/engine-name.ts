/** `own`: the HTTP/2 of this project; `node`: the one of Node's library. */
export const ENGINE_NAMES = ['own', 'node'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

const DEFAULT_ENGINE: EngineName = 'own';

/** The environment variable that names the engine of whoever names none. */
export const ENGINE_VARIABLE = 'MVPROXY_HTTP2_ENGINE';

/** What the environment says, be it an engine or a mistake; undefined when it says nothing. */
export function engineOfEnvironment(): string | undefined {
  const name = process.env[ENGINE_VARIABLE];
  return name === '' ? undefined : name;
}

/** The engine of whoever names none. Throws when the environment names one that does not exist. */
export function defaultEngine(): EngineName {
  const name = engineOfEnvironment() ?? DEFAULT_ENGINE;
  const engine = ENGINE_NAMES.find((known) => known === name);
  if (engine !== undefined) return engine;
  throw new TypeError(
    `${ENGINE_VARIABLE} must be ${ENGINE_NAMES.join(' or ')}, not ${JSON.stringify(name)}; unset it for the default (${DEFAULT_ENGINE})`,
  );
}
