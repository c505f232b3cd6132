import type { ServerExchange } from '../../../wire/exchange.ts';
import { fieldValue } from '../../../wire/fields.ts';
import { answerBytes } from './plain-answer.ts';

const PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/**
 * Answers `/openapi/v2` with a document that describes no type. kubectl before 1.28 refuses to apply or explain anything
 * without one; of a type that it does not find there it checks nothing, and takes the descriptions from `/openapi/v3`.
 */
export function answerOpenapiV2(exchange: ServerExchange, version: string): void {
  const asksForProtobuf = fieldValue(exchange.head.fields, 'accept')?.includes('proto-openapi') ?? false;
  // As protobuf it is `swagger`, field 1, alone.
  if (asksForProtobuf) answerBytes(exchange, 200, ['content-type', PROTOBUF], '\n\u00032.0');
  else {
    const document = { swagger: '2.0', info: { title: 'Kubernetes', version: `v${version}` }, paths: {} };
    answerBytes(exchange, 200, ['content-type', 'application/json'], JSON.stringify(document));
  }
}
