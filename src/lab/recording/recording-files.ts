/** The files of one recording, in its directory. */
export const VERSION_FILE = 'version.json';
export const API_FILE = 'api.json';
export const APIS_FILE = 'apis.json';
/** An OpenAPI v3 document with nothing but `components.schemas`, Brotli-compressed. */
export const SCHEMAS_FILE = 'openapi-v3.json.br';

/** `storageVersionHash` of each stored resource, by group-version and resource; where the server told them. */
export const STORAGE_FILE = 'storage-versions.json';

/** Bytes of an uncompressed file. A cluster with 20 000 custom resource types stays far below. */
export const MAX_DOCUMENT_BYTES = 64 * 1024 * 1024;
/** Bytes of all schemas, uncompressed; a default server has 2 MiB. */
export const MAX_SCHEMAS_BYTES = 256 * 1024 * 1024;
