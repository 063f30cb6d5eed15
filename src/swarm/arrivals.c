/* Half-open connections by where they come from. See arrivals.h. */
#include "swarm/arrivals.h"
#include "multiformats/multiaddr.h"

enum { PREFIXES = 2 };

typedef struct prefix {
  uint64_t key;
  uint64_t most;
} prefix;

/* The kind of prefix in the top byte, its bits below. */
static uint64_t prefix_key(uint8_t kind, const uint8_t *ip, size_t bytes) {
  uint64_t key = kind;
  for (size_t i = 0; i < 7; i++) key = key << 8 | (i < bytes ? ip[i] : 0);
  return key;
}

/* The prefixes addr counts for; how many. */
static size_t prefixes_of(const p2p__arrivals *c, p2p_bytes addr, prefix *out) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part;
  if (p2p__ma_next(&r, &part) != 1 || (part.code != P2P__MA_IP4 && part.code != P2P__MA_IP6))
    return 0;
  p2p_endpoint ep = { .family = part.code == P2P__MA_IP4 ? 4 : 6 };
  memcpy(ep.ip, part.value.p, part.value.len);
  p2p__endpoint_canonical(&ep);
  if (p2p__ip_classify(&ep) == P2P__IP_LOOPBACK) return 0;
  bool v4 = ep.family == 4;
  out[0] = (prefix){ prefix_key(v4 ? 1 : 2, ep.ip, v4 ? 4 : 7), c->limits->pending_in_per_ip };
  out[1] = (prefix){ prefix_key(3, ep.ip, 6), c->limits->pending_in_per_net };
  return v4 ? 1 : 2;
}

static void leave(p2p__arrivals *c, const prefix *p, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint64_t *count = p2p__u64map_find(&c->counts, p[i].key);
    if (!count || --*count > 0) continue;
    (void)p2p__u64map_del(&c->counts, p[i].key);
    p2p__release(c->mem, P2P__MEM_CONN, count, sizeof *count);
  }
}

static int count_one(p2p__arrivals *c, const prefix *p) {
  uint64_t *count = p2p__u64map_find(&c->counts, p->key);
  if (!count) {
    count = p2p__alloc(c->mem, P2P__MEM_CONN, sizeof *count);
    if (!count) return P2P_ENOMEM;
    if (p2p__u64map_add(&c->counts, p->key, count) < 0) {
      p2p__release(c->mem, P2P__MEM_CONN, count, sizeof *count);
      return P2P_ENOMEM;
    }
  } else if (*count >= p->most) {
    return P2P_ELIMIT;
  }
  ++*count;
  return 0;
}

int p2p__arrivals_enter(p2p__arrivals *c, p2p_bytes addr) {
  prefix p[PREFIXES];
  size_t n = prefixes_of(c, addr, p);
  for (size_t i = 0; i < n; i++) {
    int err = count_one(c, &p[i]);
    if (err >= 0) continue;
    leave(c, p, i);
    return err;
  }
  return 0;
}

void p2p__arrivals_leave(p2p__arrivals *c, p2p_bytes addr) {
  prefix p[PREFIXES];
  leave(c, p, prefixes_of(c, addr, p));
}

void p2p__arrivals_init(p2p__arrivals *c, p2p__env *env) {
  *c = (p2p__arrivals){ .limits = env->limits, .mem = env->mem };
  p2p__u64map_init(&c->counts, env->mem, P2P__MEM_CONN, env->hash_key);
}

void p2p__arrivals_fini(p2p__arrivals *c) {
  if (!c->mem) return;
  size_t i = 0;
  for (uint64_t *count; (count = p2p__u64map_next(&c->counts, &i)) != NULL;)
    p2p__release(c->mem, P2P__MEM_CONN, count, sizeof *count);
  p2p__u64map_fini(&c->counts);
  c->mem = NULL;
}
