import { Forwarding } from '../../src/proxy/forwarding.ts';
import type { PreparedRequest } from '../../src/proxy/prepared-request.ts';
import { route } from '../../src/proxy/route.ts';
import { FakeExchange, type FakeRequest } from './fake-exchange.ts';
import type { ArrivedRequest } from './fake-upstream.ts';
import { ProxySetting, type ProxySettingOptions } from './proxy-setting.ts';

const POD = '/api/v1/namespaces/a/pods/x';

/** Forwards one anonymous request, by default a GET of a pod, whose client prefers `server-0`. */
export function forward(
  request: FakeRequest = {},
  options: ProxySettingOptions = {},
  overrides: Partial<PreparedRequest> = {},
) {
  const setting = new ProxySetting(options);
  const exchange = new FakeExchange({ target: POD, ...request });
  const prepared = setting.prepare(exchange, overrides);
  const forwarding = new Forwarding(setting.context, prepared);
  forwarding.start(route(setting.control, { ...prepared, tried: new Set() }, setting.now));
  /** The request that reached server `position`; throws unless there is exactly one. */
  const at = (position: number): ArrivedRequest => setting.server(position).anonymous.arrived;
  return { setting, exchange, at };
}
