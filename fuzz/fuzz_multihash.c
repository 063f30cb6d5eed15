/* Multihashes. What is taken is written the same again, byte for byte, and verifies nothing but its
 * own data; every multihash made is taken. */
#include "multiformats/multihash.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

static void check_read(p2p_bytes in) {
  uint8_t again[P2P_MULTIHASH_MAX];
  char name[P2P_MULTIHASH_NAME_MAX];
  p2p_multihash mh;
  p2p__wr w = p2p__wr_of(again, sizeof again);
  if (p2p_multihash_read(in, &mh)) {
    check(!p2p__multihash_names_peer(in));
    return;
  }
  check(mh.digest.len == 0 || mh.digest.p + mh.digest.len == in.p + in.len);
  p2p__wr_varint(&w, mh.code);
  p2p__wr_prefixed(&w, mh.digest);
  check(!w.err && p2p__bytes_eq(p2p__wr_bytes(&w), in));
  ptrdiff_t n = p2p_multihash_name(mh.code, name, sizeof name);
  check(n > 0 ? p2p__multihash_size(mh.code) > 0 : n == P2P_ENOTFOUND);
}

static void check_sum(uint64_t code, size_t len, p2p_bytes data) {
  uint8_t out[P2P_MULTIHASH_MAX];
  p2p_multihash mh;
  ptrdiff_t n = p2p_multihash_sum(code, len, data, out, sizeof out);
  if (n < 0) {
    check(n == P2P_ENOTSUP || n == P2P_EINVAL);
    return;
  }
  p2p_bytes whole = p2p__bytes(out, (size_t)n);
  check(p2p_multihash_read(whole, &mh) == 0 && mh.code == code);
  check(len == 0 || mh.digest.len == len);
  bool safe = code == P2P_MH_IDENTITY || mh.digest.len >= P2P_MULTIHASH_SAFE;
  check(p2p_multihash_verify(whole, data) == (safe ? 0 : P2P_ENOTSUP));
  if (mh.digest.len == 0) return;
  out[n - 1] ^= 1;
  check(p2p_multihash_verify(whole, data) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  p2p_bytes in = p2p__bytes(data, size);
  check_read(in);
  if (size < 3) return 0;
  /* code in two bytes, then a length, then what is hashed */
  check_sum((uint64_t)(data[0] << 8 | data[1]), data[2], p2p__bytes(data + 3, size - 3));
  return 0;
}
