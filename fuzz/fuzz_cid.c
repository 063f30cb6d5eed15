/* Content identifiers, as bytes and as text. What is taken is written the same again, in every base,
 * and the two versions of one content turn into each other. */
#include "multiformats/cid.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

static void check_text(const p2p_cid *cid, char base) {
  char text[P2P_CID_TEXT_MAX], got;
  p2p_cid back;
  ptrdiff_t n = p2p_cid_print(cid, base, text, sizeof text);
  check(n > 0 && strlen(text) == (size_t)n);
  check(p2p_cid_print(cid, base, text, (size_t)n) == P2P_ELIMIT);
  check(p2p_cid_print(cid, base, text, (size_t)n + 1) == n);
  check(p2p_cid_parse(text, &back, &got) == 0 && p2p_cid_eq(cid, &back));
  check(got == (base || cid->version == 0 ? base : P2P_CID_BASE));
}

static void check_cid(const p2p_cid *cid) {
  uint8_t bytes[P2P_CID_MAX];
  p2p_cid back, other;
  ptrdiff_t n = p2p_cid_write(cid, bytes, sizeof bytes);
  check(n > 0 && p2p_cid_write(cid, bytes, (size_t)n - 1) == P2P_ELIMIT);
  check(p2p_cid_read(p2p__bytes(bytes, (size_t)n), &back) == 0 && p2p_cid_eq(cid, &back));
  check_text(cid, 0);
  for (const char *base = "079fFvVtTbBcChkKzZmMuU"; *base && cid->version; base++)
    check_text(cid, *base);
  if (p2p_cid_convert(cid, 1 - cid->version, &other)) {
    check(cid->version == 1);
    return;
  }
  check(!p2p_cid_eq(cid, &other));
  check(p2p_cid_convert(&other, cid->version, &back) == 0 && p2p_cid_eq(cid, &back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  p2p_bytes in = p2p__bytes(data, size);
  uint8_t bytes[P2P_CID_MAX];
  p2p_cid cid;
  if (p2p_cid_read(in, &cid) == 0) {
    ptrdiff_t n = p2p_cid_write(&cid, bytes, sizeof bytes);
    check(n == (ptrdiff_t)in.len && memcmp(bytes, in.p, in.len) == 0);
    check_cid(&cid);
  }
  if (p2p__cid_parse(in, &cid, NULL)) check_cid(&cid);
  return 0;
}
