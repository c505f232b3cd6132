import type { ServerExchange } from '../../../wire/exchange.ts';
import { TypeCatalog } from '../../apiserver/catalog/type-catalog.ts';
import { DiscoveryDocuments } from '../../apiserver/discovery/discovery-documents.ts';
import { OpenapiDocuments } from '../../apiserver/openapi/openapi-documents.ts';
import { answerJson } from '../../apiserver/resources/answer.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import type { Recording } from '../recording.ts';

/** Answers what a server says about itself: version, discovery and OpenAPI; 404 for everything else. */
export function recordedServer(recording: Recording): (exchange: ServerExchange) => void {
  const catalog = new TypeCatalog({ recording, store: new MemoryStore(), crdLagMs: 0 });
  const documents = [new DiscoveryDocuments(catalog), new OpenapiDocuments(catalog)];
  return (exchange) => {
    if (exchange.head.target === '/version') answerJson(exchange, 200, recording.versionInfo);
    else if (!documents.some((document) => document.answer(exchange))) answerJson(exchange, 404, {});
  };
}
