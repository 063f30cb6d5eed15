/* One direction of TLS 1.3's record protection under one traffic secret.
 * Spec: RFC 8446, sections 5.2, 5.3, 5.5, 7.2, 7.3. */
#ifndef P2P_SECURITY_TLS_KEYS_H
#define P2P_SECURITY_TLS_KEYS_H

#include "crypto/tls_engine.h"

enum {
  P2P__TLS_HEAD = 5,                            /* type, version, length */
  P2P__TLS_TAIL = 1 + P2P__AEAD_TAG,            /* inner type, tag */
  P2P__TLS_PLAIN_MAX = 1 << 14,                 /* content of one record */
  P2P__TLS_WIRE_MAX = P2P__TLS_PLAIN_MAX + 256, /* … and its ciphertext */
  P2P__TLS_REKEY_AT = 1 << 23                   /* records under one secret: AES-GCM bears 2^24.5 */
};

typedef enum p2p__tls_type {
  P2P__TLS_CCS = 20,
  P2P__TLS_ALERT = 21,
  P2P__TLS_MESSAGE = 22, /* handshake */
  P2P__TLS_DATA = 23
} p2p__tls_type;

enum p2p__tls_alert {
  P2P__TLS_NO_ALERT = -1,
  P2P__TLS_CLOSE_NOTIFY = 0,
  P2P__TLS_UNEXPECTED_MESSAGE = 10,
  P2P__TLS_BAD_RECORD_MAC = 20,
  P2P__TLS_RECORD_OVERFLOW = 22,
  P2P__TLS_ILLEGAL_PARAMETER = 47,
  P2P__TLS_DECODE_ERROR = 50,
  P2P__TLS_INTERNAL_ERROR = 80,
  P2P__TLS_USER_CANCELED = 90
};

typedef struct p2p__tls_keys {
  p2p__aead aead;
  p2p__tls_secret secret;
  uint8_t iv[P2P__AEAD_NONCE];
  uint64_t seq; /* of the next record */
} p2p__tls_keys;

/* Copies the secret. */
void p2p__tls_keys_init(p2p__tls_keys *k, p2p__crypto *crypto, const p2p__tls_secret *secret,
                        bool seals);
void p2p__tls_keys_fini(p2p__tls_keys *k); /* wipes; all zero accepted */
/* The next generation's: RFC 8446, section 7.2. */
void p2p__tls_keys_update(p2p__tls_keys *k);

/* Seals n pieces of at most P2P__TLS_PLAIN_MAX bytes in all; out has room for them, head and tail.
 * P2P_EINVAL: too many; P2P_ELIMIT: no sequence number is left; P2P_ENOMEM, P2P_EIO. */
P2P_MUST_USE int p2p__tls_seal(p2p__tls_keys *k, p2p__tls_type type, const p2p_bytes *v, size_t n,
                               uint8_t *out, size_t *len);
/* Opens a whole protected record in place. 0: *type and *plain (inside record); <0: P2P_EAUTH,
 * P2P_EPROTO, P2P_ELIMIT, P2P_ENOMEM, P2P_EIO, and only then *alert is what belongs to it. */
P2P_MUST_USE int p2p__tls_open(p2p__tls_keys *k, p2p__span record, p2p__tls_type *type,
                               p2p__span *plain, int *alert);

/* The size of the record at the front of in, head included; 0: too few bytes to know; <0: longer
 * than any may be (P2P_EPROTO, alert 22). */
P2P_MUST_USE ptrdiff_t p2p__tls_record_size(p2p_bytes in);
/* A record in the clear. */
void p2p__tls_clear(p2p__wr *w, p2p__tls_type type, p2p_bytes content);
/* The two bytes of an alert. */
static inline void p2p__tls_alert_bytes(int alert, uint8_t out[2]) {
  bool warning = alert == P2P__TLS_CLOSE_NOTIFY || alert == P2P__TLS_USER_CANCELED;
  out[0] = warning ? 1 : 2;
  out[1] = (uint8_t)alert;
}
/* What a peer's alert means for the connection. 0: nothing (user_canceled, which a close follows);
 * P2P_ECLOSED: close_notify; else why the peer gave up. */
int p2p__tls_alert_error(p2p_bytes content, int *alert);

#endif
