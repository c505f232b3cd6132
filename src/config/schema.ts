import { z } from 'zod';
import { field } from './field.ts';
import { authentication } from './sections/authentication.ts';
import { discovery, health, logging, routing, shutdown } from './sections/control.ts';
import { http2 } from './sections/http2.ts';
import { limits } from './sections/limits.ts';
import { admin, serving } from './sections/listeners.ts';
import { membership } from './sections/membership.ts';
import { publishing } from './sections/publishing.ts';
import { kubeconfig, localServer, peers, servers } from './sections/servers.ts';
import { tracing } from './sections/tracing.ts';

export const API_VERSION = 'config.mixed-version-proxy.io/v1alpha1';
export const KIND = 'MixedVersionProxyConfiguration';

/**
 * The configuration: the one source of defaults, types, flags, the reference page and the JSON Schema. Rules that
 * concern several fields are in `validate.ts`.
 */
export const configurationSchema = field(
  z.strictObject({
    apiVersion: field(z.literal(API_VERSION), { description: 'Version of this file format.' }),
    kind: field(z.literal(KIND), { description: 'Kind of this file.' }),
    serving,
    servers,
    localServer,
    membership,
    peers,
    publishing,
    kubeconfig,
    authentication,
    discovery,
    health,
    routing,
    limits,
    http2,
    shutdown,
    admin,
    logging,
    tracing,
  }),
  { title: KIND, description: 'Configuration file of mvproxy.' },
);

/** `T` with everything in it readonly. */
export type Immutable<T> = T extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T;

/** What the schema alone guarantees. */
export type Settings = Immutable<z.output<typeof configurationSchema>>;

/**
 * A complete, valid configuration: every default filled in, file paths absolute, units in the names of the fields.
 * `loadConfiguration` makes it and freezes it deeply.
 */
export type Configuration = Omit<Settings, 'serving'> & {
  readonly serving: Settings['serving'] & { readonly tlsCertFile: string; readonly tlsPrivateKeyFile: string };
};
