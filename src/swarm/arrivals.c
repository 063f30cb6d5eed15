/* Half-open connections by where they come from. See arrivals.h. */
#include "swarm/arrivals.h"
#include "multiformats/multiaddr.h"

enum {
  PREFIXES = 2,
  CROWD = 8 /* a network with more than this part of the table is crowded */
};

/* Kinds of prefixes; those of addresses that are not proven are others. */
enum { IP4 = 1, IP6_56 = 2, IP6_48 = 3, IP4_24 = 4, UNPROVEN = 0x10 };

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

/* The prefixes addr counts for, the network last; how many. */
static size_t prefixes_of(const p2p__arrivals *c, p2p_bytes addr, bool proven, prefix *out) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part;
  if (p2p__ma_next(&r, &part) != 1 || (part.code != P2P__MA_IP4 && part.code != P2P__MA_IP6))
    return 0;
  p2p_endpoint ep = { .family = part.code == P2P__MA_IP4 ? 4 : 6 };
  memcpy(ep.ip, part.value.p, part.value.len);
  p2p__endpoint_canonical(&ep);
  if (p2p__ip_classify(&ep) == P2P__IP_LOOPBACK) return 0;
  bool v4 = ep.family == 4;
  uint8_t also = proven ? 0 : UNPROVEN;
  out[0] = (prefix){ prefix_key(also | (v4 ? IP4 : IP6_56), ep.ip, v4 ? 4 : 7),
                     c->limits->pending_in_per_ip };
  out[1] = (prefix){ prefix_key(also | (v4 ? IP4_24 : IP6_48), ep.ip, v4 ? 3 : 6),
                     v4 ? UINT64_MAX : c->limits->pending_in_per_net };
  return PREFIXES;
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

int p2p__arrivals_enter(p2p__arrivals *c, p2p_bytes addr, bool proven) {
  prefix p[PREFIXES];
  size_t n = prefixes_of(c, addr, proven, p);
  for (size_t i = 0; i < n; i++) {
    int err = count_one(c, &p[i]);
    if (err >= 0) continue;
    leave(c, p, i);
    return err;
  }
  return 0;
}

void p2p__arrivals_leave(p2p__arrivals *c, p2p_bytes addr, bool proven) {
  prefix p[PREFIXES];
  leave(c, p, prefixes_of(c, addr, proven, p));
}

static uint64_t count_of(const p2p__arrivals *c, const prefix *p) {
  const uint64_t *count = p2p__u64map_find(&c->counts, p->key);
  return count ? *count : 0;
}

bool p2p__arrivals_enough(const p2p__arrivals *c, p2p_bytes addr, bool proven) {
  prefix p[PREFIXES];
  size_t n = prefixes_of(c, addr, proven, p);
  for (size_t i = 0; i < n; i++)
    if (count_of(c, &p[i]) >= p[i].most) return true;
  return false;
}

bool p2p__arrivals_crowded(const p2p__arrivals *c, p2p_bytes addr) {
  prefix p[PREFIXES];
  size_t n = prefixes_of(c, addr, true, p);
  uint64_t most = p2p__max(c->limits->conns_pending_in / CROWD, 1);
  return n && count_of(c, &p[n - 1]) > most;
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
