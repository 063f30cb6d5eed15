/* TLS 1.3 HANDSHAKE, in the shape QUIC has it (RFC 9001, section 4): handshake messages in and out by
 * encryption level, traffic secrets out, the peer's certificate as DER. It protects no record and
 * knows no packet: over TCP security/tls.c frames and seals, in QUIC the packets do.
 *
 * One file for each TLS library (tls_gnutls.c). libp2p's rules are the engine's: TLS 1.3 only, both
 * sides send exactly one certificate, no tickets, no server name, no early data, and no key ever
 * leaves through SSLKEYLOGFILE. Who may be there is the caller's judgement, on the DER
 * (peer/certificate.h).
 * Spec: RFC 8446; tls/tls.md; quic/README.md. */
#ifndef P2P_CRYPTO_TLS_ENGINE_H
#define P2P_CRYPTO_TLS_ENGINE_H

#include "crypto/crypto.h"

typedef enum p2p__tls_level {
  P2P__TLS_INITIAL,    /* in the clear over TCP, Initial packets in QUIC */
  P2P__TLS_HANDSHAKE,  /* handshake traffic secrets */
  P2P__TLS_APPLICATION /* application traffic secrets */
} p2p__tls_level;

typedef enum p2p__tls_way { P2P__TLS_READ, P2P__TLS_WRITE } p2p__tls_way;

enum { P2P__TLS_SECRET_MAX = 48, P2P__TLS_ALPN_MAX = 32, P2P__TLS_ALPNS = 8 };

/* A traffic secret and what it is for. Borrowed for the call; wipe what you keep. */
typedef struct p2p__tls_secret {
  p2p__aead_kind aead;
  uint8_t bytes[P2P__TLS_SECRET_MAX];
  size_t len; /* 32: SHA-256, 48: SHA-384 */
} p2p__tls_secret;

/* Whom a handshake tells, from inside p2p__tls_start and p2p__tls_recv. None may free it. A negative
 * return ends the handshake, and p2p__tls_recv returns it. */
typedef struct p2p__tls_user p2p__tls_user;
struct p2p__tls_user {
  /* Part of a handshake message to send at a level; parts of one level are in order. */
  int (*say)(p2p__tls_user *u, p2p__tls_level level, p2p_bytes message);
  /* Keys of a level and way. Read and write may come in either order, with messages between. */
  int (*secret)(p2p__tls_user *u, p2p__tls_level level, p2p__tls_way way,
                const p2p__tls_secret *secret);
  /* A change_cipher_spec record for middleboxes goes here, between messages: over TCP, RFC 8446,
   * appendix D.4. NULL in QUIC. */
  int (*ccs)(p2p__tls_user *u);
  /* The peer's one certificate: 0, or why it is refused (P2P_EAUTH, P2P_EPEER, P2P_EPROTO). Whether
   * the peer has its key is known only when the handshake is done. */
  int (*judge)(p2p__tls_user *u, p2p_bytes der);
  /* The peer's transport parameters; NULL over TCP. Told again by a client's second hello. */
  int (*params)(p2p__tls_user *u, p2p_bytes params);
  /* Writes our transport parameters, when they are to leave (a server has read the peer's by then);
   * asked again for a client's second hello. Returns their length. NULL over TCP. */
  ptrdiff_t (*put_params)(p2p__tls_user *u, uint8_t *out, size_t cap);
};

/* What a host's handshakes share: certificate, key, priorities. Made once for each use (TCP, QUIC). */
typedef struct p2p__tls_context p2p__tls_context;

typedef struct p2p__tls_context_config {
  bool quic;          /* transport parameters, no middlebox compatibility mode */
  p2p_bytes cert;     /* DER; copied */
  p2p_bytes cert_key; /* its private key, PKCS #8 DER; copied */
  /* Told every secret by its NSS label, for people who debug with a packet capture; NULL: nobody.
   * A callback is installed in the library in either case. */
  void (*keylog)(void *ctx, const char *label, p2p_bytes client_random, p2p_bytes secret);
  void *keylog_ctx;
} p2p__tls_context_config;

P2P_MUST_USE int p2p__tls_context_new(p2p__mem *mem, const p2p__tls_context_config *config,
                                      p2p__tls_context **out); /* P2P_ENOMEM, P2P_EKEY, P2P_EIO */
void p2p__tls_context_free(p2p__tls_context *c);

typedef struct p2p__tls p2p__tls; /* one handshake */

typedef struct p2p__tls_config {
  p2p__tls_context *context; /* borrowed, outlives the handshake */
  p2p__tls_user *user;
  bool client;
  const char *const *alpn; /* in order of preference, at most P2P__TLS_ALPNS; copied */
  size_t n_alpn;
  bool alpn_required; /* QUIC: a peer without ALPN is refused (alert 120); over TCP it is not */
  size_t message_max; /* longest handshake message taken; 0: 65,536 */
} p2p__tls_config;

/* P2P_ENOMEM; P2P_EINVAL: an ALPN name is empty or too long, or there are too many. */
P2P_MUST_USE int p2p__tls_new(p2p__mem *mem, const p2p__tls_config *config, p2p__tls **out);
void p2p__tls_free(p2p__tls *t); /* may be long before the connection ends: nothing needs it then */

/* A client's first flight; a server has nothing to say yet. */
P2P_MUST_USE int p2p__tls_start(p2p__tls *t);
/* Eats bytes of a level's handshake stream, any split. 1: the handshake is done (ours; over QUIC the
 * server has then still to confirm it); 0: wants more; <0: it failed, p2p__tls_alert says what to
 * tell the peer. Messages behind the end (tickets) are the caller's. */
P2P_MUST_USE int p2p__tls_recv(p2p__tls *t, p2p__tls_level level, p2p_bytes in);
/* Whether part of a message is kept, the rest of which has not come. */
bool p2p__tls_is_partial(const p2p__tls *t);
/* The alert that belongs to the failure, RFC 8446 section 6; -1: none. */
int p2p__tls_alert(const p2p__tls *t);
/* Whether a peer's alert says "I do not accept who you are". RFC 8446, section 6.2. */
bool p2p__tls_alert_is_about_identity(uint8_t alert);
/* What was agreed; NULL: nothing. Lives as long as t. */
const char *p2p__tls_alpn(const p2p__tls *t);
/* The longest plaintext the peer takes in one record (RFC 8449), content type not counted; 16384
 * when it did not say. For TCP. */
size_t p2p__tls_record_limit(const p2p__tls *t);

#endif
