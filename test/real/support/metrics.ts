import type { ProxyProcess } from '../../../tools/control-plane/proxy.ts';
import { apiRequest } from './api-request.ts';

/** The sum of all samples of a metric whose labels contain `labels`, such as `decision="NobodyCapable"`. */
export async function metricSum(proxy: ProxyProcess, name: string, labels = ''): Promise<number> {
  const { body } = await apiRequest(`${proxy.adminUrl}/metrics`);
  let sum = 0;
  for (const line of body.split('\n')) {
    const [, metric, pairs = '', value = ''] = /^(\w+)(\{[^}]*\})? (\S+)$/.exec(line) ?? [];
    if (metric === name && pairs.includes(labels)) sum += Number(value);
  }
  return sum;
}
