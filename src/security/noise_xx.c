/* The Noise XX handshake, transcribed: SymmetricState, then the tokens, then the three messages.
 * Spec: the Noise protocol framework, revision 34, sections 5.2, 5.3 and 7.5. */
#include "security/noise_xx.h"
#include <assert.h>

/* ---- SymmetricState, section 5.2 ---- */

void p2p__noise_nonce(uint64_t n, uint8_t nonce[P2P__AEAD_NONCE]) {
  memset(nonce, 0, 4);
  for (unsigned i = 0; i < 8; i++) nonce[4 + i] = (uint8_t)(n >> (8 * i));
}

static void mix_hash(p2p__noise_xx *x, p2p_bytes data) {
  const p2p_bytes v[] = { p2p__bytes(x->h, sizeof x->h), data };
  uint8_t h[P2P__SHA256];
  p2p__sha256(v, P2P_COUNT(v), h);
  memcpy(x->h, h, sizeof x->h);
}

static void mix_key(p2p__noise_xx *x, p2p_bytes ikm) {
  uint8_t out[2][P2P__NOISE_KEY];
  p2p__hkdf_noise(x->ck, ikm, 2, out);
  memcpy(x->ck, out[0], sizeof x->ck);
  memcpy(x->k, out[1], sizeof x->k);
  x->n = 0;
  x->keyed = true;
  p2p__wipe(out, sizeof out);
}

/* MixKey(DH(secret, pub)). A low-order pub would make the result a constant that anybody knows:
 * refused, section 12.1 leaves it to us. */
static int mix_dh(p2p__noise_xx *x, const uint8_t *secret, const uint8_t *pub) {
  uint8_t shared[P2P__NOISE_KEY];
  int err = p2p__x25519(secret, pub, shared);
  if (!err) mix_key(x, p2p__bytes(shared, sizeof shared));
  p2p__wipe(shared, sizeof shared);
  return err;
}

/* ENCRYPT(k, n++, h, text); out has room for the tag, too. */
static int seal(p2p__noise_xx *x, p2p_bytes text, uint8_t *out) {
  uint8_t nonce[P2P__AEAD_NONCE];
  p2p__noise_nonce(x->n++, nonce);
  p2p__aead a;
  p2p__aead_init(&a, x->crypto, P2P__CHACHA20_POLY1305, true, x->k);
  int err = p2p__aead_start(&a, nonce, p2p__bytes(x->h, sizeof x->h));
  if (!err && text.len) err = p2p__aead_add(&a, text, out);
  if (!err) err = p2p__aead_finish(&a, out + text.len);
  p2p__aead_fini(&a);
  return err;
}

/* DECRYPT(k, n++, h, text and tag), in place. */
static int open(p2p__noise_xx *x, uint8_t *text, size_t len) {
  uint8_t nonce[P2P__AEAD_NONCE];
  p2p__noise_nonce(x->n++, nonce);
  p2p__aead a;
  p2p__aead_init(&a, x->crypto, P2P__CHACHA20_POLY1305, false, x->k);
  size_t n = len - P2P__AEAD_TAG;
  int err = p2p__aead_open(&a, nonce, p2p__bytes(x->h, sizeof x->h), text, n, text + n);
  p2p__aead_fini(&a);
  return err;
}

static int encrypt_and_hash(p2p__noise_xx *x, p2p_bytes text, p2p__wr *w) {
  p2p__span out = p2p__wr_room(w, text.len + (x->keyed ? P2P__AEAD_TAG : 0));
  if (w->err) return w->err;
  if (x->keyed) {
    int err = seal(x, text, out.p);
    if (err) return err;
  } else if (text.len) {
    memcpy(out.p, text.p, text.len);
  }
  mix_hash(x, p2p__span_bytes(out));
  return 0;
}

/* text: room for c.len bytes; the plaintext is c.len, less the tag when there is one. */
static int decrypt_and_hash(p2p__noise_xx *x, p2p_bytes c, uint8_t *text) {
  if (c.len) memcpy(text, c.p, c.len);
  if (x->keyed) {
    int err = open(x, text, c.len);
    if (err) return err;
  }
  mix_hash(x, c);
  return 0;
}

/* ---- tokens, section 5.3 ---- */

static void write_e(p2p__noise_xx *x, p2p__wr *w) {
  uint8_t pub[P2P__NOISE_KEY];
  p2p__x25519_public(x->e, pub);
  p2p__wr_bytes_in(w, p2p__bytes(pub, sizeof pub));
  mix_hash(x, p2p__bytes(pub, sizeof pub));
}

static int write_s(p2p__noise_xx *x, p2p__wr *w) {
  return encrypt_and_hash(x, p2p__bytes(x->s_pub, sizeof x->s_pub), w);
}

static int read_e(p2p__noise_xx *x, p2p__rd *r) {
  p2p_bytes e = p2p__rd_bytes(r, sizeof x->re);
  if (r->err) return P2P_EPROTO;
  memcpy(x->re, e.p, sizeof x->re);
  mix_hash(x, e);
  return 0;
}

static int read_s(p2p__noise_xx *x, p2p__rd *r) {
  uint8_t text[P2P__NOISE_KEY + P2P__AEAD_TAG];
  p2p_bytes c = p2p__rd_bytes(r, sizeof text);
  if (r->err) return P2P_EPROTO;
  int err = decrypt_and_hash(x, c, text);
  if (!err) memcpy(x->rs, text, sizeof x->rs);
  return err;
}

static int read_payload(p2p__noise_xx *x, p2p__rd *r, uint8_t *payload, size_t *len) {
  p2p_bytes c = p2p__rd_rest(r);
  size_t tag = x->keyed ? P2P__AEAD_TAG : 0;
  if (c.len < tag) return P2P_EPROTO;
  int err = decrypt_and_hash(x, c, payload);
  if (!err) *len = c.len - tag;
  return err;
}

static int mix_ee(p2p__noise_xx *x) { return mix_dh(x, x->e, x->re); }
static int mix_es(p2p__noise_xx *x) {
  return x->initiator ? mix_dh(x, x->e, x->rs) : mix_dh(x, x->s, x->re);
}
static int mix_se(p2p__noise_xx *x) {
  return x->initiator ? mix_dh(x, x->s, x->re) : mix_dh(x, x->e, x->rs);
}

/* ---- messages, section 7.5 ---- */

/* -> e */
static int write_1(p2p__noise_xx *x, p2p_bytes payload, p2p__wr *w) {
  write_e(x, w); /* e */
  return encrypt_and_hash(x, payload, w);
}

static int read_1(p2p__noise_xx *x, p2p__rd *r, uint8_t *payload, size_t *len) {
  int err = read_e(x, r); /* e */
  return err ? err : read_payload(x, r, payload, len);
}

/* <- e, ee, s, es */
static int write_2(p2p__noise_xx *x, p2p_bytes payload, p2p__wr *w) {
  write_e(x, w);                 /* e */
  int err = mix_ee(x);           /* ee */
  if (!err) err = write_s(x, w); /* s */
  if (!err) err = mix_es(x);     /* es */
  return err ? err : encrypt_and_hash(x, payload, w);
}

static int read_2(p2p__noise_xx *x, p2p__rd *r, uint8_t *payload, size_t *len) {
  int err = read_e(x, r);       /* e */
  if (!err) err = mix_ee(x);    /* ee */
  if (!err) err = read_s(x, r); /* s */
  if (!err) err = mix_es(x);    /* es */
  return err ? err : read_payload(x, r, payload, len);
}

/* -> s, se */
static int write_3(p2p__noise_xx *x, p2p_bytes payload, p2p__wr *w) {
  int err = write_s(x, w);   /* s */
  if (!err) err = mix_se(x); /* se */
  return err ? err : encrypt_and_hash(x, payload, w);
}

static int read_3(p2p__noise_xx *x, p2p__rd *r, uint8_t *payload, size_t *len) {
  int err = read_s(x, r);    /* s */
  if (!err) err = mix_se(x); /* se */
  return err ? err : read_payload(x, r, payload, len);
}

typedef struct pattern_message {
  int (*write)(p2p__noise_xx *x, p2p_bytes payload, p2p__wr *w);
  int (*read)(p2p__noise_xx *x, p2p__rd *r, uint8_t *payload, size_t *len);
} pattern_message;

static const pattern_message messages[] = {
  { write_1, read_1 },
  { write_2, read_2 },
  { write_3, read_3 },
};

/* ---- HandshakeState, section 5.3 ---- */

void p2p__noise_xx_init(p2p__noise_xx *x, p2p__crypto *crypto, bool initiator, const uint8_t *s,
                        const uint8_t *s_pub, const uint8_t *e, p2p_bytes prologue) {
  static const char name[] = "Noise_XX_25519_ChaChaPoly_SHA256";
  static_assert(sizeof name - 1 == P2P__SHA256, "a name of HASHLEN bytes is its own hash");
  memset(x, 0, sizeof *x);
  x->crypto = crypto;
  x->initiator = initiator;
  memcpy(x->h, name, sizeof x->h);
  memcpy(x->ck, name, sizeof x->ck);
  memcpy(x->s, s, sizeof x->s);
  memcpy(x->s_pub, s_pub, sizeof x->s_pub);
  memcpy(x->e, e, sizeof x->e);
  mix_hash(x, prologue);
}

void p2p__noise_xx_fini(p2p__noise_xx *x) { p2p__wipe(x, sizeof *x); }

int p2p__noise_xx_write(p2p__noise_xx *x, p2p_bytes payload, p2p__wr *w) {
  assert(x->turn < P2P_COUNT(messages) && (x->turn % 2 == 0) == x->initiator);
  return messages[x->turn++].write(x, payload, w);
}

int p2p__noise_xx_read(p2p__noise_xx *x, p2p_bytes message, uint8_t *payload, size_t *len) {
  assert(x->turn < P2P_COUNT(messages) && (x->turn % 2 == 0) != x->initiator);
  p2p__rd r = p2p__rd_of(message);
  return messages[x->turn++].read(x, &r, payload, len);
}

void p2p__noise_xx_split(const p2p__noise_xx *x, uint8_t seal_key[P2P__NOISE_KEY],
                         uint8_t open_key[P2P__NOISE_KEY]) {
  assert(x->turn == P2P_COUNT(messages));
  uint8_t out[2][P2P__NOISE_KEY];
  p2p__hkdf_noise(x->ck, p2p__bytes(NULL, 0), 2, out);
  memcpy(seal_key, out[x->initiator ? 0 : 1], P2P__NOISE_KEY);
  memcpy(open_key, out[x->initiator ? 1 : 0], P2P__NOISE_KEY);
  p2p__wipe(out, sizeof out);
}
