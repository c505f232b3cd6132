/**
 * The dependency injection inside `@peculiar/x509` refuses to load unless `Reflect` can tell constructor parameter
 * types. The classes it injects have no constructor parameters, so "nothing known" is the complete answer.
 */
const nothingKnown = { getMetadata: () => undefined, getOwnMetadata: () => undefined, defineMetadata: () => {} };
if (!('getMetadata' in Reflect)) Object.assign(Reflect, nothingKnown);
