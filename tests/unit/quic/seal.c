/* Packets of a peer that has the keys. Spec: RFC 9001, sections 5.3 and 5.4; the AEAD is AES-128-GCM, which
 * both sides of a pair prefer. */
#include "seal.h"

enum { PN = 4, IV = P2P__AEAD_NONCE, MOST = 1400 };

static void label(const pair_end *e, const char *name, uint8_t *out, size_t len) {
  assert_int_equal(e->traffic_len, P2P__SHA256);
  p2p__hkdf_expand_label(P2P__SHA256, e->traffic, name, (p2p_bytes){ 0 }, out, len);
}

static void hide(pair_end *e, uint8_t *packet, size_t pn_at) {
  uint8_t key[16], mask[P2P__HP_MASK];
  p2p__hpmask h;
  label(e, "quic hp", key, sizeof key);
  p2p__hpmask_init(&h, e->crypto, P2P__AES_128_GCM, key);
  assert_int_equal(p2p__hpmask_of(&h, packet + pn_at + PN, mask), 0);
  p2p__hpmask_fini(&h);
  packet[0] ^= mask[0] & 0x1f;
  for (size_t i = 0; i < PN; i++) packet[pn_at + i] ^= mask[1 + i];
}

void seal_short(p2p__wr *w, pair_end *e, const p2p__quic_cid *to, uint32_t number,
                p2p_bytes frames) {
  uint8_t key[16], iv[IV], sealed[MOST + P2P__AEAD_TAG];
  p2p__aead a;
  uint8_t *packet = w->p + w->len;
  assert_true(frames.len <= MOST);
  p2p__wr_u8(w, 0x40 | (PN - 1));
  p2p__wr_bytes_in(w, p2p__bytes(to->b, to->len));
  p2p__wr_be32(w, number);
  size_t header = 1 + to->len + PN;
  label(e, "quic key", key, sizeof key);
  label(e, "quic iv", iv, sizeof iv);
  for (size_t i = 0; i < PN; i++) iv[IV - PN + i] ^= (uint8_t)(number >> (24 - 8 * i));
  p2p__aead_init(&a, e->crypto, P2P__AES_128_GCM, true, key);
  assert_int_equal(p2p__aead_seal(&a, iv, p2p__bytes(packet, header), frames, sealed), 0);
  p2p__aead_fini(&a);
  p2p__wr_bytes_in(w, p2p__bytes(sealed, frames.len + P2P__AEAD_TAG));
  assert_int_equal(w->err, 0);
  hide(e, packet, 1 + to->len);
}

void seal_inject(pair *p, pair_end *e, uint32_t number, p2p_bytes frames) {
  uint8_t space[MOST + 64];
  ngtcp2_cid ids[PAIR_NAMES];
  pair_end *to = e->server ? &p->client : &p->server;
  assert_in_range(ngtcp2_conn_get_scid(to->q->conn, NULL), 1, PAIR_NAMES);
  (void)ngtcp2_conn_get_scid(to->q->conn, ids);
  p2p__quic_cid name = quic_cid_in(&ids[0]);
  p2p__wr w = p2p__wr_of(space, sizeof space);
  seal_short(&w, e, &name, number, frames);
  p2p__quic_recv(to->q, &to->at, &e->at, 0, p2p__wr_bytes(&w), p->now);
}

void seal_varint(p2p__wr *w, uint64_t v) {
  if (v < 64) {
    p2p__wr_u8(w, (uint8_t)v);
  } else if (v < 16384) {
    p2p__wr_be16(w, (uint16_t)(0x4000 | v));
  } else if (v < 1u << 30) {
    p2p__wr_be32(w, (uint32_t)(0x80000000u | v));
  } else {
    p2p__wr_be64(w, (uint64_t)3 << 62 | v);
  }
}
