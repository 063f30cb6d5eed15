/* Packet protection with our own AEADs, in ngtcp2's callbacks: its contexts are opaque handles, so that
 * whichever backend is fastest at packet size serves here too. Spec: RFC 9001, section 5. */
#include "quic/internal.h"

enum { IV = P2P__AEAD_NONCE, INITIAL_SECRET = P2P__SHA256 };

/* RFC 9001, section 6.6: what one key may protect, and how often opening may fail. */
#define GCM_SEALS ((uint64_t)1 << 23)
#define GCM_FORGERIES ((uint64_t)1 << 52)
#define CHACHA_SEALS ((uint64_t)1 << 62)
#define CHACHA_FORGERIES ((uint64_t)1 << 36)

/* RFC 9001, section 5.2. */
static const uint8_t initial_salt[20] = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34,
                                          0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8,
                                          0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a };
/* RFC 9001, section 5.8. */
static const uint8_t retry_key[16] = { 0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a,
                                       0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e };

/* ---- handles ---- */
typedef struct aead_handle {
  p2p__list node; /* in quic.aeads */
  p2p__aead aead;
} aead_handle;

typedef struct mask_handle {
  p2p__list node; /* in quic.masks */
  p2p__hpmask mask;
} mask_handle;

static aead_handle *aead_new(p2p__quic_shared *s, p2p__aead_kind kind, bool seals,
                             const uint8_t *key) {
  aead_handle *h = p2p__alloc(s->env->mem, P2P__MEM_QUIC, sizeof *h);
  if (!h) return NULL;
  p2p__list_init(&h->node);
  p2p__aead_init_packets(&h->aead, s->env->crypto, kind, seals, key);
  return h;
}

void p2p__quic_aead_free(p2p__quic_shared *s, void *aead) {
  aead_handle *h = aead;
  if (!h) return;
  p2p__list_del(&h->node);
  p2p__aead_fini(&h->aead);
  p2p__release(s->env->mem, P2P__MEM_QUIC, h, sizeof *h);
}

static mask_handle *mask_new(p2p__quic_shared *s, p2p__aead_kind kind, const uint8_t *key) {
  mask_handle *h = p2p__alloc(s->env->mem, P2P__MEM_QUIC, sizeof *h);
  if (!h) return NULL;
  p2p__list_init(&h->node);
  p2p__hpmask_init(&h->mask, s->env->crypto, kind, key);
  return h;
}

static void mask_free(p2p__quic_shared *s, mask_handle *h) {
  if (!h) return;
  p2p__list_del(&h->node);
  p2p__hpmask_fini(&h->mask);
  p2p__release(s->env->mem, P2P__MEM_QUIC, h, sizeof *h);
}

void *p2p__quic_retry_aead(p2p__quic_shared *s) {
  return aead_new(s, P2P__AES_128_GCM, true, retry_key);
}

void p2p__quic_on_delete_aead(ngtcp2_conn *conn, ngtcp2_crypto_aead_ctx *ctx, void *user) {
  (void)conn;
  p2p__quic_aead_free(((p2p__quic *)user)->shared, ctx->native_handle);
}

void p2p__quic_on_delete_mask(ngtcp2_conn *conn, ngtcp2_crypto_cipher_ctx *ctx, void *user) {
  (void)conn;
  mask_free(((p2p__quic *)user)->shared, ctx->native_handle);
}

/* ---- packets ---- */
int p2p__quic_on_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                         const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *plain, size_t len,
                         const uint8_t *nonce, size_t nonce_len, const uint8_t *aad,
                         size_t aad_len) {
  aead_handle *h = ctx->native_handle;
  (void)aead;
  (void)nonce_len; /* always IV bytes: what was installed */
  int err = p2p__aead_seal(&h->aead, nonce, p2p__bytes(aad, aad_len), p2p__bytes(plain, len), dest);
  return err < 0 ? NGTCP2_ERR_CALLBACK_FAILURE : 0;
}

int p2p__quic_on_decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                         const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *cipher, size_t len,
                         const uint8_t *nonce, size_t nonce_len, const uint8_t *aad,
                         size_t aad_len) {
  aead_handle *h = ctx->native_handle;
  (void)aead;
  (void)nonce_len;
  int err = p2p__aead_open_to(&h->aead, nonce, p2p__bytes(aad, aad_len), p2p__bytes(cipher, len),
                              dest);
  if (err == P2P_EAUTH) return NGTCP2_ERR_DECRYPT;
  return err < 0 ? NGTCP2_ERR_CALLBACK_FAILURE : 0;
}

int p2p__quic_on_mask(uint8_t *dest, const ngtcp2_crypto_cipher *hp,
                      const ngtcp2_crypto_cipher_ctx *ctx, const uint8_t *sample) {
  mask_handle *h = ctx->native_handle;
  (void)hp;
  return p2p__hpmask_of(&h->mask, sample, dest) < 0 ? NGTCP2_ERR_CALLBACK_FAILURE : 0;
}

/* ---- keys ---- */
typedef struct keys {
  ngtcp2_crypto_aead_ctx aead;
  ngtcp2_crypto_cipher_ctx mask;
  uint8_t iv[IV];
} keys;

static p2p__hash hash_of(p2p__aead_kind kind) {
  return kind == P2P__AES_256_GCM ? P2P__SHA384 : P2P__SHA256;
}

static void expand(p2p__aead_kind kind, const uint8_t *secret, const char *label, uint8_t *out,
                   size_t len) {
  p2p__hkdf_expand_label(hash_of(kind), secret, label, (p2p_bytes){ 0 }, out, len);
}

static void keys_fini(p2p__quic_shared *s, keys *k) {
  p2p__quic_aead_free(s, k->aead.native_handle);
  mask_free(s, k->mask.native_handle);
  p2p__wipe(k, sizeof *k);
}

/* "quic key" and "quic iv"; an update of keys leaves header protection as it is. */
static int keys_aead(p2p__quic *q, p2p__aead_kind kind, bool seals, const uint8_t *secret,
                     ngtcp2_crypto_aead_ctx *aead, uint8_t iv[IV]) {
  uint8_t key[P2P__AEAD_KEY];
  expand(kind, secret, "quic key", key, p2p__aead_key_len(kind));
  expand(kind, secret, "quic iv", iv, IV);
  aead_handle *h = aead_new(q->shared, kind, seals, key);
  p2p__wipe(key, sizeof key);
  aead->native_handle = h;
  if (!h) return P2P_ENOMEM;
  p2p__list_add(&q->aeads, &h->node);
  return 0;
}

static int keys_make(p2p__quic *q, p2p__aead_kind kind, bool seals, const uint8_t *secret,
                     keys *out) {
  uint8_t key[P2P__AEAD_KEY];
  *out = (keys){ 0 };
  int err = keys_aead(q, kind, seals, secret, &out->aead, out->iv);
  if (err < 0) return err;
  expand(kind, secret, "quic hp", key, p2p__aead_key_len(kind));
  mask_handle *h = mask_new(q->shared, kind, key);
  p2p__wipe(key, sizeof key);
  out->mask.native_handle = h;
  if (!h) {
    keys_fini(q->shared, out);
    return P2P_ENOMEM;
  }
  p2p__list_add(&q->masks, &h->node);
  return 0;
}

static ngtcp2_crypto_ctx crypto_ctx(p2p__aead_kind kind) {
  bool chacha = kind == P2P__CHACHA20_POLY1305;
  return (ngtcp2_crypto_ctx){ .aead = { .max_overhead = P2P__AEAD_TAG },
                              .max_encryption = chacha ? CHACHA_SEALS : GCM_SEALS,
                              .max_decryption_failure = chacha ? CHACHA_FORGERIES : GCM_FORGERIES };
}

/* ---- Initial packets: RFC 9001, section 5.2 ---- */
static int initial_install(p2p__quic *q, const uint8_t *ours, const uint8_t *theirs) {
  keys tx, rx;
  int err = keys_make(q, P2P__AES_128_GCM, true, ours, &tx);
  if (err < 0) return NGTCP2_ERR_CALLBACK_FAILURE;
  err = keys_make(q, P2P__AES_128_GCM, false, theirs, &rx);
  if (err < 0) {
    keys_fini(q->shared, &tx);
    return NGTCP2_ERR_CALLBACK_FAILURE;
  }
  int rv = ngtcp2_conn_install_initial_key(q->conn, &rx.aead, rx.iv, &rx.mask, &tx.aead, tx.iv,
                                           &tx.mask, IV);
  if (rv == 0) return 0;
  keys_fini(q->shared, &tx);
  keys_fini(q->shared, &rx);
  return NGTCP2_ERR_CALLBACK_FAILURE;
}

static int retry_install(p2p__quic *q) {
  ngtcp2_crypto_aead aead = { .max_overhead = P2P__AEAD_TAG };
  ngtcp2_crypto_aead_ctx ctx = { .native_handle = p2p__quic_retry_aead(q->shared) };
  if (!ctx.native_handle) return NGTCP2_ERR_CALLBACK_FAILURE;
  ngtcp2_conn_set_retry_aead(q->conn, &aead, &ctx);
  return 0;
}

int p2p__quic_initial_keys(p2p__quic *q, const ngtcp2_cid *dcid) {
  uint8_t secret[INITIAL_SECRET], client[INITIAL_SECRET], server[INITIAL_SECRET];
  ngtcp2_crypto_ctx ctx = crypto_ctx(P2P__AES_128_GCM);
  ngtcp2_conn_set_initial_crypto_ctx(q->conn, &ctx);
  p2p__hkdf_extract(P2P__SHA256, p2p__bytes(initial_salt, sizeof initial_salt),
                    p2p__bytes(dcid->data, dcid->datalen), secret);
  expand(P2P__AES_128_GCM, secret, "client in", client, sizeof client);
  expand(P2P__AES_128_GCM, secret, "server in", server, sizeof server);
  int rv = q->client ? initial_install(q, client, server) : initial_install(q, server, client);
  if (rv == 0 && q->client && !ngtcp2_conn_after_retry(q->conn)) rv = retry_install(q);
  return rv;
}

/* ---- from TLS ---- */
static int install_keys(p2p__quic *q, p2p__tls_level level, p2p__tls_way way,
                        const p2p__tls_secret *secret, const keys *k) {
  bool rx = way == P2P__TLS_READ;
  if (level == P2P__TLS_HANDSHAKE) {
    return rx ? ngtcp2_conn_install_rx_handshake_key(q->conn, &k->aead, k->iv, IV, &k->mask)
              : ngtcp2_conn_install_tx_handshake_key(q->conn, &k->aead, k->iv, IV, &k->mask);
  }
  return rx ? ngtcp2_conn_install_rx_key(q->conn, secret->bytes, secret->len, &k->aead, k->iv, IV,
                                         &k->mask)
            : ngtcp2_conn_install_tx_key(q->conn, secret->bytes, secret->len, &k->aead, k->iv, IV,
                                         &k->mask);
}

int p2p__quic_install(p2p__quic *q, p2p__tls_level level, p2p__tls_way way,
                      const p2p__tls_secret *secret) {
  if (level == P2P__TLS_INITIAL || secret->len != (size_t)hash_of(secret->aead))
    return NGTCP2_ERR_CALLBACK_FAILURE;
  ngtcp2_crypto_ctx ctx = crypto_ctx(secret->aead);
  ngtcp2_conn_set_crypto_ctx(q->conn, &ctx);
  q->aead = secret->aead;
  keys k;
  int err = keys_make(q, secret->aead, way == P2P__TLS_WRITE, secret->bytes, &k);
  if (err < 0) return NGTCP2_ERR_NOMEM;
  int rv = install_keys(q, level, way, secret, &k);
  if (rv != 0) keys_fini(q->shared, &k);
  p2p__wipe(k.iv, sizeof k.iv);
  return rv;
}

/* RFC 9001, section 6.1. */
int p2p__quic_on_update_key(ngtcp2_conn *conn, uint8_t *rx_secret, uint8_t *tx_secret,
                            ngtcp2_crypto_aead_ctx *rx_aead, uint8_t *rx_iv,
                            ngtcp2_crypto_aead_ctx *tx_aead, uint8_t *tx_iv, const uint8_t *rx_now,
                            const uint8_t *tx_now, size_t len, void *user) {
  p2p__quic *q = user;
  p2p__aead_kind kind = q->aead;
  (void)conn;
  expand(kind, rx_now, "quic ku", rx_secret, len);
  expand(kind, tx_now, "quic ku", tx_secret, len);
  if (keys_aead(q, kind, false, rx_secret, rx_aead, rx_iv) < 0) return NGTCP2_ERR_CALLBACK_FAILURE;
  if (keys_aead(q, kind, true, tx_secret, tx_aead, tx_iv) == 0) return 0;
  p2p__quic_aead_free(q->shared, rx_aead->native_handle);
  rx_aead->native_handle = NULL;
  return NGTCP2_ERR_CALLBACK_FAILURE;
}

void p2p__quic_idle(p2p__quic *q) {
  for (p2p__list *n = q->aeads.next; n != &q->aeads; n = n->next)
    p2p__aead_idle(&P2P_CONTAINER(n, aead_handle, node)->aead);
  for (p2p__list *n = q->masks.next; n != &q->masks; n = n->next)
    p2p__hpmask_idle(&P2P_CONTAINER(n, mask_handle, node)->mask);
}
