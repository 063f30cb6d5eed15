/* Noise: the handshake message by message, with any payload. */
#include "evil.h"
#include "multiformats/protobuf.h"
#include "security/noise_payload.h"
#include <stdlib.h>

enum { PAYLOAD_KEY = 1, PAYLOAD_SIG = 2 };

void noise_begin(peer *p) {
  uint8_t s[32], s_pub[32], e[32];
  evil_random(s, sizeof s);
  evil_random(e, sizeof e);
  p2p__x25519_public(s, s_pub);
  p2p__noise_xx_init(&p->xx, p->e->crypto, p->dialed, s, s_pub, e, p2p__bytes(NULL, 0));
}

void noise_say(peer *p, p2p_bytes payload, message *m) {
  p2p__wr w = p2p__wr_of(m->b + 2, sizeof m->b - 2);
  m->len = 0;
  if (p2p__noise_xx_write(&p->xx, payload, &w)) return;
  p2p__put_be16(m->b, (uint16_t)w.len);
  m->len = 2 + w.len;
}

bool noise_hear(peer *p) {
  static uint8_t theirs[65536], plain[65536];
  uint8_t head[2];
  size_t len;
  if (!peer_get(p, head, 2)) return false;
  size_t n = (size_t)head[0] << 8 | head[1];
  return peer_get(p, theirs, n) &&
         p2p__noise_xx_read(&p->xx, p2p__bytes(theirs, n), plain, &len) == 0;
}

/* What was heard beyond the handshake is the first record. */
void noise_split(peer *p) {
  uint8_t ours[P2P__NOISE_KEY], theirs[P2P__NOISE_KEY];
  p2p__noise_xx_split(&p->xx, ours, theirs);
  p2p__aead_init(&p->seal, p->e->crypto, P2P__CHACHA20_POLY1305, true, ours);
  p2p__aead_init(&p->open, p->e->crypto, P2P__CHACHA20_POLY1305, false, theirs);
  memmove(p->raw + p->plain_len, p->raw, p->raw_len);
  memcpy(p->raw, p->plain, p->plain_len);
  p->raw_len += p->plain_len;
  p->plain_len = 0;
  p->sealed = true;
}

size_t noise_payload(p2p_bytes key, p2p_bytes sig, uint8_t *out, size_t cap) {
  p2p__wr w = p2p__wr_of(out, cap);
  p2p__pb_bytes(&w, PAYLOAD_KEY, key);
  p2p__pb_bytes(&w, PAYLOAD_SIG, sig);
  return w.err ? 0 : w.len;
}

size_t noise_claim(peer *p, const p2p_identity *id, int flip, uint8_t *out, size_t cap) {
  uint8_t text[P2P__NOISE_SIGNED], sig[P2P_SIGNATURE_MAX];
  size_t len = 0;
  p2p__noise_signed(p->xx.s_pub, text);
  if (id->sign(id->ctx, p2p__bytes(text, sizeof text), sig, &len)) return 0;
  if (flip >= 0) sig[(size_t)flip / 8 % len] ^= (uint8_t)(1U << flip % 8);
  return noise_payload(p2p__bytes(id->pubkey, id->pubkey_len), p2p__bytes(sig, len), out, cap);
}

static bool shake_as_initiator(peer *p, p2p_bytes payload) {
  static message m;
  noise_say(p, p2p__bytes(NULL, 0), &m);
  if (!peer_send(p, m.b, m.len) || !noise_hear(p)) return false;
  noise_say(p, payload, &m);
  return peer_send(p, m.b, m.len);
}

static bool shake_as_responder(peer *p, p2p_bytes payload) {
  static message m;
  if (!noise_hear(p)) return false;
  noise_say(p, payload, &m);
  return peer_send(p, m.b, m.len) && noise_hear(p);
}

bool noise_up(peer *p, const p2p_bytes *payload) {
  uint8_t plain[2048];
  if (!p || !line_agree(p, "/noise")) return false;
  noise_begin(p);
  p2p_bytes ours = payload ? *payload : p2p__bytes(plain, 0);
  if (!payload) ours.len = noise_claim(p, &p->e->self, -1, plain, sizeof plain);
  bool ok = p->dialed ? shake_as_initiator(p, ours) : shake_as_responder(p, ours);
  if (ok) noise_split(p);
  return ok;
}
