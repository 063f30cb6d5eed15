/* What is believed of an Identify message, and kept. */
#include "multiformats/multiaddr.h"
#include "peer/peer_record.h"
#include "protocol/identify/internal.h"

/* ---- addresses ---- */

/* From how far an address can be reached. Junk can be reached from nowhere. */
enum addr_scope { SCOPE_JUNK, SCOPE_HOST, SCOPE_SITE, SCOPE_WORLD };

static enum addr_scope ip_scope(const p2p__ma_part *part) {
  static const enum addr_scope scopes[] = {
    [P2P__IP_PUBLIC] = SCOPE_WORLD,     [P2P__IP_PRIVATE] = SCOPE_SITE,
    [P2P__IP_LOOPBACK] = SCOPE_HOST,    [P2P__IP_LINK_LOCAL] = SCOPE_SITE,
    [P2P__IP_UNSPECIFIED] = SCOPE_JUNK, [P2P__IP_MULTICAST] = SCOPE_JUNK,
    [P2P__IP_RESERVED] = SCOPE_SITE,
  };
  p2p_endpoint ep = { .family = part->code == P2P__MA_IP4 ? 4 : 6 };
  memcpy(ep.ip, part->value.p, p2p__min(part->value.len, sizeof ep.ip));
  return scopes[p2p__ip_classify(&ep)];
}

static enum addr_scope addr_scope(p2p_bytes addr) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part;
  int err = p2p__ma_next(&r, &part);
  while (err == 1 && part.code == P2P__MA_IP6ZONE) err = p2p__ma_next(&r, &part);
  if (err != 1) return SCOPE_JUNK;
  switch (part.code) {
  case P2P__MA_IP4:
  case P2P__MA_IP6: return ip_scope(&part);
  case P2P__MA_UNIX:
  case P2P__MA_MEMORY: return SCOPE_HOST;
  default: return SCOPE_WORLD;
  }
}

/* An address as it is kept: sound, its own, without /p2p, and not nearer than where the peer is. A
 * peer out in the world must not make us knock at the doors of our own network. */
static bool addr_is_useful(const p2p__peer *peer, enum addr_scope least, p2p_bytes addr,
                           p2p_bytes *kept) {
  p2p_peer_id owner;
  if (p2p_addr_check(addr) < 0 || p2p__ma_split_peer(addr, kept, &owner) < 0) return false;
  if (kept->len == 0 || (owner.len && !p2p_peer_id_eq(&owner, &peer->id))) return false;
  enum addr_scope scope = addr_scope(*kept);
  return scope != SCOPE_JUNK && scope >= least;
}

typedef struct addr_list {
  p2p_bytes *v;
  size_t n, max;
} addr_list;

static void list_useful(addr_list *list, const p2p__peer *peer, enum addr_scope least,
                        p2p_bytes addr) {
  if (list->n < list->max && addr_is_useful(peer, least, addr, &list->v[list->n])) list->n++;
}

static addr_list list_of(identify *d) {
  return (addr_list){ .v = d->addrs + 1, .max = d->addrs_max };
}

/* Replaces what is known by the list, behind the one address that is known to work. */
static int keep_addrs(identify *d, p2p__peer *peer, const p2p__fact *f, const addr_list *list) {
  if (!f->dialed) return p2p__peer_set_addrs(d->config.peers, peer, list->v, list->n);
  d->addrs[0] = f->addr;
  return p2p__peer_set_addrs(d->config.peers, peer, d->addrs, list->n + 1);
}

/* ---- records ---- */

/* A signed record that is the peer's own and newer than what we have: 1, its addresses are kept; 0:
 * it says nothing new, or is not to be believed. */
static int apply_record(identify *d, p2p__peer *peer, const p2p__fact *f, p2p_bytes envelope) {
  p2p__peer_record rec;
  p2p__span scratch = p2p__span_of(d->room, sizeof d->room);
  int err = p2p__peer_record_open_any(envelope, scratch, &rec); /* rust seals in the old form */
  if (err < 0 || !p2p_peer_id_eq(&rec.peer, &peer->id)) return 0;
  if (peer->certified && rec.seq <= peer->record_seq) return 0;
  addr_list list = list_of(d);
  enum addr_scope least = addr_scope(f->addr);
  p2p__rd r = p2p__rd_of(rec.record);
  p2p_bytes addr;
  while ((err = p2p__peer_record_addr(&r, &addr)) == 1) list_useful(&list, peer, least, addr);
  if (err < 0) return 0;
  err = keep_addrs(d, peer, f, &list);
  if (err < 0) return err;
  peer->certified = true;
  peer->record_seq = rec.seq;
  return 1;
}

/* The unsigned addresses: for peers that have never signed any. */
static int apply_addrs(identify *d, p2p__peer *peer, const p2p__fact *f,
                       const p2p__identify_info *info) {
  addr_list list = list_of(d);
  enum addr_scope least = addr_scope(f->addr);
  for (size_t i = 0; i < info->n_addrs; i++) list_useful(&list, peer, least, info->addrs[i]);
  return keep_addrs(d, peer, f, &list);
}

static int apply_where(identify *d, p2p__peer *peer, const p2p__fact *f,
                       const p2p__identify_info *info, bool partial) {
  /* The record's addresses are parsed into the array that holds the unsigned ones: those first. */
  if (!peer->certified && (info->n_addrs > 0 || !partial)) {
    int err = apply_addrs(d, peer, f, info);
    if (err < 0) return err;
  }
  if (info->record.len == 0) return 0;
  int err = apply_record(d, peer, f, info->record);
  return err < 0 ? err : 0;
}

/* ---- the rest ---- */

static int apply_names(identify *d, p2p__peer *peer, const p2p__identify_info *info, bool partial) {
  p2p__peers *peers = d->config.peers;
  int errs[3] = { 0 }; /* a name that cannot be shown is left out, only memory is a failure */
  if (info->version.len) errs[0] = p2p__peer_set_version(peers, peer, info->version);
  if (info->agent.len) errs[1] = p2p__peer_set_agent(peers, peer, info->agent);
  if (info->n_protocols > 0 || !partial) {
    errs[2] = p2p__peer_set_protocols(peers, peer, info->protocols, info->n_protocols);
  }
  for (size_t i = 0; i < P2P_COUNT(errs); i++) {
    if (errs[i] == P2P_ENOMEM) return P2P_ENOMEM;
  }
  return 0;
}

/* A key of a type we do not know says nothing; that of another peer is a lie. */
static int apply_key(identify *d, p2p__peer *peer, p2p_bytes pubkey) {
  int err = pubkey.len ? p2p__peer_set_pubkey(d->config.peers, peer, pubkey) : 0;
  return err == P2P_EPEER || err == P2P_ENOMEM ? err : 0;
}

int p2p__identify_apply(identify *d, const p2p__fact *f, bool partial) {
  p2p__peer *peer = p2p__peer_at(d->config.peers, f->peer);
  if (!peer) return P2P_ESTALE;
  p2p__identify_info info = { .addrs = d->addrs + 1,
                              .addrs_max = d->addrs_max,
                              .protocols = d->protocols,
                              .protocols_max = d->protocols_max };
  int err = p2p__identify_parse(f->bytes, &info);
  if (err < 0) return err;
  err = apply_key(d, peer, info.pubkey);
  if (err < 0) return err;
  err = apply_names(d, peer, &info, partial);
  if (err < 0) return err;
  err = apply_where(d, peer, f, &info, partial);
  if (err < 0) return err;
  if (info.observed.len &&
      p2p__peer_set_observed(d->config.peers, peer, info.observed) == P2P_ENOMEM) {
    return P2P_ENOMEM;
  }
  peer->identified = true;
  return 0;
}
