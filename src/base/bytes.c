/* Cursors over bytes, unsigned varints, and the two operations that secrets need.
 * Spec: multiformats/unsigned-varint. */
#include "base/bytes.h"

enum {
  VARINT_READ_MAX = 9 /* bytes; the specification's bound, 63 bits of value */
};

/* ---- read cursor ---- */

int p2p__rd_fail(p2p__rd *r, int err) {
  if (!r->err) r->err = err;
  return r->err;
}

/* The next n > 0 bytes, or NULL and the error. */
static const uint8_t *rd_take(p2p__rd *r, size_t n) {
  if (r->err) return NULL;
  if (n > p2p__rd_left(r)) {
    r->err = P2P_ESHORT;
    return NULL;
  }
  const uint8_t *p = r->p;
  r->p += n;
  return p;
}

static uint64_t rd_be(p2p__rd *r, size_t n) {
  const uint8_t *p = rd_take(r, n);
  if (!p) return 0;
  uint64_t v = 0;
  for (size_t i = 0; i < n; i++) v = v << 8 | p[i];
  return v;
}

uint8_t p2p__rd_u8(p2p__rd *r) { return (uint8_t)rd_be(r, 1); }
uint16_t p2p__rd_be16(p2p__rd *r) { return (uint16_t)rd_be(r, 2); }
uint32_t p2p__rd_be32(p2p__rd *r) { return (uint32_t)rd_be(r, 4); }
uint64_t p2p__rd_be64(p2p__rd *r) { return rd_be(r, 8); }

p2p_bytes p2p__rd_bytes(p2p__rd *r, size_t n) {
  const uint8_t *p = n ? rd_take(r, n) : NULL;
  return p2p__bytes(p, p ? n : 0);
}

p2p_bytes p2p__rd_rest(p2p__rd *r) { return p2p__rd_bytes(r, p2p__rd_left(r)); }

uint64_t p2p__rd_varint(p2p__rd *r) {
  if (r->err) return 0;
  size_t left = p2p__rd_left(r);
  uint64_t v = 0;
  for (size_t i = 0; i < VARINT_READ_MAX; i++) {
    if (i == left) {
      r->err = P2P_ESHORT;
      return 0;
    }
    uint8_t byte = r->p[i];
    v |= (uint64_t)(byte & 0x7f) << (7 * i);
    if (byte & 0x80) continue;
    if (byte == 0 && i > 0) break; /* not minimal: two encodings of one value */
    r->p += i + 1;
    return v;
  }
  r->err = P2P_EPROTO;
  return 0;
}

p2p_bytes p2p__rd_prefixed(p2p__rd *r, size_t max) {
  uint64_t len = p2p__rd_varint(r);
  if (len > max) p2p__rd_fail(r, P2P_ELIMIT); /* before anyone waits for so many bytes */
  return p2p__rd_bytes(r, r->err ? 0 : (size_t)len);
}

/* ---- write cursor ---- */

p2p__span p2p__wr_room(p2p__wr *w, size_t n) {
  if (n > p2p__wr_left(w)) w->err = P2P_ELIMIT;
  if (w->err || n == 0) return p2p__span_of(NULL, 0);
  p2p__span room = p2p__span_of(w->p + w->len, n);
  w->len += n;
  return room;
}

static void wr_be(p2p__wr *w, uint64_t v, size_t n) {
  p2p__span room = p2p__wr_room(w, n);
  for (size_t i = room.len; i-- > 0; v >>= 8) room.p[i] = (uint8_t)v;
}

void p2p__wr_u8(p2p__wr *w, uint8_t v) { wr_be(w, v, 1); }
void p2p__wr_be16(p2p__wr *w, uint16_t v) { wr_be(w, v, 2); }
void p2p__wr_be32(p2p__wr *w, uint32_t v) { wr_be(w, v, 4); }
void p2p__wr_be64(p2p__wr *w, uint64_t v) { wr_be(w, v, 8); }

void p2p__wr_bytes_in(p2p__wr *w, p2p_bytes b) {
  p2p__span room = p2p__wr_room(w, b.len);
  if (room.len) memcpy(room.p, b.p, room.len);
}

void p2p__wr_str(p2p__wr *w, const char *s) { p2p__wr_bytes_in(w, p2p__cstr(s)); }

size_t p2p__varint_len(uint64_t v) {
  size_t n = 1;
  while (v >>= 7) n++;
  return n;
}

void p2p__wr_varint(p2p__wr *w, uint64_t v) {
  p2p__span room = p2p__wr_room(w, p2p__varint_len(v));
  for (size_t i = 0; i < room.len; i++, v >>= 7) {
    room.p[i] = (uint8_t)((v & 0x7f) | (i + 1 < room.len ? 0x80 : 0));
  }
}

void p2p__wr_prefixed(p2p__wr *w, p2p_bytes b) {
  p2p__wr before = *w; /* a length without its bytes must not stay */
  p2p__wr_varint(w, b.len);
  p2p__wr_bytes_in(w, b);
  if (w->err) w->len = before.len;
}

/* ---- secrets ---- */

bool p2p__ct_eq(const void *a, const void *b, size_t len) {
  const uint8_t *x = a, *y = b;
  unsigned diff = 0;
  for (size_t i = 0; i < len; i++) {
    diff |= (unsigned)(x[i] ^ y[i]);
    P2P_OPAQUE(diff); /* or the compiler may leave the loop at the first difference */
  }
  return diff == 0;
}

void p2p__wipe(void *p, size_t len) {
  if (len == 0) return;
  memset(p, 0, len);
  P2P_KEEP(p);
}
