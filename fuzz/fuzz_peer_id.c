/* Peer ids. A text that is taken names bytes that are taken, and prints as the one canonical text;
 * so does the same id as CID in every base. */
#include "multiformats/multibase.h"
#include <p2p/key.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

static void check_id(const p2p_peer_id *id) {
  char text[P2P_PEER_ID_TEXT_MAX];
  p2p_peer_id back;
  ptrdiff_t n = p2p_peer_id_print(id, text, sizeof text);
  check(n > 0 && strlen(text) == (size_t)n);
  check(p2p_peer_id_print(id, text, (size_t)n) == P2P_ELIMIT);
  check(p2p_peer_id_print(id, text, (size_t)n + 1) == n);
  check(p2p_peer_id_parse(text, &back) == 0 && p2p_peer_id_eq(id, &back));
  check(p2p_peer_id_from_bytes(p2p__bytes(id->b, id->len), &back) == 0);
  check(p2p_peer_id_eq(id, &back));
}

/* The same id as CID in every base. */
static void check_cid(const p2p_peer_id *id) {
  static const char bases[] = { P2P__BASE58BTC, P2P__BASE36, P2P__BASE32, P2P__BASE64URL,
                                P2P__BASE16 };
  for (size_t i = 0; i < sizeof bases; i++) {
    uint8_t cid[64];
    char text[160];
    p2p_peer_id back;
    p2p__wr w = p2p__wr_of(cid, sizeof cid);
    p2p__wr_u8(&w, 1);    /* version */
    p2p__wr_u8(&w, 0x72); /* libp2p-key */
    p2p__wr_bytes_in(&w, p2p__bytes(id->b, id->len));
    p2p__wr t = p2p__wr_of(text, sizeof text);
    p2p__multibase_encode(bases[i], p2p__wr_bytes(&w), &t);
    p2p__wr_u8(&t, 0);
    check(!t.err && p2p_peer_id_parse(text, &back) == 0 && p2p_peer_id_eq(id, &back));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  p2p_bytes in = p2p__bytes(data, size);
  char text[512];
  p2p_peer_id id;
  size_t len = p2p__min(size, sizeof text - 1);
  if (len) memcpy(text, data, len);
  text[len] = 0;
  if (p2p_peer_id_parse(text, &id) == 0) {
    check_id(&id);
    check_cid(&id);
  }
  if (p2p_peer_id_from_bytes(in, &id) == 0) {
    check(p2p__bytes_eq(in, p2p__bytes(id.b, id.len)));
    check_id(&id);
    check_cid(&id);
  }
  return 0;
}
