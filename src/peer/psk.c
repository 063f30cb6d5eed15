/* Key files of private networks. Spec: pnet/Private-Networks-PSK-V1.md, "Interface"; the fingerprint is
 * go-libp2p's, which no document has. */
#include "crypto/digest.h"
#include "crypto/salsa20.h"
#include "peer/base64.h"
#include <p2p/multihash.h>
#include <p2p/psk.h>

#define PSK_HEADER "/key/swarm/psk/1.0.0/"
enum { PSK_KEY = 32, PSK_LINE_MAX = 64, FINGERPRINT = 16 };

int p2p_psk_generate(p2p_psk *out, p2p_io *io) {
  if (!out || !io) return P2P_EINVAL;
  *out = (p2p_psk){ 0 };
  return io->ops->random(io, out->key, sizeof out->key);
}

/* The next line without its end, which may be that of another system. */
static p2p_bytes next_line(p2p__rd *r) {
  p2p__rd at = *r;
  size_t len = 0;
  while (p2p__rd_u8(&at) != '\n' && !at.err) len++;
  if (at.err) p2p__rd_fail(r, P2P_EKEY);
  p2p_bytes line = p2p__rd_bytes(r, len);
  p2p__rd_u8(r);
  while (line.len && line.p[line.len - 1] == '\r') line.len--;
  return line;
}

static bool is_text(p2p_bytes line, const char *text) {
  return p2p__bytes_eq(line, p2p__cstr(text));
}

/* All ones when lo <= c <= hi, else zero. */
static unsigned in_range(unsigned c, unsigned lo, unsigned hi) {
  return 0U - (((c - lo) | (hi - c)) >> 31 ^ 1);
}

/* 0 to 15; 255: no digit. Neither a table nor a branch by what the key is. */
static uint8_t digit_of(uint8_t c) {
  unsigned lower = c | 32U;
  unsigned number = in_range(c, '0', '9'), letter = in_range(lower, 'a', 'f');
  return (uint8_t)((number & (c - 48U)) | (letter & (lower - 'a' + 10U)) | ~(number | letter));
}

static int read_base16(p2p_bytes text, p2p__wr *w) {
  unsigned wrong = text.len % 2;
  for (size_t i = 0; i + 1 < text.len; i += 2) {
    uint8_t high = digit_of(text.p[i]), low = digit_of(text.p[i + 1]);
    wrong |= (high | low) & 0xf0U;
    p2p__wr_u8(w, (uint8_t)(high << 4 | low));
  }
  return wrong ? P2P_EKEY : w->err;
}

static p2p_bytes trimmed(p2p_bytes b) {
  while (b.len && memchr(" \t\r\n", b.p[b.len - 1], 4)) b.len--;
  return b;
}

static int read_key(p2p_bytes encoding, p2p_bytes rest, p2p__wr *w) {
  if (is_text(encoding, "/base16/")) return read_base16(trimmed(rest), w);
  if (is_text(encoding, "/base64/")) return p2p__base64_read(trimmed(rest), w);
  if (!is_text(encoding, "/bin/")) return P2P_EKEY;
  /* "has to be exactly 32 bytes long"; an editor may have ended the line */
  if (rest.len == PSK_KEY + 1 && rest.p[PSK_KEY] == '\n') rest.len--;
  p2p__wr_bytes_in(w, rest);
  return w->err;
}

int p2p_psk_parse(p2p_psk *out, p2p_bytes file) {
  if (!out || (!file.p && file.len)) return P2P_EINVAL;
  *out = (p2p_psk){ 0 };
  p2p__rd r = p2p__rd_of(file);
  p2p_bytes header = next_line(&r), encoding = next_line(&r), rest = p2p__rd_rest(&r);
  if (r.err || !is_text(header, PSK_HEADER) || encoding.len > PSK_LINE_MAX) return P2P_EKEY;
  uint8_t key[PSK_KEY];
  p2p__wr w = p2p__wr_of(key, sizeof key);
  int err = read_key(encoding, rest, &w);
  bool whole = err == 0 && w.len == PSK_KEY;
  if (whole) memcpy(out->key, key, PSK_KEY);
  p2p__wipe(key, sizeof key);
  return whole ? 0 : P2P_EKEY;
}

/* As digit_of: the letter comes from arithmetic. */
static char letter_of(unsigned digit) {
  return (char)('0' + digit + ((9 - digit) >> 31) * ('a' - '0' - 10));
}

static void put_base16(p2p__wr *w, const uint8_t *p, size_t n) {
  for (size_t i = 0; i < n; i++) {
    p2p__wr_u8(w, (uint8_t)letter_of(p[i] >> 4));
    p2p__wr_u8(w, (uint8_t)letter_of(p[i] & 15));
  }
}

ptrdiff_t p2p_psk_print(const p2p_psk *psk, char *out, size_t cap) {
  if (!psk || !out) return P2P_EINVAL;
  p2p__wr w = p2p__wr_of(out, cap);
  p2p__wr_str(&w, PSK_HEADER "\n/base16/\n");
  put_base16(&w, psk->key, sizeof psk->key);
  p2p__wr_u8(&w, '\n');
  p2p__wr_u8(&w, 0);
  if (!w.err) return (ptrdiff_t)w.len - 1;
  p2p__wipe(out, w.len);
  return w.err;
}

int p2p_psk_fingerprint(const p2p_psk *psk, char *out, size_t cap) {
  static const uint8_t nonce[P2P__SALSA20_NONCE] = { 'f', 'i', 'n', 'p', 'r', 'i', 'n', 't' };
  if (!psk || !out) return P2P_EINVAL;
  if (cap < P2P_PSK_FINGERPRINT_MAX) return P2P_ELIMIT;
  uint8_t stream[64], hash[FINGERPRINT];
  p2p__salsa20_stream(psk->key, nonce, stream, sizeof stream);
  int err = p2p__digest(P2P_MH_SHAKE_128, p2p__bytes(stream, sizeof stream), hash, sizeof hash);
  p2p__wipe(stream, sizeof stream);
  if (err < 0) return err;
  p2p__wr w = p2p__wr_of(out, cap);
  put_base16(&w, hash, sizeof hash);
  p2p__wr_u8(&w, 0);
  return w.err;
}

void p2p_psk_fini(p2p_psk *psk) {
  if (psk) p2p__wipe(psk, sizeof *psk);
}
