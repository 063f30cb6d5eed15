/* The public operations on whole multiaddrs: taking apart, putting together, judging. Spec:
 * multiformats/multiaddr, "Encapsulation"; RFC 6761, section 6.3 (localhost). */
#include "multiformats/multiaddr.h"
#include "multiformats/protocols.h"

int p2p_addr_next(p2p_bytes *rest, p2p_addr_part *part) {
  p2p__ma_part got;
  if (!rest || !part || (!rest->p && rest->len)) return P2P_EINVAL;
  p2p__rd r = p2p__rd_of(*rest);
  int found = p2p__ma_next(&r, &got);
  if (found <= 0) return found;
  const char *name = p2p__ma_by_code(got.code)->name;
  *part = (p2p_addr_part){ .code = got.code, .name = name, .value = got.value };
  *rest = p2p__bytes(r.p, p2p__rd_left(&r));
  return 1;
}

static bool has_value(const p2p__ma_protocol *proto, p2p_bytes value) {
  if (proto->size != P2P__MA_VARIABLE && value.len != (size_t)proto->size) return false;
  return !proto->codec || proto->codec->check(value);
}

ptrdiff_t p2p_addr_part_print(const p2p_addr_part *part, char *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  if (!part || (!out && cap) || (!part->value.p && part->value.len)) return P2P_EINVAL;
  const p2p__ma_protocol *proto = p2p__ma_by_code(part->code);
  if (!proto || !has_value(proto, part->value)) return P2P_EADDR;
  if (proto->codec) proto->codec->print(part->value, &w);
  p2p__wr_u8(&w, 0);
  return w.err ? w.err : (ptrdiff_t)w.len - 1;
}

ptrdiff_t p2p_addr_encapsulate(p2p_bytes outer, p2p_bytes inner, uint8_t *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, p2p__min(cap, P2P_ADDR_MAX));
  if (!out && cap) return P2P_EINVAL;
  if (p2p_addr_check(outer) || p2p_addr_check(inner)) return P2P_EADDR;
  p2p__wr_bytes_in(&w, outer);
  p2p__wr_bytes_in(&w, inner);
  return w.err ? w.err : (ptrdiff_t)w.len;
}

int p2p_addr_decapsulate(p2p_bytes addr, p2p_bytes inner, p2p_bytes *out) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part;
  const uint8_t *last = NULL;
  if (!out) return P2P_EINVAL;
  if (p2p_addr_check(addr) || p2p_addr_check(inner)) return P2P_EADDR;
  do {
    if (p2p__rd_left(&r) >= inner.len && memcmp(r.p, inner.p, inner.len) == 0) last = r.p;
  } while (p2p__ma_next(&r, &part) > 0);
  if (!last) return P2P_ENOTFOUND;
  *out = p2p__bytes(addr.p, (size_t)(last - addr.p));
  return 0;
}

/* ---- class ---- */

static bool contains(p2p_bytes addr, uint32_t code) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part;
  while (p2p__ma_next(&r, &part) > 0) {
    if (part.code == code) return true;
  }
  return false;
}

/* "localhost" and what ends in ".localhost", whatever a resolver says. */
static bool is_localhost(p2p_bytes name) {
  static const char suffix[] = ".localhost";
  size_t n = sizeof suffix - 1;
  if (name.len > 0 && name.p[name.len - 1] == '.') name.len--;
  if (name.len == n - 1) return memcmp(name.p, suffix + 1, n - 1) == 0;
  return name.len > n && memcmp(name.p + name.len - n, suffix, n) == 0;
}

static const char *class_of(const p2p__ma_part *part) {
  p2p_endpoint ep = { 0 };
  switch (part->code) {
  case P2P__MA_IP4:
  case P2P__MA_IP6:
    ep.family = part->code == P2P__MA_IP4 ? 4 : 6;
    memcpy(ep.ip, part->value.p, part->value.len);
    return p2p__ip_class_name(&ep);
  case P2P__MA_DNS:
  case P2P__MA_DNS4:
  case P2P__MA_DNS6:
  case P2P__MA_DNSADDR: return is_localhost(part->value) ? "loopback" : "name";
  case P2P__MA_ONION:
  case P2P__MA_ONION3:
  case P2P__MA_GARLIC64:
  case P2P__MA_GARLIC32: return "overlay";
  case P2P__MA_UNIX:
  case P2P__MA_MEMORY: return "local";
  default: return "none";
  }
}

const char *p2p_addr_class(p2p_bytes addr) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part = { 0 };
  if (p2p_addr_check(addr)) return NULL;
  if (contains(addr, P2P__MA_P2P_CIRCUIT)) return "relayed";
  int got = p2p__ma_next(&r, &part);
  while (got > 0 && part.code == P2P__MA_IP6ZONE) got = p2p__ma_next(&r, &part);
  return got > 0 ? class_of(&part) : "none";
}
