/* What IP addresses are good for. Spec: the IANA special-purpose address registries (RFC 6890 and
 * its updates), as a table. */
#include "multiformats/multiaddr.h"

typedef struct block {
  uint8_t prefix[16];
  uint8_t bits; /* of the prefix that count */
  uint8_t class;
  const char *name; /* NULL: that of the class */
} block;

static const char *const class_names[] = {
  [P2P__IP_PUBLIC] = "public",           [P2P__IP_PRIVATE] = "private",
  [P2P__IP_LOOPBACK] = "loopback",       [P2P__IP_LINK_LOCAL] = "link-local",
  [P2P__IP_UNSPECIFIED] = "unspecified", [P2P__IP_MULTICAST] = "multicast",
  [P2P__IP_RESERVED] = "reserved",
};

/* The first match says. What none matches is public. */
static const block blocks4[] = {
  { { 0, 0, 0, 0 }, 32, P2P__IP_UNSPECIFIED, NULL },
  { { 0 }, 8, P2P__IP_RESERVED, NULL },        /* this network */
  { { 10 }, 8, P2P__IP_PRIVATE, NULL },        /* RFC 1918 */
  { { 100, 64 }, 10, P2P__IP_PRIVATE, "cgn" }, /* carrier-grade NAT, RFC 6598 */
  { { 127 }, 8, P2P__IP_LOOPBACK, NULL },
  { { 169, 254 }, 16, P2P__IP_LINK_LOCAL, NULL },              /* RFC 3927 */
  { { 172, 16 }, 12, P2P__IP_PRIVATE, NULL },                  /* RFC 1918 */
  { { 192, 0, 0 }, 24, P2P__IP_RESERVED, NULL },               /* protocol assignments */
  { { 192, 0, 2 }, 24, P2P__IP_RESERVED, "documentation" },    /* RFC 5737 */
  { { 192, 88, 99 }, 24, P2P__IP_RESERVED, NULL },             /* 6to4 relays, gone */
  { { 192, 168 }, 16, P2P__IP_PRIVATE, NULL },                 /* RFC 1918 */
  { { 198, 18 }, 15, P2P__IP_RESERVED, NULL },                 /* benchmarks */
  { { 198, 51, 100 }, 24, P2P__IP_RESERVED, "documentation" }, /* RFC 5737 */
  { { 203, 0, 113 }, 24, P2P__IP_RESERVED, "documentation" },  /* RFC 5737 */
  { { 224 }, 4, P2P__IP_MULTICAST, NULL },
  { { 240 }, 4, P2P__IP_RESERVED, NULL }, /* future use, broadcast */
};

static const block blocks6[] = {
  { { 0 }, 128, P2P__IP_UNSPECIFIED, NULL },
  { { [15] = 1 }, 128, P2P__IP_LOOPBACK, NULL },
  { { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48, P2P__IP_PRIVATE, "nat64" }, /* local NAT64, RFC 8215 */
  { { 0xfc }, 7, P2P__IP_PRIVATE, "ula" },                         /* unique local, RFC 4193 */
  { { 0xfe, 0x80 }, 10, P2P__IP_LINK_LOCAL, NULL },
  { { 0xfe, 0xc0 }, 10, P2P__IP_PRIVATE, NULL }, /* site-local, deprecated */
  { { 0xff }, 8, P2P__IP_MULTICAST, NULL },
  { { 0x20, 0x01, 0x00 }, 23, P2P__IP_RESERVED, NULL }, /* protocol assignments, Teredo */
  { { 0x20, 0x01, 0x0d, 0xb8 }, 32, P2P__IP_RESERVED, "documentation" }, /* RFC 3849 */
  { { 0x3f, 0xff }, 20, P2P__IP_RESERVED, "documentation" },             /* RFC 9637 */
  { { 0x20 }, 3, P2P__IP_PUBLIC, NULL },                                 /* global unicast */
  { { 0 }, 0, P2P__IP_RESERVED, NULL }, /* all else is not assigned */
};

/* IPv6 prefixes behind which an IPv4 address stands: it is what packets will reach. */
static const struct {
  uint8_t prefix[12];
  uint8_t bits, at; /* of the prefix; where the IPv4 address begins */
} embedded[] = {
  { { [10] = 0xff, [11] = 0xff }, 96, 12 }, /* v4-mapped, RFC 4291 */
  { { 0, 0x64, 0xff, 0x9b }, 96, 12 },      /* NAT64, RFC 6052 */
  { { 0x20, 0x02 }, 16, 2 },                /* 6to4, RFC 3056 */
};

static bool has_prefix(const uint8_t *ip, const uint8_t *prefix, unsigned bits) {
  unsigned whole = bits / 8, rest = bits % 8;
  if (memcmp(ip, prefix, whole) != 0) return false;
  return rest == 0 || (ip[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

static const block *find(const block *table, size_t n, const uint8_t *ip) {
  for (size_t i = 0; i < n; i++) {
    if (has_prefix(ip, table[i].prefix, table[i].bits)) return &table[i];
  }
  return NULL;
}

/* The block that says; NULL: none does, so it is public. */
static const block *block_of(const p2p_endpoint *ep) {
  if (ep->family == 4) return find(blocks4, P2P_COUNT(blocks4), ep->ip);
  for (size_t i = 0; i < P2P_COUNT(embedded); i++) {
    if (has_prefix(ep->ip, embedded[i].prefix, embedded[i].bits))
      return find(blocks4, P2P_COUNT(blocks4), ep->ip + embedded[i].at);
  }
  return find(blocks6, P2P_COUNT(blocks6), ep->ip);
}

p2p__ip_class p2p__ip_classify(const p2p_endpoint *ep) {
  if (ep->family != 4 && ep->family != 6) return P2P__IP_RESERVED;
  const block *b = block_of(ep);
  return b ? (p2p__ip_class)b->class : P2P__IP_PUBLIC;
}

const char *p2p__ip_class_name(const p2p_endpoint *ep) {
  const block *b = ep->family == 4 || ep->family == 6 ? block_of(ep) : NULL;
  return b && b->name ? b->name : class_names[p2p__ip_classify(ep)];
}

void p2p__endpoint_canonical(p2p_endpoint *ep) {
  if (ep->family != 6 || !has_prefix(ep->ip, embedded[0].prefix, embedded[0].bits)) return;
  memmove(ep->ip, ep->ip + 12, 4);
  memset(ep->ip + 4, 0, 12);
  ep->family = 4;
  ep->scope = 0;
}

bool p2p__endpoint_eq(const p2p_endpoint *a, const p2p_endpoint *b) {
  p2p_endpoint x = *a, y = *b;
  p2p__endpoint_canonical(&x);
  p2p__endpoint_canonical(&y);
  return x.family == y.family && x.port == y.port && x.scope == y.scope &&
         memcmp(x.ip, y.ip, x.family == 4 ? 4 : 16) == 0;
}
