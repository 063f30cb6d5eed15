/* Bytes: spans, and the two cursors through which all wire data is read and written.
 *
 * A cursor's error is sticky: after the first failure every read gives zeros and every write does
 * nothing, so a parser reads all fields and asks once at the end. P2P_ESHORT (more bytes could
 * make it right) is kept apart from P2P_EPROTO (nothing can). */
#ifndef P2P_BASE_BYTES_H
#define P2P_BASE_BYTES_H

#include "base/attr.h"
#include <p2p/error.h>
#include <p2p/types.h>
#include <string.h>

/* Writable bytes of somebody else. */
typedef struct p2p__span {
  uint8_t *p;
  size_t len;
} p2p__span;

static inline p2p_bytes p2p__bytes(const void *p, size_t len) {
  return (p2p_bytes){ .p = p, .len = len };
}
static inline p2p_bytes p2p__cstr(const char *s) {
  return (p2p_bytes){ .p = (const uint8_t *)s, .len = strlen(s) };
}
static inline p2p__span p2p__span_of(void *p, size_t len) {
  return (p2p__span){ .p = p, .len = len };
}
static inline p2p_bytes p2p__span_bytes(p2p__span s) {
  return (p2p_bytes){ .p = s.p, .len = s.len };
}
static inline bool p2p__bytes_eq(p2p_bytes a, p2p_bytes b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* *out = a + b; false, *out untouched, when it does not fit. */
static inline bool p2p__add(size_t a, size_t b, size_t *out) {
  if (a > SIZE_MAX - b) return false;
  *out = a + b;
  return true;
}
/* a + b in time, P2P_NEVER when it does not fit. */
static inline p2p_time p2p__time_add(p2p_time a, p2p_time b) {
  return a > P2P_NEVER - b ? P2P_NEVER : a + b;
}
static inline size_t p2p__min(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t p2p__max(size_t a, size_t b) { return a > b ? a : b; }
static inline p2p_time p2p__time_min(p2p_time a, p2p_time b) { return a < b ? a : b; }

/* ---- read cursor ---- */
typedef struct p2p__rd {
  const uint8_t *p, *end;
  int err; /* 0, P2P_ESHORT, P2P_EPROTO, P2P_ELIMIT, or what rd_fail was told; sticky */
} p2p__rd;

static inline p2p__rd p2p__rd_of(p2p_bytes b) {
  return (p2p__rd){ .p = b.p, .end = b.len ? b.p + b.len : b.p };
}
static inline size_t p2p__rd_left(const p2p__rd *r) { return (size_t)(r->end - r->p); }
static inline bool p2p__rd_done(const p2p__rd *r) { return !r->err && r->p == r->end; }

/* Makes err the cursor's error unless it has one. Returns the cursor's error. */
int p2p__rd_fail(p2p__rd *r, int err);
uint8_t p2p__rd_u8(p2p__rd *r);
uint16_t p2p__rd_be16(p2p__rd *r);
uint32_t p2p__rd_be32(p2p__rd *r);
uint64_t p2p__rd_be64(p2p__rd *r);
/* The next n bytes, borrowed from the input; empty on error. */
p2p_bytes p2p__rd_bytes(p2p__rd *r, size_t n);
/* All that is left. */
p2p_bytes p2p__rd_rest(p2p__rd *r);
/* Unsigned varint, minimal, at most 9 bytes (63 bits); else P2P_EPROTO.
 * Spec: multiformats/unsigned-varint. */
uint64_t p2p__rd_varint(p2p__rd *r);
/* A varint length not above max (P2P_ELIMIT), then so many bytes. */
p2p_bytes p2p__rd_prefixed(p2p__rd *r, size_t max);

/* ---- write cursor ---- */
typedef struct p2p__wr {
  uint8_t *p;
  size_t len, cap;
  int err; /* 0 or P2P_ELIMIT (no room); sticky, then len stays what it was */
} p2p__wr;

static inline p2p__wr p2p__wr_of(void *p, size_t cap) { return (p2p__wr){ .p = p, .cap = cap }; }
static inline p2p_bytes p2p__wr_bytes(const p2p__wr *w) { return p2p__bytes(w->p, w->len); }
static inline size_t p2p__wr_left(const p2p__wr *w) { return w->err ? 0 : w->cap - w->len; }

void p2p__wr_u8(p2p__wr *w, uint8_t v);
void p2p__wr_be16(p2p__wr *w, uint16_t v);
void p2p__wr_be32(p2p__wr *w, uint32_t v);
void p2p__wr_be64(p2p__wr *w, uint64_t v);
void p2p__wr_bytes_in(p2p__wr *w, p2p_bytes b);
void p2p__wr_str(p2p__wr *w, const char *s);
/* Any 64-bit number, minimal. Ten bytes from 2^63 on: protobuf has those, rd_varint refuses them. */
void p2p__wr_varint(p2p__wr *w, uint64_t v);
void p2p__wr_prefixed(p2p__wr *w, p2p_bytes b); /* varint length, bytes: all or nothing */
/* Room for n bytes that the caller fills; len 0 and the sticky error when there is none. */
p2p__span p2p__wr_room(p2p__wr *w, size_t n);

size_t p2p__varint_len(uint64_t v);

/* Plain big-endian stores for fixed headers. */
static inline void p2p__put_be16(uint8_t *p, uint16_t v) {
  p[0] = (uint8_t)(v >> 8);
  p[1] = (uint8_t)v;
}
static inline void p2p__put_be32(uint8_t *p, uint32_t v) {
  p2p__put_be16(p, (uint16_t)(v >> 16));
  p2p__put_be16(p + 2, (uint16_t)v);
}

/* Compares in time that depends on len only. */
bool p2p__ct_eq(const void *a, const void *b, size_t len);
/* Overwrites a secret so that no compiler drops the store. */
void p2p__wipe(void *p, size_t len);

#endif
