/* The least two peers must compute for one Noise XX handshake with libp2p's payload: each makes one
 * ephemeral key, does three Diffie-Hellmans and checks one signature. (The own static key is signed
 * once per host.) Both sides take turns in one thread and hand each other their messages in memory;
 * what each costs is its CPU time, so "per second" is what one core a side can do, with sockets,
 * negotiation and the muxer for nothing.
 *
 * usage: handshake [MILLISECONDS]
 * Prints one JSON line; cpu is the initiator's, server_cpu the responder's, seconds the greater.
 * Spec: noise/README.md, "XX", "The libp2p Handshake Payload"; the Noise Protocol Framework. */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef P2P_HAVE_SODIUM /* twice as fast at both curves as OpenSSL 3.0, which is no ceiling */

#include <sodium.h>
#include <string.h>
#include <time.h>

enum {
  KEY = 32,
  PREFIX = 24, /* bytes of "noise-libp2p-static-key:" */
  SIGNATURE = 64,
  SEALED_KEY = KEY + CEILING_TAG,
  PAYLOAD = 6 + KEY + 2 + SIGNATURE,
  SEALED_PAYLOAD = PAYLOAD + CEILING_TAG
};

typedef struct {
  uint8_t secret[KEY], public[KEY];
} keypair;

/* What a host has once. */
typedef struct {
  keypair noise; /* the static key */
  uint8_t payload[PAYLOAD];
} peer;

/* Noise's HandshakeState with its SymmetricState. */
typedef struct {
  const peer *self;
  uint8_t h[KEY], ck[KEY], k[KEY];
  uint64_t n;
  keypair e;
  uint8_t re[KEY], rs[KEY];
  uint8_t from_initiator[KEY], from_responder[KEY]; /* after the split */
} handshake;

typedef struct {
  uint8_t hello[KEY];
  uint8_t answer[KEY + SEALED_KEY + SEALED_PAYLOAD];
  uint8_t finish[SEALED_KEY + SEALED_PAYLOAD];
} transcript;

static void require(bool ok, const char *what) {
  if (!ok) ceiling_die(what);
}

/* --- Noise's symmetric state ---------------------------------------------------------------- */

static void mix_hash(handshake *s, const uint8_t *p, size_t len) {
  crypto_hash_sha256_state hash;
  crypto_hash_sha256_init(&hash);
  crypto_hash_sha256_update(&hash, s->h, sizeof s->h);
  crypto_hash_sha256_update(&hash, p, len);
  crypto_hash_sha256_final(&hash, s->h);
}

static void hmac(const uint8_t key[KEY], const uint8_t *p, size_t len, uint8_t out[KEY]) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key, KEY);
  crypto_auth_hmacsha256_update(&state, p, len);
  crypto_auth_hmacsha256_final(&state, out);
}

/* HKDF(ck, input) with two outputs; first may be ck itself. */
static void hkdf(const uint8_t ck[KEY], const uint8_t *input, size_t len, uint8_t first[KEY],
                 uint8_t second[KEY]) {
  uint8_t temp[KEY], chained[KEY + 1];
  hmac(ck, input, len, temp);
  hmac(temp, (const uint8_t[]){ 1 }, 1, chained);
  chained[KEY] = 2;
  hmac(temp, chained, sizeof chained, second);
  memcpy(first, chained, KEY);
}

static void mix_key(handshake *s, const uint8_t secret[KEY], const uint8_t public[KEY]) {
  uint8_t shared[KEY];
  require(crypto_scalarmult(shared, secret, public) == 0, "X25519");
  hkdf(s->ck, shared, sizeof shared, s->ck, s->k);
  s->n = 0;
}

static void next_nonce(handshake *s, uint8_t nonce[12]) {
  memset(nonce, 0, 12);
  nonce[4] = (uint8_t)s->n++; /* never more than 1 */
}

static void encrypt_and_hash(handshake *s, const uint8_t *p, size_t len, uint8_t *out) {
  uint8_t nonce[12];
  unsigned long long sealed;
  next_nonce(s, nonce);
  crypto_aead_chacha20poly1305_ietf_encrypt(out, &sealed, p, len, s->h, KEY, NULL, nonce, s->k);
  mix_hash(s, out, sealed);
}

static void decrypt_and_hash(handshake *s, const uint8_t *p, size_t len, uint8_t *out) {
  uint8_t nonce[12];
  unsigned long long opened;
  next_nonce(s, nonce);
  int bad = crypto_aead_chacha20poly1305_ietf_decrypt(out, &opened, NULL, p, len, s->h, KEY, nonce,
                                                      s->k);
  require(bad == 0, "authentication");
  mix_hash(s, p, len);
}

/* --- libp2p's payload ----------------------------------------------------------------------- */

static const char STATIC_KEY_PREFIX[] = "noise-libp2p-static-key:";
/* The payload's field 1 (an Ed25519 public key of 32 bytes) and field 2, up to their bytes. */
static const uint8_t IDENTITY[6] = { 0x0a, 0x24, 0x08, 0x01, 0x12, KEY };
static const uint8_t IDENTITY_SIG[2] = { 0x12, SIGNATURE };

static void signed_text(uint8_t text[PREFIX + KEY], const uint8_t key[KEY]) {
  memcpy(text, STATIC_KEY_PREFIX, PREFIX);
  memcpy(text + PREFIX, key, KEY);
}

static void keypair_generate(keypair *pair) {
  randombytes_buf(pair->secret, KEY);
  crypto_scalarmult_base(pair->public, pair->secret);
}

static void peer_init(peer *p) {
  uint8_t secret[crypto_sign_SECRETKEYBYTES], text[PREFIX + KEY];
  uint8_t *identity = p->payload + sizeof IDENTITY, *signature = identity + KEY;
  keypair_generate(&p->noise);
  memcpy(p->payload, IDENTITY, sizeof IDENTITY);
  crypto_sign_keypair(identity, secret);
  memcpy(signature, IDENTITY_SIG, sizeof IDENTITY_SIG);
  signed_text(text, p->noise.public);
  crypto_sign_detached(signature + sizeof IDENTITY_SIG, NULL, text, sizeof text, secret);
}

static void payload_check(const uint8_t payload[PAYLOAD], const uint8_t static_key[KEY]) {
  uint8_t text[PREFIX + KEY];
  const uint8_t *identity = payload + sizeof IDENTITY;
  const uint8_t *signature = identity + KEY + sizeof IDENTITY_SIG;
  signed_text(text, static_key);
  require(crypto_sign_verify_detached(signature, text, sizeof text, identity) == 0, "signature");
}

/* s, then the payload, sealed with the keys before and after the static key's Diffie-Hellman;
 * with is the remote's ephemeral key. */
static void write_identity(handshake *s, const uint8_t with[KEY], uint8_t *out) {
  encrypt_and_hash(s, s->self->noise.public, KEY, out);
  mix_key(s, s->self->noise.secret, with);
  encrypt_and_hash(s, s->self->payload, PAYLOAD, out + SEALED_KEY);
}

static void read_identity(handshake *s, const uint8_t *in) {
  uint8_t payload[PAYLOAD];
  decrypt_and_hash(s, in, SEALED_KEY, s->rs);
  mix_key(s, s->e.secret, s->rs);
  decrypt_and_hash(s, in + SEALED_KEY, SEALED_PAYLOAD, payload);
  payload_check(payload, s->rs);
}

/* --- XX, message by message ----------------------------------------------------------------- */

static void handshake_init(handshake *s, const peer *self) {
  static const char name[] = "Noise_XX_25519_ChaChaPoly_SHA256"; /* 32 bytes: its own hash */
  s->self = self;
  memcpy(s->h, name, KEY);
  memcpy(s->ck, name, KEY);
  mix_hash(s, NULL, 0); /* no prologue */
}

static void handshake_split(handshake *s) {
  hkdf(s->ck, NULL, 0, s->from_initiator, s->from_responder);
}

static void write_hello(handshake *s, transcript *t) { /* -> e */
  keypair_generate(&s->e);
  memcpy(t->hello, s->e.public, KEY);
  mix_hash(s, t->hello, KEY);
  mix_hash(s, NULL, 0); /* the empty payload */
}

static void read_hello(handshake *s, const transcript *t) {
  memcpy(s->re, t->hello, KEY);
  mix_hash(s, t->hello, KEY);
  mix_hash(s, NULL, 0);
}

static void write_answer(handshake *s, transcript *t) { /* <- e, ee, s, es */
  keypair_generate(&s->e);
  memcpy(t->answer, s->e.public, KEY);
  mix_hash(s, t->answer, KEY);
  mix_key(s, s->e.secret, s->re);
  write_identity(s, s->re, t->answer + KEY);
}

static void read_answer(handshake *s, const transcript *t) {
  memcpy(s->re, t->answer, KEY);
  mix_hash(s, t->answer, KEY);
  mix_key(s, s->e.secret, s->re);
  read_identity(s, t->answer + KEY);
}

static void write_finish(handshake *s, transcript *t) { /* -> s, se */
  write_identity(s, s->re, t->finish);
  handshake_split(s);
}

static void read_finish(handshake *s, const transcript *t) {
  read_identity(s, t->finish);
  handshake_split(s);
}

/* --- the measurement ------------------------------------------------------------------------ */

static double thread_cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct {
  double initiator, responder, last;
} costs;

/* Charges what has passed since the last charge. */
static void charge(costs *c, double *side) {
  double now = thread_cpu();
  *side += now - c->last;
  c->last = now;
}

static void handshake_once(const peer *a, const peer *b, costs *c) {
  handshake i, r;
  transcript t;
  handshake_init(&i, a);
  write_hello(&i, &t);
  charge(c, &c->initiator);
  handshake_init(&r, b);
  read_hello(&r, &t);
  write_answer(&r, &t);
  charge(c, &c->responder);
  read_answer(&i, &t);
  write_finish(&i, &t);
  charge(c, &c->initiator);
  read_finish(&r, &t);
  charge(c, &c->responder);
  require(memcmp(i.from_initiator, r.from_initiator, KEY) == 0, "the split keys differ");
}

int main(int argc, char **argv) {
  double limit = (double)ceiling_argument(argc, argv, 1, 700) / 1e3;
  peer a, b;
  unsigned count = 0;
  require(sodium_init() >= 0, "sodium_init");
  peer_init(&a);
  peer_init(&b);
  costs c = { .last = thread_cpu() };
  for (; c.initiator + c.responder < limit; count++) handshake_once(&a, &b, &c);
  double busier = c.initiator > c.responder ? c.initiator : c.responder;
  printf("{\"test\":\"handshake\",\"count\":%u,\"seconds\":%.6f,\"per_s\":%.0f,\"cpu\":%.6f,"
         "\"server_cpu\":%.6f}\n",
         count, busier, count / busier, c.initiator, c.responder);
  return 0;
}

#else

int main(void) {
  fprintf(stderr, "handshake: built without libsodium, so there is no ceiling\n");
  return 1;
}

#endif
