/* Multiaddrs as text: /name/value/name/value… Spec: multiformats/multiaddr, "Human-readable". */
#include "multiformats/multiaddr.h"
#include "multiformats/protocols.h"

/* Text being read: what is left begins with the '/' before the next piece. */
typedef struct reader {
  const uint8_t *begin;
  p2p_bytes left;
  const uint8_t *at; /* the piece that is being judged, for the offset of an error */
} reader;

/* The piece between this '/' and the next, or to the end. */
static p2p_bytes next_piece(reader *r) {
  p2p_bytes rest = p2p__bytes(r->left.p + 1, r->left.len - 1);
  const uint8_t *slash = rest.len ? memchr(rest.p, '/', rest.len) : NULL;
  size_t n = slash ? (size_t)(slash - rest.p) : rest.len;
  r->at = rest.p;
  r->left = p2p__bytes(rest.p + n, rest.len - n);
  return p2p__bytes(rest.p, n);
}

static p2p_bytes value_text(reader *r, const p2p__ma_protocol *proto) {
  r->at = r->left.p;
  if (r->left.len == 0) return r->left;
  if (!proto->path) return next_piece(r);
  p2p_bytes all = r->left;
  r->left.p += r->left.len;
  r->left.len = 0;
  return all;
}

static int read_part(reader *r, p2p__wr *w) {
  uint8_t value[P2P_ADDR_MAX];
  p2p__wr v = p2p__wr_of(value, sizeof value);
  const p2p__ma_protocol *proto = p2p__ma_by_name(next_piece(r));
  if (!proto) return P2P_EADDR;
  if (proto->codec && !proto->codec->parse(value_text(r, proto), &v)) return P2P_EADDR;
  p2p__ma_add(w, proto->code, p2p__wr_bytes(&v));
  return w->err;
}

ptrdiff_t p2p_addr_parse(const char *text, uint8_t *out, size_t cap, size_t *error_at) {
  if (!text || (!out && cap)) return P2P_EINVAL;
  p2p_bytes all = p2p__cstr(text);
  reader r = { .begin = all.p, .left = all, .at = all.p };
  p2p__wr w = p2p__wr_of(out, p2p__min(cap, P2P_ADDR_MAX));
  /* One slash too many at the end is forgiven, except to a path. */
  int err = all.len > 1 && all.p[0] == '/' ? 0 : P2P_EADDR;
  while (!err && r.left.len > 0 && !(r.left.len == 1 && w.len > 0)) err = read_part(&r, &w);
  if (!err) return (ptrdiff_t)w.len;
  if (error_at) *error_at = (size_t)(r.at - r.begin);
  return err;
}

ptrdiff_t p2p_addr_print(p2p_bytes addr, char *out, size_t cap) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__wr w = p2p__wr_of(out, cap);
  p2p__ma_part part;
  int err = !out && cap ? P2P_EINVAL : p2p_addr_check(addr);
  if (err) return err;
  while (p2p__ma_next(&r, &part) > 0) {
    const p2p__ma_protocol *proto = p2p__ma_by_code(part.code);
    p2p__wr_u8(&w, '/');
    p2p__wr_str(&w, proto->name);
    if (proto->codec && !proto->path) p2p__wr_u8(&w, '/'); /* a path brings its own */
    if (proto->codec) proto->codec->print(part.value, &w);
  }
  p2p__wr_u8(&w, 0);
  return w.err ? w.err : (ptrdiff_t)w.len - 1;
}
