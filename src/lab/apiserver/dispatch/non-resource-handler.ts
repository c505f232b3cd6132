import type { RequestInfo } from '../../../kubernetes/request-info.ts';
import type { ServerExchange } from '../../../wire/exchange.ts';
import { groupVersionPath, type JsonObject } from '../../api-object.ts';
import type { Health } from '../health/health-checks.ts';
import { answerHealth, healthPaths } from '../health/health-handler.ts';
import type { ServedTypes } from '../served-type.ts';
import { answerBytes, answerIndented, answerPageNotFound, answerStatus, METHOD_NOT_ALLOWED } from './plain-answer.ts';
import type { RequestCounts } from './request-counts.ts';

/** Answers some paths of its own; false, with the exchange untouched, for all others. */
export interface DocumentAnswerer {
  answer(exchange: ServerExchange): boolean | Promise<boolean>;
}

export interface NonResourceOptions {
  readonly types: ServedTypes;
  readonly versionInfo: JsonObject;
  readonly documents: readonly DocumentAnswerer[];
  readonly health: Health;
  readonly counts: RequestCounts;
}

/** Answers what is no resource: index, version, health, metrics, discovery, OpenAPI; 404 for the rest. */
export async function answerNonResource(
  exchange: ServerExchange,
  { path }: RequestInfo,
  query: URLSearchParams,
  { types, versionInfo, documents, health, counts }: NonResourceOptions,
): Promise<void> {
  switch (path) {
    case '':
    case '/':
      answerIndented(exchange, { paths: indexPaths(types, health) });
      return;
    case '/version':
    case '/version/':
      if (exchange.head.method === 'GET') answerIndented(exchange, versionInfo);
      else answerStatus(exchange, METHOD_NOT_ALLOWED);
      return;
    case '/metrics':
      answerBytes(exchange, 200, ['content-type', 'text/plain; version=0.0.4; charset=utf-8'], counts.text);
      return;
  }
  if (answerHealth(exchange, path, query, health)) return;
  for (const document of documents) if (await document.answer(exchange)) return;
  answerPageNotFound(exchange);
}

function indexPaths(types: ServedTypes, health: Health): string[] {
  const paths = new Set([
    '/api',
    '/apis',
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/version',
    ...healthPaths(health),
  ]);
  for (const type of types.all()) {
    if (type.group !== '') paths.add(`/apis/${type.group}`);
    paths.add(groupVersionPath(type));
  }
  return [...paths].sort();
}
