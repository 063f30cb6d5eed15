/* A raw QUIC peer: an honest one where a row wants nothing else, with packets, frames, transport
 * parameters and handshake messages of the row's choice where it does. It stands over GnuTLS's handshake
 * and libcrypto's ciphers alone: what it does has nothing of the library that we are built on.
 *
 * As a struct peer it is sticky: what fails on it, or what the other side ends, is `over`. It
 * acknowledges, answers path challenges and follows changes of keys and connection ids by itself
 * whenever it listens; losses it mends in the handshake only. AES-128-GCM is all it speaks.
 * Spec: RFC 9000, 9001, 9221; quic/README.md. */
#ifndef EVIL_QUIC_H
#define EVIL_QUIC_H

#include "crypto/hpmask.h"
#include "evil.h"
#include "lie.h"

enum {
  QUIC_CID = 8, /* ours are so long */
  QUIC_CID_MAX = 20,
  QUIC_TOKEN = 16,         /* for stateless resets */
  QUIC_LEAST = 1200,       /* bytes of a datagram with an Initial packet */
  QUIC_MOST = 1452,        /* … of one that passes everywhere */
  QUIC_ROOM = 8192,        /* … that can be put together here */
  QUIC_CRYPTO = 192 << 10, /* bytes of handshake messages of one level */
  QUIC_STREAMS = 16,       /* that are looked at */
  QUIC_RANGES = 32,
  QUIC_IDS = 8
};
#define QUIC_V1 1u
#define QUIC_TOP ((UINT64_C(1) << 62) - 1) /* largest number there is */

typedef enum quic_level { QUIC_INITIAL, QUIC_HANDSHAKE, QUIC_APP, QUIC_LEVELS } quic_level;

typedef struct quic_id {
  uint8_t len, b[QUIC_CID_MAX];
} quic_id;

typedef struct quic_keys {
  bool on;
  p2p__aead aead;
  p2p__hpmask mask;
  uint8_t iv[P2P__AEAD_NONCE], secret[P2P__SHA256];
} quic_keys;

typedef struct quic_range {
  uint64_t from, to;
} quic_range;

/* A packet number space, and the handshake messages of its level. */
typedef struct quic_space {
  quic_keys tx, rx;
  uint64_t next;               /* number of our next packet */
  uint64_t acked;              /* one more than the largest of ours they have */
  bool owes;                   /* an acknowledgement */
  quic_range got[QUIC_RANGES]; /* theirs, largest first */
  size_t n_got;
  uint8_t *out, *in, *have; /* messages; have: which bytes of `in` came */
  size_t out_len, out_sent, in_len, in_used;
  uint64_t out_packet; /* one more than the last packet with messages */
} quic_space;

typedef struct quic_stream {
  bool used;
  uint64_t sid;
  uint8_t data[EVIL_DATA]; /* the first of what came */
  size_t len;
  uint64_t total, sent;
  bool fin, rst, stopped;
  uint64_t code;
} quic_stream;

typedef struct quic quic;

/* What a connection is to be; all zero: honest. */
typedef struct quic_plan {
  lie lie;                                   /* of its certificate */
  const char *alpn;                          /* NULL: libp2p; "": none */
  void (*params)(const quic *q, p2p__wr *w); /* NULL: proper transport parameters */
  void (*more)(const quic *q, p2p__wr *w);   /* … and these behind them */
  bool no_params;                            /* not even the extension */
  uint32_t withheld;                         /* bit n: no TLS message of type n leaves */
  size_t crumb;                              /* CRYPTO frames of so many bytes, backwards */
  bool hold;                                 /* handshake messages wait for quic_add_crypto */
  /* Server: hears of a first packet before it is taken; false: it is not. */
  bool (*greet)(quic *q, const quic_id *dcid, const quic_id *scid);
} quic_plan;

struct quic {
  evil *e;
  const quic_plan *plan;
  int fd;
  struct sockaddr_storage to;
  socklen_t to_len;
  bool dialed;
  /* how it ended */
  bool over;             /* by the other side, whichever way */
  bool was_reset;        /* statelessly */
  bool by_app;           /* CONNECTION_CLOSE of the application */
  uint64_t code, blamed; /* … and the frame it blames */
  /* how far it is */
  bool met;                       /* it answered with an id of its own */
  bool failed;                    /* our TLS did not like theirs */
  bool shaken;                    /* TLS is done */
  bool confirmed;                 /* client: the server said so */
  quic_id ours, theirs, original; /* original: what the first keys are made of */
  quic_id first, retry;           /* a server's that sent a Retry: before and after it */
  uint64_t theirs_seq, top_seq;   /* number of the id in use, and the largest they gave */
  quic_space space[QUIC_LEVELS];
  gnutls_session_t tls;
  gnutls_certificate_credentials_t certificates;
  /* what is put into packets */
  uint32_t version;
  uint8_t flip; /* bits of the first byte to invert */
  bool phase;   /* of the keys */
  uint8_t out[QUIC_ROOM];
  size_t out_len;
  uint8_t token[512];
  size_t token_len;
  bool mute;       /* acknowledges nothing */
  bool dumb;       /* sends nothing by itself */
  bool vanish;     /* does not say goodbye */
  bool no_path;    /* does not answer path challenges */
  p2p_time pto_at; /* when handshake messages are sent once more */
  p2p_time pto;
  /* what came */
  struct sockaddr_storage from;
  socklen_t from_len;
  uint64_t bytes_in, bytes_out, packets_in, undecryptable, longest; /* longest: datagram */
  uint64_t retries, negotiations, resets, stops, pings, ids, retired, challenges, responses,
      datagrams, max_streams, acks_sent;
  uint8_t tokens[QUIC_IDS][QUIC_TOKEN];
  size_t n_tokens;
  quic_id other[QUIC_IDS]; /* ids of theirs we may use, by sequence number */
  uint8_t challenge[8][8];
  size_t n_challenge;
  uint64_t window, stream_window; /* theirs: of the connection, of a stream of ours */
  uint64_t streams_allowed, uni_allowed, datagram_max;
  bool stays; /* it does not want us to move */
  quic_stream stream[QUIC_STREAMS];
  bool gap;           /* the packet under way came too early in a stream */
  uint8_t last[2048]; /* the datagram that came last */
  size_t last_len;
};

/* ---- life ---- */

/* A connection to the target, or the one that the target begins; NULL when there is none. plan: NULL, or
 * outlives it. A server has heard the first packet, a client has written nothing. */
quic *quic_new(evil *e, const quic_plan *plan);
void quic_free(quic *q);
/* Hears until something has come; false: deadline, or over. */
bool quic_wait(quic *q, p2p_time deadline);
/* Runs the handshake to its end, the server's confirmation included. */
bool quic_shake(quic *q);
/* Both of them honest; NULL: there is none. */
quic *quic_session(evil *e);
quic *quic_session_as(evil *e, const quic_plan *plan);
/* It closed the connection, reset it, or does not answer any more. */
bool quic_ends(quic *q, p2p_time within);
/* A ping of ours is acknowledged. */
bool quic_lives(quic *q);
/* … is sent, in a packet of its own of so many bytes at least. */
bool quic_ping(quic *q, size_t pad);
/* As client: another socket, so that the next packets come from another port. */
void quic_rebind(quic *q);

/* ---- packets: quic_packet.c ---- */
void quic_put(p2p__wr *w, uint64_t v); /* variable-length integers */
uint64_t quic_get(p2p__rd *r);
void quic_initial_keys(quic *q); /* from q->original */
void quic_keys_make(quic *q, quic_keys *k, bool seals, const uint8_t secret[P2P__SHA256]);
void quic_keys_fini(quic_keys *k);
void quic_keys_update(quic *q); /* the next generation */
/* Appends a packet to the datagram being put together, padded until that has `pad` bytes. */
bool quic_add(quic *q, quic_level level, p2p_bytes frames, size_t pad);
/* … with all handshake messages of its level that have not left; acknowledges, too. */
void quic_add_crypto(quic *q, quic_level level, size_t pad);
bool quic_flush(quic *q); /* sends the datagram */
/* The two together; Initial packets become as long as they must be. */
bool quic_say(quic *q, quic_level level, const p2p__wr *frames);
bool quic_send_raw(quic *q, const void *bytes, size_t n);
/* Takes a datagram apart. */
void quic_absorb(quic *q, const uint8_t *datagram, size_t len);

/* ---- frames: quic_frame.c ---- */
bool quic_frames_read(quic *q, quic_level level,
                      p2p_bytes frames); /* false: not to be acknowledged */
/* Of a stateless reset; a few are kept. */
void quic_note_token(quic *q, p2p_bytes token);
void quic_put_ack(const quic_space *s, p2p__wr *w);
void quic_put_crypto(p2p__wr *w, uint64_t at, p2p_bytes bytes);
void quic_put_stream(p2p__wr *w, uint64_t sid, uint64_t at, p2p_bytes bytes, bool fin);
void quic_put_new_id(p2p__wr *w, uint64_t seq, uint64_t retire, uint8_t seed);
void quic_put_close(p2p__wr *w, bool app, uint64_t code);
void quic_pay(quic *q); /* what an honest peer owes */

/* ---- streams ---- */
uint64_t quic_sid(const quic *q, uint64_t i); /* our i-th */
quic_stream *quic_stream_of(quic *q, uint64_t sid);
bool quic_stream_put(quic *q, quic_stream *s, const void *bytes, size_t n, bool fin);
/* A stream for one protocol; NULL: refused. */
quic_stream *quic_open(quic *q, uint64_t sid, const char *protocol);
/* The stream that the other side opened for it, accepted; NULL: none came. */
quic_stream *quic_accept(quic *q, const char *protocol);

/* ---- the handshake: quic_tls.c ---- */
void quic_tls_begin(quic *q);
void quic_tls_end(quic *q);
void quic_tls_hear(quic *q);                     /* messages that have become whole */
void quic_params_put(const quic *q, p2p__wr *w); /* proper ones */
void quic_param(p2p__wr *w, uint64_t id, uint64_t value);
void quic_param_bytes(p2p__wr *w, uint64_t id, p2p_bytes value);

/* ---- one who knocks, and goes no further: quic_knock.c ---- */
quic *quic_knocker(evil *e); /* its packets are first packets, nothing follows by itself */
void quic_knock(quic *q);    /* the first packet of a connection that never was before */
void quic_drain(quic *q);    /* what was answered is thrown away */
void quic_listen(quic *q, p2p_time within);

/* ---- verdicts: all free q ---- */
verdict quic_served_beside(evil *e, quic *q); /* whether an honest peer is */
/* What they make of a certificate with this lie: rows_quic_peer.c. */
verdict quic_refuses(evil *e, const lie *l);
verdict quic_accepts(evil *e, const lie *l);
verdict quic_must_end(quic *q);
verdict quic_must_end_in_time(quic *q);
verdict quic_must_live(quic *q);
verdict quic_may_do_anything(quic *q);

#endif
