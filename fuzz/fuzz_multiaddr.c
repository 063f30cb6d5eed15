/* Multiaddrs as bytes and as text. Whatever is taken has one canonical text, and that text gives
 * the same bytes again; the walker never leaves its bytes and stays where it failed. */
#include "multiformats/multiaddr.h"
#include "multiformats/pattern.h"
#include "multiformats/protocols.h"
#include <p2p/addr.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

/* Copies the address component by component. *lossy: something follows a path, whose text is all
 * of the rest. */
static int copy(p2p_bytes addr, p2p__wr *w, bool *lossy) {
  p2p__rd r = p2p__rd_of(addr);
  p2p__ma_part part;
  int got;
  *lossy = false;
  while ((got = p2p__ma_next(&r, &part)) > 0) {
    const p2p__ma_protocol *proto = p2p__ma_by_code(part.code);
    check(part.value.len == 0 || (part.value.p >= addr.p && part.value.p + part.value.len <= r.p));
    if (proto->path && p2p__rd_left(&r)) *lossy = true;
    p2p__ma_add(w, part.code, part.value);
  }
  if (got < 0) check(p2p__ma_next(&r, &part) == got);
  return got;
}

static void check_text(p2p_bytes addr, bool lossy) {
  char text[2 * P2P_ADDR_TEXT_MAX];
  uint8_t back[P2P_ADDR_MAX];
  ptrdiff_t n = p2p_addr_print(addr, text, sizeof text);
  check(n > 0 || n == P2P_ELIMIT);
  if (n < 0) return;
  check(strlen(text) == (size_t)n && text[0] == '/');
  check(p2p_addr_print(addr, text, (size_t)n) == P2P_ELIMIT);
  check(p2p_addr_print(addr, text, (size_t)n + 1) == n);
  if (lossy) return;
  n = p2p_addr_parse(text, back, sizeof back, NULL);
  check(n > 0 && p2p__bytes_eq(addr, p2p__bytes(back, (size_t)n)));
}

static void check_endpoint(p2p_bytes addr, uint32_t code) {
  uint8_t out[64];
  p2p_endpoint ep = { 0 };
  p2p__rd r = p2p__rd_of(addr);
  if (p2p__ma_endpoint(&r, &ep, code)) {
    check(r.p == addr.p && ep.family == 0);
    return;
  }
  p2p__wr w = p2p__wr_of(out, sizeof out);
  p2p__ma_add_endpoint(&w, &ep, code);
  size_t used = addr.len - p2p__rd_left(&r);
  check(!w.err && w.len <= used);
  check(memcmp(r.p - w.len, out, w.len) == 0); /* a zone stands before it */
  p2p_endpoint plain = ep;
  p2p__endpoint_canonical(&plain);
  check(p2p__endpoint_eq(&plain, &ep) && p2p__ip_classify(&plain) == p2p__ip_classify(&ep));
}

/* Taken apart and put together again; cut off and put back; each value is printed. */
static void check_operations(p2p_bytes addr) {
  uint8_t out[P2P_ADDR_MAX], joined[P2P_ADDR_MAX];
  char text[4 * P2P_ADDR_MAX];
  p2p_bytes rest = addr, outer;
  p2p_addr_part part;
  p2p__wr w = p2p__wr_of(out, sizeof out);
  int got;
  while ((got = p2p_addr_next(&rest, &part)) > 0) {
    size_t before = w.len;
    ptrdiff_t n = p2p_addr_part_print(&part, text, sizeof text);
    check(n >= 0 && strlen(text) == (size_t)n && part.name);
    p2p__ma_add(&w, part.code, part.value);
    p2p_bytes tail = p2p__bytes(out + before, w.len - before);
    check(p2p_addr_decapsulate(addr, tail, &outer) == 0 && outer.len < addr.len);
    if (outer.len == 0) continue;
    n = p2p_addr_encapsulate(outer, tail, joined, sizeof joined);
    check(n > 0 && memcmp(joined, addr.p, (size_t)n) == 0);
  }
  check(got == 0 && p2p__bytes_eq(p2p__wr_bytes(&w), addr));
  check(p2p_addr_class(addr) != NULL);
}

static void check_bytes(p2p_bytes addr) {
  uint8_t out[P2P_ADDR_MAX];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  bool lossy;
  if (p2p_addr_check(addr)) return;
  check(copy(addr, &w, &lossy) == 0);
  check(!w.err && w.len <= addr.len);
  if (w.len == addr.len) check(memcmp(out, addr.p, w.len) == 0);
  p2p_bytes base;
  p2p_peer_id peer;
  check(p2p__ma_split_peer(addr, &base, &peer) == 0 && base.p == addr.p);
  check((peer.len > 0) == (base.len < addr.len));
  check_text(addr, lossy);
  check_operations(addr);
}

static void check_pattern(p2p_bytes in) {
  static const p2p__ma_step steps[] = { P2P__MA_STEPS_HOST,
                                        { P2P__MA_ONE, { P2P__MA_UDP, P2P__MA_TCP } },
                                        { P2P__MA_MANY, { P2P__MA_CERTHASH, P2P__MA_TLS } } };
  static const p2p__ma_pattern pattern = { steps, P2P_COUNT(steps) };
  p2p_bytes rest = { 0 };
  if (!p2p__ma_match(&pattern, in, &rest)) {
    check(!p2p__ma_is(&pattern, in));
    return;
  }
  check(rest.len < in.len && (rest.len == 0 || rest.p + rest.len == in.p + in.len));
  check(p2p_addr_check(p2p__bytes(in.p, in.len - rest.len)) == 0 || in.len > P2P_ADDR_MAX);
}

static void check_parse(p2p_bytes in) {
  char text[1024];
  uint8_t out[P2P_ADDR_MAX];
  size_t at = SIZE_MAX, len = p2p__min(in.len, sizeof text - 1);
  if (len) memcpy(text, in.p, len);
  text[len] = 0;
  ptrdiff_t n = p2p_addr_parse(text, out, sizeof out, &at);
  if (n < 0) {
    check(at <= strlen(text));
    return;
  }
  check(n > 0 && p2p_addr_check(p2p__bytes(out, (size_t)n)) == 0);
  check_bytes(p2p__bytes(out, (size_t)n));
  check(p2p_addr_parse(text, out, (size_t)n - 1, NULL) == P2P_ELIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  p2p_bytes in = p2p__bytes(data, size);
  uint8_t out[8192];
  p2p__wr w = p2p__wr_of(out, sizeof out);
  bool lossy;
  (void)copy(in, &w, &lossy);
  check_bytes(in);
  check_endpoint(in, P2P__MA_TCP);
  check_endpoint(in, P2P__MA_UDP);
  check_pattern(in);
  check_parse(in);
  return 0;
}
