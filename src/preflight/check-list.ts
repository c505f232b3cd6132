import type { Check } from './check.ts';
import { apiUsage } from './checks/api-usage.ts';
import { changingApis } from './checks/changing-apis.ts';
import { clockSkew } from './checks/clock-skew.ts';
import { configuration } from './checks/configuration.ts';
import { frontProxyTrust } from './checks/front-proxy-trust.ts';
import { membership } from './checks/membership.ts';
import { mergedView } from './checks/merged-view.ts';
import { nativeProxy } from './checks/native-proxy.ts';
import { ownCertificates } from './checks/own-certificates.ts';
import { proxyRbac } from './checks/proxy-rbac.ts';
import { serverCa } from './checks/server-ca.ts';
import { serverExpiry } from './checks/server-expiry.ts';
import { serverName } from './checks/server-name.ts';
import { serverReachable } from './checks/server-reachable.ts';
import { serverReady } from './checks/server-ready.ts';
import { serverTls } from './checks/server-tls.ts';
import { serverVersion } from './checks/server-version.ts';
import { versionSkew } from './checks/version-skew.ts';

/** All checks, in the order of the report: each link before those that need it. */
export const CHECKS: readonly Check[] = [
  configuration,
  ownCertificates,
  membership,
  mergedView,
  serverReachable,
  serverTls,
  serverCa,
  serverName,
  serverExpiry,
  frontProxyTrust,
  proxyRbac,
  serverReady,
  clockSkew,
  serverVersion,
  versionSkew,
  nativeProxy,
  changingApis,
  apiUsage,
];
