import { usageError } from '../../base/errors.ts';
import type { Address, MirrorConfig } from '../config.ts';

/**
 * A configuration of Envoy (v3) that routes all requests to the mirror, and to the live server while the mirror is down or drains.
 * Only a request that no connection carried is tried again: none reaches a model twice.
 *
 * @param listen where Envoy takes requests
 * @throws Problem (usage) where the mirror cannot be asked for its health, or the live side is no server
 */
export function envoyConfig(
  { listen, tls, control, live: { target } }: MirrorConfig,
  own: Address,
): Record<string, unknown> {
  if (control === undefined)
    throw usageError(
      'Envoy asks the mirror for its health, and the mirror serves none.',
      'Name an address for it: --control HOST:PORT, or control in the configuration file.',
    );
  if (target.kind !== 'http')
    throw usageError(
      `Envoy cannot fall back to sagemaker:${target.endpoint}, whose requests the mirror signs.`,
      'Let callers fall back to the endpoint themselves.',
    );
  const url = new URL(target.url);
  if (tls !== undefined || url.protocol === 'https:')
    throw usageError(
      `The ${tls === undefined ? 'live server' : 'mirror'} speaks TLS, and both of what Envoy chooses among must speak the same.`,
      'Write the transport_socket of both sides into an Envoy configuration of your own.',
    );
  if (url.pathname !== '/')
    throw usageError(
      `The live side has a path of its own (${url.pathname}), which requests to the mirror have not.`,
      'Let the live server answer on the paths that callers name.',
    );
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  return {
    static_resources: {
      listeners: [
        {
          name: 'callers',
          address: socketAddress(own),
          filter_chains: [
            { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager() }] },
          ],
        },
      ],
      clusters: [
        {
          name: 'mirror_or_live',
          type: 'STRICT_DNS',
          connect_timeout: '1s',
          load_assignment: {
            cluster_name: 'mirror_or_live',
            endpoints: [
              {
                priority: 0,
                lb_endpoints: [
                  {
                    endpoint: {
                      address: socketAddress(reached(listen)),
                      health_check_config: { port_value: control.port },
                    },
                  },
                ],
              },
              {
                priority: 1,
                lb_endpoints: [
                  {
                    endpoint: {
                      address: socketAddress({ host: hostname, port: url.port === '' ? 80 : Number(url.port) }),
                      // It may have no path that tells; it is the last resort in any case.
                      health_check_config: { disable_active_health_check: true },
                    },
                  },
                ],
              },
            ],
          },
          // One mirror that is down is all of them: the live server gets everything then.
          common_lb_config: { healthy_panic_threshold: { value: 0 } },
          health_checks: [
            {
              timeout: '1s',
              interval: '1s',
              unhealthy_threshold: 2,
              healthy_threshold: 1,
              http_health_check: { path: '/healthz' },
            },
          ],
          // A 502 that the mirror passes on is the live server's: only connections tell that the mirror is down.
          outlier_detection: {
            split_external_local_origin_errors: true,
            consecutive_local_origin_failure: 2,
            interval: '1s',
            base_ejection_time: '2s',
            max_ejection_percent: 100,
            enforcing_consecutive_5xx: 0,
            enforcing_consecutive_gateway_failure: 0,
            enforcing_success_rate: 0,
            enforcing_local_origin_success_rate: 0,
          },
        },
      ],
    },
  };
}

function manager(): Record<string, unknown> {
  return {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'callers',
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
    route_config: {
      name: 'all',
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            {
              match: { prefix: '/' },
              route: {
                cluster: 'mirror_or_live',
                // Models and streams take the time that they take.
                timeout: '0s',
                retry_policy: {
                  retry_on: 'connect-failure',
                  num_retries: 1,
                  retry_priority: {
                    name: 'envoy.retry_priorities.previous_priorities',
                    typed_config: {
                      '@type':
                        'type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig',
                      update_frequency: 1,
                    },
                  },
                },
              },
            },
          ],
        },
      ],
    },
  };
}

/** Where another process of this machine reaches what listens there. */
function reached({ host, port }: Address): Address {
  return { host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port };
}

function socketAddress({ host, port }: Address): Record<string, unknown> {
  return { socket_address: { address: host, port_value: port } };
}
