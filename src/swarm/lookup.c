/* Names in addresses: /dns, /dns4 and /dns6 are looked up by the io; each address found takes the
 * name's place and becomes an attempt of its own. /dnsaddr is not looked up here: it leads to whole
 * addresses of many peers, which is discovery. Spec: addressing/README.md, "ip and name resolution". */
#include "swarm/dial.h"

enum { FOUND_MAX = 32, NAME_MAX = 253 }; /* bytes of a host name: RFC 1035, section 2.3.4 */

/* The family asked for by the code of a name; -1: no name. */
static int family_of(uint32_t code) {
  switch (code) {
  case P2P__MA_DNS: return 0;
  case P2P__MA_DNS4: return 4;
  case P2P__MA_DNS6: return 6;
  default: return -1;
  }
}

/* Splits addr into the name in front and the rest. */
static bool split_name(p2p_bytes addr, p2p__ma_part *name, p2p_bytes *rest) {
  p2p__rd r = p2p__rd_of(addr);
  if (p2p__ma_next(&r, name) != 1 || family_of(name->code) < 0) return false;
  *rest = p2p__rd_rest(&r);
  return true;
}

bool p2p__lookup_is_needed(p2p_bytes addr) {
  p2p__ma_part name;
  p2p_bytes rest;
  return split_name(addr, &name, &rest);
}

int p2p__lookup_replace(p2p_bytes addr, const p2p_endpoint *at, p2p__wr *out) {
  p2p__ma_part name;
  p2p_bytes rest;
  if (!split_name(addr, &name, &rest)) return P2P_EADDR;
  bool v4 = at->family == 4;
  p2p__ma_add(out, v4 ? P2P__MA_IP4 : P2P__MA_IP6, p2p__bytes(at->ip, v4 ? 4 : 16));
  p2p__wr_bytes_in(out, rest);
  return out->err ? P2P_EADDR : 0;
}

/* ---- one lookup ---- */
static void lookup_ready(p2p__source *s, const p2p_io_fact *fact, p2p_time now);

int p2p__lookup_begin(p2p__attempt *a, p2p_time now) {
  p2p__loop *loop = p2p__dial_swarm(a->dial)->loop;
  char host[NAME_MAX + 1] = { 0 };
  p2p__ma_part name;
  p2p_bytes rest;
  if (!split_name(p2p__attempt_addr(a), &name, &rest) || name.value.len > NAME_MAX)
    return P2P_EADDR;
  memcpy(host, name.value.p, name.value.len);
  a->source.ready = lookup_ready;
  a->began = now;
  int err = p2p__loop_add(loop, &a->source);
  if (err < 0) return err;
  err = loop->io->ops->resolve(loop->io, host, family_of(name.code), a->source.token);
  if (err < 0) {
    p2p__loop_del(loop, &a->source);
    return err == P2P_EINVAL ? P2P_EADDR : err;
  }
  a->state = ATTEMPT_LOOKUP;
  a->dial->lookups++;
  return 0;
}

void p2p__lookup_end(p2p__attempt *a, int err, bool remote, p2p_time now) {
  p2p__loop *loop = p2p__dial_swarm(a->dial)->loop;
  loop->io->ops->resolve_cancel(loop->io, a->source.token); /* nothing, when it was taken */
  p2p__loop_del(loop, &a->source);
  a->dial->lookups--;
  p2p__attempt_over(a, err, P2P_STAGE_RESOLVE, remote, now);
}

static int add_found(p2p__dial *d, p2p_bytes addr, p2p_endpoint *found, p2p_time now) {
  uint8_t space[P2P_ADDR_MAX];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  p2p__endpoint_canonical(found);
  int err = p2p__lookup_replace(addr, found, &w);
  return err < 0 ? err : p2p__dial_add(d, p2p__wr_bytes(&w), now);
}

static void lookup_ready(p2p__source *s, const p2p_io_fact *fact, p2p_time now) {
  p2p__attempt *a = P2P_CONTAINER(s, p2p__attempt, source);
  p2p__dial *d = a->dial;
  p2p_io *io = p2p__dial_swarm(d)->loop->io;
  p2p_endpoint found[FOUND_MAX];
  (void)fact;
  int n = io->ops->resolved(io, s->token, found, FOUND_MAX), err = n < 0 ? n : 0;
  if (n == P2P_EAGAIN) return;
  for (int i = 0; i < n && err >= 0; i++) err = add_found(d, p2p__attempt_addr(a), &found[i], now);
  if (err >= 0) a->found = (uint16_t)n;
  p2p__lookup_end(a, err, err == P2P_ENAME || err == P2P_ERESOLVE, now);
  p2p__dial_rank(d);
  p2p__dial_go(d, now);
}

p2p_time p2p__lookups_expire(p2p__dial *d, p2p_time now) {
  p2p_time within = p2p__swarm_env(p2p__dial_swarm(d))->limits->resolve_timeout, first = P2P_NEVER;
  for (size_t i = 0; i < d->n && d->lookups; i++) {
    p2p__attempt *a = d->attempts[i];
    if (a->state != ATTEMPT_LOOKUP) continue;
    p2p_time until = p2p__time_add(a->began, within);
    if (until <= now)
      p2p__lookup_end(a, P2P_ETIMEOUT, true, now);
    else
      first = p2p__time_min(first, until);
  }
  return first;
}
