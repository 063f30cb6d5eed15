/* Multiaddrs as packed bytes. Spec: multiformats/multiaddr; addressing/README.md. */
#include "multiformats/multiaddr.h"
#include "multiformats/multihash.h"
#include "multiformats/protocols.h"
#include "multiformats/text.h"

/* The value behind the protocol's code, judged; on failure r's error is set. */
static p2p_bytes read_value(p2p__rd *r, const p2p__ma_protocol *proto) {
  p2p_bytes value = proto->size == P2P__MA_VARIABLE ? p2p__rd_prefixed(r, P2P_ADDR_MAX)
                                                    : p2p__rd_bytes(r, (size_t)proto->size);
  if (!r->err && proto->codec && !proto->codec->check(value)) p2p__rd_fail(r, P2P_EADDR);
  return value;
}

int p2p__ma_next(p2p__rd *r, p2p__ma_part *part) {
  if (p2p__rd_done(r)) return 0;
  const p2p__ma_protocol *proto = p2p__ma_by_code(p2p__rd_varint(r));
  if (r->err || !proto) {
    r->err = P2P_EADDR;
    return P2P_EADDR;
  }
  p2p_bytes value = read_value(r, proto);
  if (r->err) {
    r->err = P2P_EADDR;
    return P2P_EADDR;
  }
  *part = (p2p__ma_part){ .code = proto->code, .value = value };
  return 1;
}

void p2p__ma_add(p2p__wr *w, uint32_t code, p2p_bytes value) {
  const p2p__ma_protocol *proto = p2p__ma_by_code(code);
  size_t before = w->len;
  if (!proto || (proto->size != P2P__MA_VARIABLE && value.len != (size_t)proto->size)) {
    if (!w->err) w->err = P2P_EINVAL;
    return;
  }
  p2p__wr_varint(w, code);
  if (proto->size == P2P__MA_VARIABLE)
    p2p__wr_prefixed(w, value);
  else
    p2p__wr_bytes_in(w, value);
  if (w->err) w->len = before;
}

/* ---- endpoints ---- */

void p2p__ma_add_endpoint(p2p__wr *w, const p2p_endpoint *ep, uint32_t code) {
  size_t before = w->len;
  uint8_t port[2];
  p2p__put_be16(port, ep->port);
  if (ep->family == 4)
    p2p__ma_add(w, P2P__MA_IP4, p2p__bytes(ep->ip, 4));
  else
    p2p__ma_add(w, P2P__MA_IP6, p2p__bytes(ep->ip, 16));
  p2p__ma_add(w, code, p2p__bytes(port, sizeof port));
  if (w->err) w->len = before;
}

/* A zone's name belongs to a machine; only its number means something here. */
static int read_zone(p2p__rd *r, p2p_endpoint *ep) {
  p2p__ma_part zone;
  uint64_t scope;
  if (p2p__ma_next(r, &zone) != 1 || zone.code != P2P__MA_IP6ZONE) return P2P_EADDR;
  if (!p2p__text_uint(zone.value, UINT32_MAX, &scope)) return P2P_EADDR;
  ep->scope = (uint32_t)scope;
  return 0;
}

static int read_ip(p2p__rd *r, p2p_endpoint *ep) {
  p2p__rd peek = *r;
  p2p__ma_part ip;
  if (p2p__ma_next(&peek, &ip) == 1 && ip.code == P2P__MA_IP6ZONE && read_zone(r, ep))
    return P2P_EADDR;
  if (p2p__ma_next(r, &ip) != 1) return P2P_EADDR;
  if (ip.code == P2P__MA_IP4 && ep->scope == 0)
    ep->family = 4;
  else if (ip.code == P2P__MA_IP6)
    ep->family = 6;
  else
    return P2P_EADDR;
  memcpy(ep->ip, ip.value.p, ip.value.len);
  return 0;
}

int p2p__ma_endpoint(p2p__rd *r, p2p_endpoint *ep, uint32_t code) {
  p2p__rd at = *r; /* committed when all of it is there */
  p2p_endpoint got = { 0 };
  p2p__ma_part port;
  if (read_ip(&at, &got)) return P2P_EADDR;
  if (p2p__ma_next(&at, &port) != 1 || port.code != code || port.value.len != 2) return P2P_EADDR;
  got.port = (uint16_t)(port.value.p[0] << 8 | port.value.p[1]);
  *ep = got;
  *r = at;
  return 0;
}

/* ---- peers ---- */

int p2p__ma_split_peer(p2p_bytes addr, p2p_bytes *base, p2p_peer_id *peer) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part = { 0 };
  size_t last = 0; /* where the last component begins */
  if (addr.len == 0) return P2P_EADDR;
  while (p2p__rd_left(&r) > 0) {
    last = (size_t)(r.p - addr.p);
    if (p2p__ma_next(&r, &part) != 1) return P2P_EADDR;
  }
  bool named = part.code == P2P__MA_P2P;
  if (peer) *peer = (p2p_peer_id){ 0 };
  if (peer && named) {
    peer->len = (uint8_t)part.value.len; /* the codec takes none that is too long */
    memcpy(peer->b, part.value.p, part.value.len);
  }
  *base = named ? p2p__bytes(addr.p, last) : addr;
  return 0;
}

int p2p_addr_check(p2p_bytes addr) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part;
  int got;
  if (addr.len == 0 || addr.len > P2P_ADDR_MAX) return P2P_EADDR;
  while ((got = p2p__ma_next(&r, &part)) > 0) continue;
  return got;
}
