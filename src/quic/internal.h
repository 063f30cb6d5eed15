/* The engine's parts: conn.c (life, time) | path.c (where it runs) | handshake.c (TLS) | protect.c (packet
 * protection) | stream.c (streams and events) | datagram.c | send.c | recv.c | window.c (credit) |
 * shared.c, packet.c (without a connection) | cid.c | address.c, mem.c (ngtcp2's view of addresses and
 * memory). */
#ifndef P2P_QUIC_INTERNAL_H
#define P2P_QUIC_INTERNAL_H

#include "base/dgrams.h"
#include "base/map.h"
#include "base/step.h"
#include "crypto/hpmask.h"
#include "quic/quic.h"
#include <ngtcp2/ngtcp2.h>

/* Lib calls that assert what peers decide, fixed in 1.22: see recv.c. */
enum { QUIC_SHIELD_BELOW = 0x011600 };

struct p2p__quic_shared {
  p2p__env *env;
  p2p__tls_context *tls;
  ngtcp2_mem mem;
  p2p__slab streams;
  p2p__budget windows; /* by which those of all connections have grown */
  uint8_t reset_key[32], cid_key[16], token_key[P2P__AEAD_KEY];
  bool shield;
};

/* What exists only until the handshake is done. */
typedef struct quic_handshake {
  p2p__tls_user user;
  p2p__quic *quic;
  p2p__tls *tls;
  p2p_peer_id expected, peer;
  int64_t unix_s;
  size_t pubkey_len;
  int err;     /* why TLS failed, in our words */
  int lib_err; /* … in ngtcp2's, when it was its doing */
  uint8_t pubkey[P2P__PUBKEY_MAX];
  p2p__tls_secret held; /* a server's 1-RTT write secret, until it knows its client */
} quic_handshake;

/* A message of TLS behind the handshake, which is not kept. */
typedef struct quic_late {
  uint8_t head[4], n; /* bytes of its header that have come */
  size_t left;        /* … of its body that have not */
} quic_late;

/* A receive window. */
typedef struct quic_window {
  uint64_t size;
  uint64_t consumed; /* since `epoch` */
  p2p_time epoch;
} quic_window;

/* A place in a queue: where sending goes on. */
typedef struct quic_mark {
  p2p__seg *seg; /* NULL: the head */
  uint32_t off;
} quic_mark;

typedef struct quic_stream {
  p2p__list news;  /* in quic.news: has something to tell */
  p2p__list ready; /* in quic.ready (to be sent), .blocked (no credit) or .opening */
  uint64_t sid;
  p2p__queue out; /* not acknowledged */
  p2p__queue in;  /* not shown */
  quic_mark mark; /* the first byte of `out` not yet sent */
  size_t flight;  /* bytes before it */
  size_t left;    /* ROOM to tell */
  size_t lost;    /* … behind STOPPED: bytes that will not leave */
  uint64_t owed;  /* arrived, credit not returned */
  quic_window window;
  uint32_t turn; /* bytes sent since it is first in line */
  uint32_t in_code, stop_code, reset_code;
  bool native; /* ngtcp2 has it */
  bool gone;   /* … had it, and both directions are over */
  bool opened; /* OPENED to tell */
  bool shown;  /* `in` was, by the last event */
  bool fin_got, fin_told;
  bool reset_got, reset_told;
  bool stopped_got, stopped_told;
  bool stop;                     /* we read no more */
  bool shut;                     /* we reset: nothing is told any more */
  bool fin, fin_sent, fin_acked; /* the end of our side: wanted, sent, arrived */
  bool fin_alone;                /* it left in a frame without data */
  bool silent;                   /* nothing goes out any more */
  bool busy;                     /* counted in quic.n_busy */
  uint8_t priority;              /* p2p_priority */
} quic_stream;

/* Datagrams of a connection: RFC 9221. */
typedef struct quic_datagrams {
  p2p__dgrams out, in;
  p2p__dgram *shown; /* by the last event */
  size_t left;       /* ROOM to tell */
  size_t max;        /* longest that can be sent in this pass */
  uint32_t turn;     /* bytes sent since a stream's turn ended */
} quic_datagrams;

struct p2p__quic {
  ngtcp2_conn *conn;
  p2p__quic_shared *shared;
  p2p__quic_user *user;
  p2p__budget *budget;
  quic_handshake *hs; /* NULL when it is over and told */
  p2p__u64map streams;
  quic_stream *last; /* found last */
  p2p__list news, ready, blocked, opening;
  quic_datagrams dgrams;
  p2p__list aeads, masks; /* keyed contexts that ngtcp2 holds */
  quic_late late;
  quic_window window;  /* of all streams together */
  uint64_t grown;      /* by which it has; charged to the host's */
  uint64_t window_top; /* largest of a stream */
  p2p_time expiry;     /* the next deadline … */
  p2p_time probe;      /* when to look whether blocked streams were stopped */
  p2p_time now;        /* of the call under way */
  p2p_time last_recv;  /* when a datagram came */
  p2p_endpoint local, remote;
  p2p_endpoint target; /* where it is to move; family 0: nowhere */
  ngtcp2_ccerr ccerr;  /* what goodbye says */
  p2p__quic_end end;
  uint64_t next; /* number of the next stream of ours */
  size_t n_busy; /* streams with bytes or a FIN that wait for an acknowledgement */
  bool stale;    /* … is to be asked for again */
  bool client;
  bool shaken;    /* TLS has nothing more to say or hear */
  bool done;      /* the handshake is */
  bool confirmed; /* the server said so too */
  bool flown;     /* client: the flight that completes the handshake was written */
  bool secured_told;
  bool moved, stayed; /* to tell */
  bool starved;       /* the connection's credit is out */
  bool heard;         /* the other side said something that could be read */
  bool was_reset;     /* by a stateless reset */
  bool wants_retry;
  bool ended, ended_told;
  bool quiet;          /* nothing more may be said */
  int fail;            /* why a callback failed */
  p2p__aead_kind aead; /* of the keys TLS gave */
};

static inline p2p__env *quic_env(const p2p__quic *q) { return q->shared->env; }

/* recv.c: the length of a datagram up to its first short-header packet. */
size_t p2p__quic_long_part(p2p_bytes datagram);
uint64_t p2p__quic_rd_varint(p2p__rd *r); /* RFC 9000, section 16 */

/* conn.c */
/* Ends q: err, as a fact to tell; what goodbye says is q->ccerr. */
void p2p__quic_end_now(p2p__quic *q, p2p__quic_end end);
/* What a failure of ngtcp2 means. */
void p2p__quic_failed(p2p__quic *q, int rv);

/* path.c */
int p2p__quic_on_path(ngtcp2_conn *conn, uint32_t flags, const ngtcp2_path *path,
                      const ngtcp2_path *old, ngtcp2_path_validation_result result, void *user);
/* A client's name for the address that a datagram came to. */
const p2p_endpoint *p2p__quic_came_to(const p2p__quic *q, const p2p_endpoint *local);
bool p2p__quic_path_next(p2p__quic *q, p2p__quic_event *ev);

/* handshake.c */
P2P_MUST_USE int p2p__quic_hs_new(p2p__quic *q, const p2p__quic_config *config);
void p2p__quic_hs_free(p2p__quic *q);
void p2p__quic_hs_free_tls(p2p__quic *q);
int p2p__quic_hs_start(p2p__quic *q); /* client: its first flight */
int p2p__quic_on_crypto(ngtcp2_conn *conn, ngtcp2_encryption_level level, uint64_t offset,
                        const uint8_t *data, size_t len, void *user);

/* protect.c: callbacks, and keys from secrets. All return 0 or NGTCP2_ERR_CALLBACK_FAILURE; install also
 * NGTCP2_ERR_NOMEM. */
int p2p__quic_on_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                         const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *plain, size_t len,
                         const uint8_t *nonce, size_t nonce_len, const uint8_t *aad,
                         size_t aad_len);
int p2p__quic_on_decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                         const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *cipher, size_t len,
                         const uint8_t *nonce, size_t nonce_len, const uint8_t *aad,
                         size_t aad_len);
int p2p__quic_on_mask(uint8_t *dest, const ngtcp2_crypto_cipher *hp,
                      const ngtcp2_crypto_cipher_ctx *ctx, const uint8_t *sample);
int p2p__quic_on_update_key(ngtcp2_conn *conn, uint8_t *rx_secret, uint8_t *tx_secret,
                            ngtcp2_crypto_aead_ctx *rx_aead, uint8_t *rx_iv,
                            ngtcp2_crypto_aead_ctx *tx_aead, uint8_t *tx_iv, const uint8_t *rx_now,
                            const uint8_t *tx_now, size_t len, void *user);
void p2p__quic_on_delete_aead(ngtcp2_conn *conn, ngtcp2_crypto_aead_ctx *ctx, void *user);
void p2p__quic_on_delete_mask(ngtcp2_conn *conn, ngtcp2_crypto_cipher_ctx *ctx, void *user);
int p2p__quic_initial_keys(p2p__quic *q, const ngtcp2_cid *dcid);
int p2p__quic_install(p2p__quic *q, p2p__tls_level level, p2p__tls_way way,
                      const p2p__tls_secret *secret);
/* The AEAD of Retry packets, whose key is public. NULL: P2P_ENOMEM. */
P2P_MUST_USE void *p2p__quic_retry_aead(p2p__quic_shared *s);
void p2p__quic_aead_free(p2p__quic_shared *s, void *aead);

/* stream.c */
quic_stream *p2p__quic_stream_find(p2p__quic *q, uint64_t sid);
void p2p__quic_stream_news(p2p__quic *q, quic_stream *s);
void p2p__quic_stream_wake(p2p__quic *q, quic_stream *s); /* may have something to send */
/* Nothing of it goes out any more. */
void p2p__quic_stream_silence(p2p__quic *q, quic_stream *s);
void p2p__quic_stream_count(p2p__quic *q, quic_stream *s);
bool p2p__quic_streams_next(p2p__quic *q, p2p__quic_event *ev);
void p2p__quic_streams_free(p2p__quic *q);
int p2p__quic_streams_open(p2p__quic *q); /* those that wait for the peer to allow more */
int p2p__quic_on_stream_open(ngtcp2_conn *conn, int64_t sid, void *user);
int p2p__quic_on_stream_data(ngtcp2_conn *conn, uint32_t flags, int64_t sid, uint64_t offset,
                             const uint8_t *data, size_t len, void *user, void *stream);
int p2p__quic_on_stream_acked(ngtcp2_conn *conn, int64_t sid, uint64_t offset, uint64_t len,
                              void *user, void *stream);
int p2p__quic_on_stream_close(ngtcp2_conn *conn, uint32_t flags, int64_t sid, uint64_t code,
                              void *user, void *stream);
int p2p__quic_on_stream_reset(ngtcp2_conn *conn, int64_t sid, uint64_t final, uint64_t code,
                              void *user, void *stream);
int p2p__quic_on_stream_credit(ngtcp2_conn *conn, int64_t sid, uint64_t max, void *user,
                               void *stream);
int p2p__quic_on_more_streams(ngtcp2_conn *conn, uint64_t max, void *user);

/* datagram.c */
void p2p__quic_datagrams_init(p2p__quic *q);
void p2p__quic_datagrams_fini(p2p__quic *q);
uint64_t p2p__quic_datagram_frame(const p2p__quic *q); /* longest frame we say we take; 0: none */
void p2p__quic_datagrams_check(p2p__quic *q);          /* before a pass of packets */
bool p2p__quic_datagram_is_next(const p2p__quic *q);
/* Adds the first one to the packet; returns as ngtcp2_conn_writev_datagram. */
ngtcp2_ssize p2p__quic_datagram_write(p2p__quic *q, ngtcp2_path *path, ngtcp2_pkt_info *info,
                                      uint8_t *dest);
int p2p__quic_on_datagram(ngtcp2_conn *conn, uint32_t flags, const uint8_t *data, size_t len,
                          void *user);
bool p2p__quic_datagrams_next(p2p__quic *q, p2p__quic_event *ev);

/* window.c */
void p2p__quic_window_begin(const p2p__quic *q, quic_window *w, uint64_t size);
void p2p__quic_windows_end(p2p__quic *q);
/* n bytes were consumed, or will never be: of the connection, of one stream. */
void p2p__quic_credit(p2p__quic *q, uint64_t n);
P2P_MUST_USE int p2p__quic_stream_credit(p2p__quic *q, quic_stream *s, uint64_t n);

/* send.c: n bytes at the front of s->out were acknowledged. */
void p2p__quic_mark_dropped(quic_stream *s, size_t n);

/* cid.c */
int p2p__quic_cid_make(p2p__quic_shared *s, uint8_t cid[P2P__QUIC_CID]);
void p2p__quic_reset_token(const p2p__quic_shared *s, const uint8_t *cid, size_t len,
                           uint8_t token[P2P__QUIC_RESET]);
int p2p__quic_on_new_cid(ngtcp2_conn *conn, ngtcp2_cid *cid, uint8_t *token, size_t len,
                         void *user);
int p2p__quic_on_remove_cid(ngtcp2_conn *conn, const ngtcp2_cid *cid, void *user);
int p2p__quic_on_dcid_status(ngtcp2_conn *conn, ngtcp2_connection_id_status_type type, uint64_t seq,
                             const ngtcp2_cid *cid, const uint8_t *token, void *user);

/* address.c */
typedef struct quic_path {
  ngtcp2_path path;
  ngtcp2_sockaddr_union local, remote;
} quic_path;
void p2p__quic_path_make(quic_path *p, const p2p_endpoint *local, const p2p_endpoint *remote);
p2p_endpoint p2p__quic_endpoint_of(const ngtcp2_addr *addr);

/* mem.c */
void p2p__quic_mem_init(ngtcp2_mem *mem, p2p__mem *ours);

static inline ngtcp2_cid quic_cid_out(const p2p__quic_cid *c) {
  ngtcp2_cid out;
  ngtcp2_cid_init(&out, c->b, c->len);
  return out;
}
static inline p2p__quic_cid quic_cid_in(const ngtcp2_cid *c) {
  p2p__quic_cid out = { .len = (uint8_t)c->datalen };
  memcpy(out.b, c->data, c->datalen);
  return out;
}

#endif
