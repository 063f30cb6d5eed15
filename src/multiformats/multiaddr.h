/* Multiaddr components: a cursor over packed bytes. Spec: multiformats/multiaddr, protocols.csv. */
#ifndef P2P_MULTIFORMATS_MULTIADDR_H
#define P2P_MULTIFORMATS_MULTIADDR_H

#include "base/bytes.h"
#include <p2p/addr.h>

enum p2p__ma_code {
  P2P__MA_IP4 = 4,
  P2P__MA_TCP = 6,
  P2P__MA_IP6 = 41,
  P2P__MA_IP6ZONE = 42,
  P2P__MA_IPCIDR = 43,
  P2P__MA_DNS = 53,
  P2P__MA_DNS4 = 54,
  P2P__MA_DNS6 = 55,
  P2P__MA_DNSADDR = 56,
  P2P__MA_UDP = 273,
  P2P__MA_WEBRTC_DIRECT = 280,
  P2P__MA_WEBRTC = 281,
  P2P__MA_P2P_CIRCUIT = 290,
  P2P__MA_UNIX = 400,
  P2P__MA_P2P = 421,
  P2P__MA_HTTPS = 443,
  P2P__MA_ONION = 444,
  P2P__MA_ONION3 = 445,
  P2P__MA_GARLIC64 = 446,
  P2P__MA_GARLIC32 = 447,
  P2P__MA_TLS = 448,
  P2P__MA_SNI = 449,
  P2P__MA_NOISE = 454,
  P2P__MA_QUIC = 460,
  P2P__MA_QUIC_V1 = 461,
  P2P__MA_WEBTRANSPORT = 465,
  P2P__MA_CERTHASH = 466,
  P2P__MA_WS = 477,
  P2P__MA_WSS = 478,
  P2P__MA_HTTP = 480,
  P2P__MA_HTTP_PATH = 481,
  P2P__MA_MEMORY = 777
};

typedef struct p2p__ma_part {
  uint32_t code;
  p2p_bytes value; /* without its length prefix; inside the address */
} p2p__ma_part;

/* 1: *part is the next component. 0: the end. P2P_EADDR: unknown code or broken value; sticky. */
P2P_MUST_USE int p2p__ma_next(p2p__rd *r, p2p__ma_part *part);

/* Appends one component, whole or not at all; w's sticky error when there is no room, P2P_EINVAL
 * when the code is unknown or the value has not its size. */
void p2p__ma_add(p2p__wr *w, uint32_t code, p2p_bytes value);
/* /ip4|ip6/…[/ip6zone is never written]/tcp|udp/port of an endpoint. code: P2P__MA_TCP or _UDP. */
void p2p__ma_add_endpoint(p2p__wr *w, const p2p_endpoint *ep, uint32_t code);
/* Reads [/ip6zone/number]/ip4|ip6/x/tcp|udp/y at the cursor; P2P_EADDR, *r and *ep untouched, when
 * something else is there. code: P2P__MA_TCP or _UDP. */
P2P_MUST_USE int p2p__ma_endpoint(p2p__rd *r, p2p_endpoint *ep, uint32_t code);
/* The address without a last /p2p/ID; *peer (may be NULL) gets that ID or an all-zero one.
 * P2P_EADDR. */
P2P_MUST_USE int p2p__ma_split_peer(p2p_bytes addr, p2p_bytes *base, p2p_peer_id *peer);

/* What an IP address is good for. IPv6 that stands for an IPv4 address (v4-mapped, NAT64, 6to4) is
 * judged as that address. */
typedef enum p2p__ip_class {
  P2P__IP_PUBLIC,
  P2P__IP_PRIVATE, /* RFC 1918, ULA, CGN, local NAT64, site-local */
  P2P__IP_LOOPBACK,
  P2P__IP_LINK_LOCAL,
  P2P__IP_UNSPECIFIED,
  P2P__IP_MULTICAST,
  P2P__IP_RESERVED /* documentation and the rest */
} p2p__ip_class;
p2p__ip_class p2p__ip_classify(const p2p_endpoint *ep);
/* The same in a word, finer: private is "private" (RFC 1918), "cgn", "ula" or "nat64"; reserved is
 * "documentation" or "reserved". Static. */
const char *p2p__ip_class_name(const p2p_endpoint *ep);
/* Turns a v4-mapped IPv6 endpoint into the IPv4 one it is; for every comparison and filter. */
void p2p__endpoint_canonical(p2p_endpoint *ep);
/* Whether both are the same place, in whichever form. */
bool p2p__endpoint_eq(const p2p_endpoint *a, const p2p_endpoint *b);

#endif
