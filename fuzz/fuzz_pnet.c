/* The shield of a private network: what a member hides in any pieces, sent again in part as a full socket
 * asks for, another member reads in any pieces; who has another key, or met a changed nonce, reads
 * something else; a mirror is refused. Memory and randomness may fail.
 *
 * Input: a byte of flags (1: another key, 2: a changed nonce, 4: a mirror, 8: no memory, 16: no
 * randomness), a seed for the pieces, two keys' bytes, the text. */
#include "security/pnet.h"
#include "support/must.h"

enum { NONCE = 24, TEXT = 4096 };

typedef struct dice {
  uint64_t state;
  int err;
} dice;

static int roll(void *ctx, void *buf, size_t len) {
  dice *d = ctx;
  for (size_t i = 0; i < len; i++) {
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    ((uint8_t *)buf)[i] = (uint8_t)(d->state >> 56);
  }
  return d->err;
}

static size_t piece(dice *d, size_t left) {
  uint8_t n[2];
  (void)roll(d, n, sizeof n);
  return p2p__min(left, 1 + n[0] % (n[1] & 1 ? 8u : 200u));
}

/* Greeting and text, hidden; each piece is hidden again from where half of it was taken. */
static size_t send_all(p2p__shield *s, p2p_bytes text, dice *d, uint8_t *out) {
  p2p_bytes hello = s->ops->greeting(s);
  must(hello.len == NONCE, "no nonce is said");
  memcpy(out, hello.p, NONCE);
  for (size_t at = 0; at < text.len;) {
    size_t n = piece(d, text.len - at), taken = n > 1 && n & 1 ? n / 2 : n;
    s->ops->seal(s, at, p2p__bytes(text.p + at, n), out + NONCE + at);
    at += taken;
  }
  return NONCE + text.len;
}

/* What is read of it, and how much; <0: refused. */
static ptrdiff_t read_all(p2p__shield *s, uint8_t *wire, size_t len, dice *d, uint8_t *out) {
  size_t have = 0, skipped = 0;
  for (size_t at = 0; at < len;) {
    size_t n = piece(d, len - at);
    ptrdiff_t skip = s->ops->open(s, p2p__span_of(wire + at, n));
    if (skip < 0) return skip;
    must((size_t)skip <= n, "more is skipped than there was");
    skipped += (size_t)skip;
    memcpy(out + have, wire + at + skip, n - (size_t)skip);
    have += n - (size_t)skip;
    at += n;
  }
  must(skipped == p2p__min(len, NONCE), "a greeting has another length");
  return (ptrdiff_t)have;
}

static void speak(p2p__shield *from, p2p__shield *to, uint8_t flags, dice *d, p2p_bytes text) {
  static uint8_t wire[NONCE + TEXT], out[NONCE + TEXT];
  size_t len = send_all(from, text, d, wire);
  if (flags & 2) wire[d->state % NONCE] ^= 1;
  ptrdiff_t got = read_all(flags & 4 ? from : to, wire, len, d, out);
  if (flags & 4 && !(flags & 2)) {
    must(got == P2P_EAUTH, "a mirror is not refused");
    return;
  }
  must(got == (ptrdiff_t)text.len, "bytes are lost");
  bool same = text.len == 0 || memcmp(out, text.p, text.len) == 0;
  must(same || flags & 7, "a member does not read what was sent");
  must(!same || !(flags & 7) || text.len < 16, "who is no member reads it");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  p2p__rd in = p2p__rd_of(p2p__bytes(data, size));
  uint8_t flags = p2p__rd_u8(&in);
  dice d = { .state = p2p__rd_u8(&in) };
  p2p_psk one = { { 0 } }, other;
  memset(one.key, p2p__rd_u8(&in), sizeof one.key);
  other = one;
  if (flags & 1) other.key[p2p__rd_u8(&in) % sizeof other.key] ^= 1;
  p2p_bytes text = p2p__rd_rest(&in);
  text.len = p2p__min(text.len, TEXT);
  p2p__mem mem;
  p2p__mem_init(&mem, NULL);
  if (flags & 8) mem.fail_at = 1 + (flags >> 7);
  if (flags & 16) d.err = P2P_EIO;
  p2p__env env = { .mem = &mem, .random = roll, .random_ctx = &d };
  p2p__shield *a, *b;
  int first = p2p__pnet_new(&env, &one, &a), second = p2p__pnet_new(&env, &other, &b);
  must((first < 0) == !a && (second < 0) == !b, "a shield of nothing");
  if (a && b) speak(a, b, flags, &d, text);
  p2p__shield_free(a);
  p2p__shield_free(b);
  must(p2p__mem_used(&mem) == 0, "memory is left");
  return 0;
}
