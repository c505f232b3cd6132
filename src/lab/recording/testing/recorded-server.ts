import type { ServerExchange } from '../../../wire/exchange.ts';
import { TypeCatalog } from '../../apiserver/catalog/type-catalog.ts';
import { DiscoveryDocuments } from '../../apiserver/discovery/discovery-documents.ts';
import { OpenapiDocuments } from '../../apiserver/openapi/openapi-documents.ts';
import { answerJson } from '../../apiserver/resources/answer.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import type { Recording } from '../recording.ts';

/** Answers what a server says about itself: version, discovery and OpenAPI; 404 for everything else. */
export function recordedServer(recording: Recording): (exchange: ServerExchange) => Promise<void> {
  const catalog = new TypeCatalog({ recording, store: new MemoryStore(), crdLagMs: 0 });
  const documents = [new DiscoveryDocuments(catalog), new OpenapiDocuments(catalog)];
  return async (exchange) => {
    if (exchange.head.target === '/version') return answerJson(exchange, 200, recording.versionInfo);
    for (const document of documents) if (await document.answer(exchange)) return;
    answerJson(exchange, 404, {});
  };
}
