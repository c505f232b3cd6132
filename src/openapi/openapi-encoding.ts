export type OpenAPIVersion = 'v2' | 'v3';
export type OpenAPIEncoding = 'json' | 'protobuf';

/** Content-Type of a document, exactly as kube-apiserver writes it. */
export function openAPIContentType(version: OpenAPIVersion, encoding: OpenAPIEncoding): string {
  return encoding === 'json' ? 'application/json' : `application/${protobufName(version, '.')}`;
}

/** What to ask servers for. Protobuf goes by its older name, which is no media type but which all of them know. */
export function openAPIAccept(version: OpenAPIVersion, encoding: OpenAPIEncoding): string {
  return encoding === 'json' ? 'application/json' : `application/${protobufName(version, '@')}`;
}

/** `@` in the older of the two names, `.` in the newer. */
export function protobufName(version: OpenAPIVersion, separator: '@' | '.'): string {
  return `com.github.proto-openapi.spec.${version}${separator}v1.0+protobuf`;
}
