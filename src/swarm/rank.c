/* Ranking of addresses. See rank.h. */
#include "swarm/rank.h"
#include "multiformats/multiaddr.h"

/* ---- one address ---- */

static void rank_ip(p2p__rank *rank, const p2p__ma_part *part) {
  p2p_endpoint ep = { .family = part->code == P2P__MA_IP4 ? 4 : 6 };
  memcpy(ep.ip, part->value.p, part->value.len);
  p2p__endpoint_canonical(&ep);
  rank->family = ep.family;
  p2p__ip_class class = p2p__ip_classify(&ep);
  rank->loopback = class == P2P__IP_LOOPBACK;
  bool near = rank->loopback || class == P2P__IP_PRIVATE || class == P2P__IP_LINK_LOCAL;
  rank->group = near ? P2P__RANK_LOCAL : P2P__RANK_PUBLIC;
}

p2p__rank p2p__rank_of(p2p_bytes addr) {
  p2p__rank rank = { .group = P2P__RANK_PUBLIC };
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part;
  bool first = true;
  for (; p2p__ma_next(&r, &part) == 1; first = false) {
    bool here = part.code == P2P__MA_MEMORY || part.code == P2P__MA_UNIX;
    if (first && here) rank = (p2p__rank){ .group = P2P__RANK_LOCAL, .loopback = true };
    if (part.code == P2P__MA_IP4 || part.code == P2P__MA_IP6) rank_ip(&rank, &part);
    if (part.code == P2P__MA_UDP) rank.udp = true;
    if (part.code == P2P__MA_P2P_CIRCUIT) {
      rank.group = P2P__RANK_RELAYED;
      break; /* what follows is the peer behind the relay */
    }
  }
  return rank;
}

/* ---- many ---- */

/* One row: the members of a group that go over UDP, or those that do not. */
static bool in_row(const p2p__ranked *e, unsigned group, bool udp) {
  return e->rank.group == group && e->rank.udp == udp;
}

/* The first one in [from, n) of the row with that family (UINT8_MAX: any), loopback before others; n:
 * none. */
static size_t row_find(p2p__ranked *const *v, size_t from, size_t n, const p2p__rank *row,
                       uint8_t family) {
  size_t found = n;
  for (size_t i = from; i < n; i++) {
    if (!in_row(v[i], row->group, row->udp)) continue;
    if (family != UINT8_MAX && v[i]->rank.family != family) continue;
    if (v[i]->rank.loopback) return i;
    if (found == n) found = i;
  }
  return found;
}

/* Moves v[i] to v[to], those between one place back. */
static void move_up(p2p__ranked **v, size_t i, size_t to) {
  p2p__ranked *e = v[i];
  memmove(v + to + 1, v + to, (i - to) * sizeof *v);
  v[to] = e;
}

/* Collects one row at v[done…]; returns the new count of those that are done. */
static size_t row_order(p2p__ranked **v, size_t done, size_t n, const p2p__rank *row,
                        p2p_time start, p2p_time stagger) {
  uint8_t family = 6;
  for (;;) {
    size_t i = row_find(v, done, n, row, family);
    if (i == n) i = row_find(v, done, n, row, UINT8_MAX);
    if (i == n) return done;
    family = v[i]->rank.family == 6 ? 4 : 6;
    v[i]->start = start;
    start = p2p__time_add(start, stagger);
    move_up(v, i, done++);
  }
}

static size_t group_order(p2p__ranked **v, size_t done, size_t n, unsigned group, p2p_time start,
                          p2p_time stagger) {
  p2p__rank row = { .group = (uint8_t)group, .udp = true };
  size_t before = done;
  done = row_order(v, done, n, &row, start, stagger);
  if (done > before) start = p2p__time_add(start, stagger);
  row.udp = false;
  return row_order(v, done, n, &row, start, stagger);
}

/* Insertion: few entries, mostly in order, and equals keep their places. */
static void sort_by_start(p2p__ranked **v, size_t n) {
  for (size_t i = 1; i < n; i++) {
    size_t to = i;
    while (to > 0 && v[to - 1]->start > v[i]->start) to--;
    move_up(v, i, to);
  }
}

void p2p__rank_sort(p2p__ranked **v, size_t n, p2p_time near, p2p_time stagger) {
  size_t direct = group_order(v, 0, n, P2P__RANK_LOCAL, 0, near);
  direct = group_order(v, direct, n, P2P__RANK_PUBLIC, 0, stagger);
  p2p_time late = direct ? p2p__time_add(stagger, stagger) : 0;
  (void)group_order(v, direct, n, P2P__RANK_RELAYED, late, stagger);
  sort_by_start(v, n);
}
