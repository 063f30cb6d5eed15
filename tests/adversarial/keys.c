/* Public keys that are a burden, or none. */
#include "evil.h"
#include "multiformats/protobuf.h"

size_t key_protobuf(uint64_t type, p2p_bytes data, uint8_t *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  p2p__pb_uint(&w, 1, type);
  p2p__pb_bytes(&w, 2, data);
  return w.err ? 0 : w.len;
}

static void put_der_len(p2p__wr *w, uint8_t tag, size_t n) {
  p2p__wr_u8(w, tag);
  p2p__wr_u8(w, 0x82);
  p2p__wr_be16(w, (uint16_t)n);
}

static void put_odd(p2p__wr *w, size_t n) {
  put_der_len(w, 0x02, n);
  p2p__span s = p2p__wr_room(w, n);
  if (!s.len) return;
  evil_random(s.p, n);
  s.p[0] = 0x7f;
  s.p[n - 1] |= 1;
}

size_t key_rsa_spki(size_t modulus, size_t exponent, uint8_t *out, size_t cap) {
  static const uint8_t algorithm[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                       0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
  size_t key = 4 + modulus + 4 + exponent;
  p2p__wr w = p2p__wr_of(out, cap);
  put_der_len(&w, 0x30, sizeof algorithm + 4 + 1 + 4 + key);
  p2p__wr_bytes_in(&w, p2p__bytes(algorithm, sizeof algorithm));
  put_der_len(&w, 0x03, 1 + 4 + key);
  p2p__wr_u8(&w, 0);
  put_der_len(&w, 0x30, key);
  put_odd(&w, modulus);
  put_odd(&w, exponent);
  return w.err ? 0 : w.len;
}
