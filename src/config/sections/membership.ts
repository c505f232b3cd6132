import { z } from 'zod';
import { parseAddressRange } from '../../membership/address-range.ts';
import { parseServersName } from '../../membership/dns-source.ts';
import { field, seconds } from '../field.ts';

const dnsName = z.string().refine((text) => parseServersName(text) !== undefined, {
  error: ({ input }) =>
    `must be NAME or NAME:PORT, for example api.example.com:6443, or the name of SRV records, for example _https._tcp.api.example.com, not ${JSON.stringify(input)}`,
});

const network = z.string().refine((text) => parseAddressRange(text) !== undefined, {
  error: ({ input }) => `must be a network such as 10.0.0.0/8 or fd00::/8, not ${JSON.stringify(input)}`,
});

export const membership = field(
  z
    .strictObject({
      leases: field(z.boolean().default(false), {
        flag: 'membership-leases',
        reload: true,
        description:
          'Finds servers by their identity Leases in kube-system. Only kube-apiservers from 1.36 on write their address there, the one of --advertise-address. Read through the servers that are known already.',
      }),
      endpointSlices: field(z.boolean().default(false), {
        flag: 'membership-endpointslices',
        reload: true,
        description:
          'Finds servers by the EndpointSlices of the Service kubernetes in namespace default, which kube-apiservers keep themselves. Turn it off where those lead to a balancer, as they do in most hosted control planes. Read through the servers that are known already.',
      }),
      dns: field(
        z
          .array(dnsName)
          .refine((names) => names.length <= 16, 'must have at most 16 names')
          .default([]),
        {
          flag: 'membership-dns',
          argument: 'NAMES',
          reload: true,
          description:
            'Names whose A and AAAA records are the servers, each with the port of all of them (NAME:PORT, 6443 if left out), or, if they begin with _, names whose SRV records are. Every record must be one kube-apiserver, never a balancer.',
        },
      ),
      dnsIntervalSeconds: field(seconds(0.1).default(5), {
        flag: 'membership-dns-interval-seconds',
        argument: 'SECONDS',
        reload: true,
        description:
          'Pause between two resolutions of one name. Make it longer where every question costs; a server that left is noticed by its health anyway.',
      }),
      intervalSeconds: field(seconds(0.1).default(30), {
        flag: 'membership-interval-seconds',
        argument: 'SECONDS',
        reload: true,
        description:
          'Pause between two readings of Leases and EndpointSlices. Changes are watched besides and read at once; the pause only matters where watches are refused.',
      }),
      allowedCIDRs: field(z.array(network).default([]), {
        flag: 'membership-allowed-cidrs',
        argument: 'NETWORKS',
        reload: true,
        description:
          "Networks in which servers may be that the list of servers does not have; others are not dialled. Empty: any address but loopback, link-local, multicast and unspecified ones. Name the control plane's network as a second line of defence beside TLS.",
      }),
    })
    .prefault({}),
  {
    title: 'Membership',
    description:
      'Where servers come from besides the list. What a source says is only a proposal: TLS proves each server. A source that fails takes no server away.',
  },
);
