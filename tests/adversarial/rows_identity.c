/* ID rows: who is there. What a peer claims must be bound to the channel it claims it in. */
#include "evil.h"
#include <string.h>

enum { PAYLOAD = 4096 };

/* A handshake whose payload `make` writes, and which must not be believed. */
static verdict refused(evil *e, size_t (*make)(peer *p, uint8_t *out)) {
  static message m;
  uint8_t payload[PAYLOAD];
  peer *p = peer_new(e);
  if (!p || !line_agree(p, "/noise")) goto broken;
  noise_begin(p);
  if (p->dialed) {
    noise_say(p, p2p__bytes(NULL, 0), &m);
    if (!peer_send(p, m.b, m.len) || !noise_hear(p)) goto broken;
  } else if (!noise_hear(p)) {
    goto broken;
  }
  size_t n = make(p, payload);
  if (n == 0) goto broken;
  noise_say(p, p2p__bytes(payload, n), &m);
  peer_send(p, m.b, m.len);
  return must_end(p);
broken:
  peer_free(p);
  return EVIL_BROKEN;
}

static size_t with_random_signature(peer *p, uint8_t *out) {
  const p2p_identity *id = &p->e->self;
  uint8_t sig[64];
  evil_random(sig, sizeof sig);
  return noise_payload(p2p__bytes(id->pubkey, id->pubkey_len), p2p__bytes(sig, sizeof sig), out,
                       PAYLOAD);
}

/* The last byte: a comparison that stops early would not see it. */
static size_t with_flipped_bit(peer *p, uint8_t *out) {
  return noise_claim(p, &p->e->self, 63 * 8, out, PAYLOAD);
}

static size_t without_signature(peer *p, uint8_t *out) {
  const p2p_identity *id = &p->e->self;
  return noise_payload(p2p__bytes(id->pubkey, id->pubkey_len), p2p__bytes(NULL, 0), out, PAYLOAD);
}

/* As if overheard elsewhere: a true signature, over another static key. */
static size_t replayed(peer *p, uint8_t *out) {
  uint8_t own[32];
  memcpy(own, p->xx.s_pub, sizeof own);
  evil_random(p->xx.s_pub, sizeof p->xx.s_pub);
  size_t n = noise_claim(p, &p->e->self, -1, out, PAYLOAD);
  memcpy(p->xx.s_pub, own, sizeof own);
  return n;
}

static size_t empty_payload(peer *p, uint8_t *out) {
  (void)p;
  out[0] = 0x2a; /* field 5, empty: one that nobody knows */
  out[1] = 0;
  return 2;
}

static size_t of_type(peer *p, p2p_key_type type, uint8_t *out) {
  p2p_identity id;
  if (p2p_identity_generate(&id, type, p->e->io) < 0) return 0;
  size_t n = noise_claim(p, &id, 200, out, PAYLOAD);
  p2p_identity_fini(&id);
  return n;
}

static size_t flipped_rsa(peer *p, uint8_t *out) { return of_type(p, P2P_KEY_RSA, out); }
static size_t flipped_secp256k1(peer *p, uint8_t *out) {
  return of_type(p, P2P_KEY_SECP256K1, out);
}
static size_t flipped_ecdsa(peer *p, uint8_t *out) { return of_type(p, P2P_KEY_ECDSA, out); }

static verdict id01_random(evil *e) { return refused(e, with_random_signature); }
static verdict id01_flipped(evil *e) { return refused(e, with_flipped_bit); }
static verdict id01_none(evil *e) { return refused(e, without_signature); }
static verdict id01_replayed(evil *e) { return refused(e, replayed); }
static verdict id01_empty(evil *e) { return refused(e, empty_payload); }
static verdict id01_rsa(evil *e) { return refused(e, flipped_rsa); }
static verdict id01_secp256k1(evil *e) { return refused(e, flipped_secp256k1); }
static verdict id01_ecdsa(evil *e) { return refused(e, flipped_ecdsa); }

/* The dialer asked for the peer of evilpeer's address; another one answers. */
static verdict id05(evil *e) {
  p2p_identity asked = e->self;
  if (p2p_identity_generate(&e->self, P2P_KEY_ED25519, e->io) < 0) {
    e->self = asked;
    return EVIL_BROKEN;
  }
  peer *p = peer_new(e);
  bool shook = noise_up(p, NULL);
  p2p_identity_fini(&e->self);
  e->self = asked;
  if (p && (shook || p->over)) return must_end(p);
  peer_free(p);
  return EVIL_BROKEN;
}

#define SOURCE "RUSTSEC-2019-0004, CVE-2019-15545"
enum { BOTH = ROW_DIAL | ROW_SERVE };
static const row rows[] = {
  { "ID-01.random", "noise", SOURCE, "64 random bytes as Ed25519 signature", BOTH, id01_random },
  { "ID-01.flipped", "noise", SOURCE, "one bit of the signature inverted", BOTH, id01_flipped },
  { "ID-01.none", "noise", SOURCE, "no signature at all", BOTH, id01_none },
  { "ID-01.replayed", "noise", SOURCE, "a true signature over another static key", BOTH,
    id01_replayed },
  { "ID-01.empty", "noise", SOURCE, "a payload without a key", BOTH, id01_empty },
  { "ID-01.rsa", "noise", SOURCE, "an RSA signature with a bit inverted", ROW_DIAL, id01_rsa },
  { "ID-01.secp256k1", "noise", SOURCE, "a secp256k1 signature with a bit inverted", ROW_DIAL,
    id01_secp256k1 },
  { "ID-01.ecdsa", "noise", SOURCE, "an ECDSA signature with a bit inverted", ROW_DIAL,
    id01_ecdsa },
  { "ID-05", "noise", "nim#2880, nim#2567", "another peer answers than the one dialed", ROW_SERVE,
    id05 },
};
const family evil_identity = { rows, P2P_COUNT(rows), false };
