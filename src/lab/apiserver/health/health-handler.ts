import type { ServerExchange } from '../../../wire/exchange.ts';
import { answerPageNotFound, answerText } from '../dispatch/plain-answer.ts';
import { type Health, type HealthCheck, type HealthEndpoint, healthChecks } from './health-checks.ts';

const ENDPOINT = /^\/(healthz|livez|readyz)(?:\/(.*))?$/;

/**
 * Answers `/healthz`, `/livez`, `/readyz` and the single checks below them for any method, with `?verbose` and `?exclude=`
 * (apiserver pkg/server/healthz). False when the path is none of these.
 */
export function answerHealth(exchange: ServerExchange, path: string, query: URLSearchParams, health: Health): boolean {
  const match = ENDPOINT.exec(path);
  if (match === null) return false;
  const endpoint = match[1] as HealthEndpoint;
  const checks = healthChecks(endpoint, health);
  const name = match[2];
  if (name === undefined) answerAll(exchange, endpoint, checks, query);
  else
    answerOne(
      exchange,
      checks.find((check) => check.name === name),
    );
  return true;
}

/** Paths of every check, for the index of `/`. */
export function healthPaths(health: Health): string[] {
  return (['healthz', 'livez', 'readyz'] as const).flatMap((endpoint) => [
    `/${endpoint}`,
    ...healthChecks(endpoint, health).map(({ name }) => `/${endpoint}/${name}`),
  ]);
}

function answerAll(
  exchange: ServerExchange,
  endpoint: HealthEndpoint,
  checks: readonly HealthCheck[],
  query: URLSearchParams,
): void {
  const excluded = new Set(query.getAll('exclude'));
  const failed = checks.filter((check) => !excluded.has(check.name) && !check.passes());
  const lines = checks.map((check) => {
    if (excluded.has(check.name)) return `[+]${check.name} excluded: ok\n`;
    return failed.includes(check) ? `[-]${check.name} failed: reason withheld\n` : `[+]${check.name} ok\n`;
  });
  const unknown = [...excluded].filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) {
    const names = unknown.map((name) => JSON.stringify(name)).join(',');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}\n`);
  }
  if (failed.length > 0) answerText(exchange, 500, `${lines.join('')}${endpoint} check failed\n`);
  else {
    const text = query.has('verbose') ? `${lines.join('')}${endpoint} check passed\n` : 'ok';
    answerText(exchange, 200, text);
  }
}

function answerOne(exchange: ServerExchange, check: HealthCheck | undefined): void {
  if (check === undefined) answerPageNotFound(exchange);
  else if (check.passes()) answerText(exchange, 200, 'ok', false);
  else answerText(exchange, 500, 'internal server error: not ready\n');
}
