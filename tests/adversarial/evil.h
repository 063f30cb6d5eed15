/* The toolkit of evilpeer: a libp2p peer that is honest up to the byte where a row wants a lie.
 *
 * Sockets block, with deadlines. A peer (struct peer) is one connection; what fails on it is sticky
 * (`over`): everything after is a no-op that returns false, so a row is a straight line of sends and
 * expectations and its verdict is asked for once, at the end. */
#ifndef EVIL_H
#define EVIL_H

#include "base/bytes.h"
#include "base/mem.h"
#include "crypto/crypto.h"
#include "crypto/salsa20.h"
#include "muxer/yamux_frame.h"
#include "security/noise_xx.h"
#include <p2p/p2p.h>
#include <stdio.h>
#include <sys/socket.h>

/* How an implementation fared. Everything but the first two is a failure. */
typedef enum verdict {
  EVIL_SURVIVED = 0, /* did what the row asks for */
  EVIL_NA,           /* it has not what the row attacks */
  EVIL_BROKEN,       /* the honest part of the row already failed */
  EVIL_TOLERATED,    /* goes on with a peer that broke the protocol */
  EVIL_LATE,         /* waits longer for a peer than the row allows */
  EVIL_STRICT,       /* ended a connection that was in order */
  EVIL_GREW,         /* its memory grew beyond the row's bound */
  EVIL_STARVED,      /* an honest peer was not served meanwhile */
  EVIL_DIED,         /* nobody is served any more */
  EVIL_VERDICTS
} verdict;
extern const char *const evil_verdicts[EVIL_VERDICTS];

typedef struct evil {
  char addr[P2P_ADDR_TEXT_MAX]; /* whom to attack; its last part is /p2p/ID when it was given */
  p2p_endpoint at;
  bool quic;                /* over QUIC, else over TCP */
  p2p_time brief, patience; /* how long an answer may take, and a deadline of the other side */
  uint64_t scale;           /* repetitions of the floods */
  const char *row;          /* the row under way */
  const p2p_psk *psk;       /* of the private network they are in; NULL: none */
  bool verbose;             /* tells on stderr how connections of QUIC ended */
  int listener;             /* -1: we dial */
  p2p_io *io;
  p2p__mem mem;
  p2p__crypto *crypto;
  p2p_identity self;
} evil;

/* 0, or the error; reports it. */
int evil_init(evil *e, const char *addr);
void evil_fini(evil *e);
/* Becomes another peer: what is held against one is not held against the next. */
bool evil_anew(evil *e);
p2p_time evil_now(void);
void evil_random(void *p, size_t n);
socklen_t evil_sockaddr(const p2p_endpoint *at, struct sockaddr_storage *out);

/* ---- a connection: bytes, below and above the secure channel ---- */

enum { EVIL_STREAMS = 16, EVIL_DATA = 4096 };

/* A stream that a row looks at: the first bytes that came, and how it ended. */
typedef struct heard {
  uint32_t sid; /* 0: free */
  uint8_t data[EVIL_DATA];
  size_t len;
  uint64_t total;
  bool fin, rst;
} heard;

typedef struct peer {
  evil *e;
  int fd;
  bool dialed;  /* by us: our stream ids are odd, we are Noise's initiator */
  bool over;    /* it ended the connection, or does not take a byte within the patience */
  bool stalled; /* … the latter */
  bool deaf;    /* does not read while it writes, as an attacker may */
  bool mute;    /* does not answer pings */
  bool sealed, muxed;
  uint64_t sent; /* bytes of ours that left */
  bool hidden;   /* below everything else lies the private network's cipher */
  p2p_psk psk;
  p2p__xsalsa20 x_out, x_in;
  uint8_t their_nonce[P2P__XSALSA20_NONCE];
  size_t nonce_len; /* bytes of it that came */
  uint64_t x_sent, x_got;
  p2p__noise_xx xx;
  p2p__aead seal, open;
  uint64_t n_seal, n_open;
  uint8_t *raw, *plain; /* not yet decrypted, not yet looked at */
  size_t raw_len, plain_len;
  /* what the session said so far */
  uint64_t resets, pongs;
  bool goaway;
  uint32_t goaway_code;
  uint32_t owed[EVIL_STREAMS]; /* pings to be answered when nothing of ours is half sent */
  size_t n_owed;
  heard stream[EVIL_STREAMS];
} peer;

/* A new connection to the target, or the one that the target makes. NULL when there is none. */
peer *peer_new(evil *e);
/* The same before a word was said of the private network. */
peer *peer_bare(evil *e);
/* Says our nonce, of n bytes; from all 24 on what we send and hear is hidden with psk. */
bool peer_hide(peer *p, const p2p_psk *psk, size_t n);
/* The nonce was said already. */
void peer_hidden(peer *p, const p2p_psk *psk, const uint8_t *nonce);
void peer_free(peer *p);
void peer_cut(peer *p); /* closes it with a reset on the wire */

bool peer_send(peer *p, const void *bytes, size_t n); /* as they are */
bool peer_put(peer *p, const void *bytes, size_t n);  /* through the channel, when there is one */
bool peer_get(peer *p, void *out, size_t n);          /* exactly so many, within brief */
/* Hears until something new is there; false: deadline, or over. */
bool peer_wait(peer *p, p2p_time deadline);
/* It ended the connection before so much time passed. */
bool peer_ends(peer *p, p2p_time within);

/* ---- multistream-select ---- */
bool line_put(peer *p, const char *text);
bool line_get(peer *p, char *out, size_t cap); /* without its newline */
/* Agrees on a protocol of the connection, whoever proposes. */
bool line_agree(peer *p, const char *id);
/* The header and one protocol, as lines; returns their length. */
size_t line_two(const char *protocol, uint8_t *out, size_t cap);
/* Whether they stand there: 1; 0: not yet; -1: something else does. */
int line_both(p2p_bytes there, const char *protocol, size_t *used);

/* ---- Noise ---- */
enum { NOISE_MESSAGE_MAX = 65535 + 2 };
typedef struct message {
  uint8_t b[NOISE_MESSAGE_MAX];
  size_t len;
} message;

void noise_begin(peer *p);
/* The next message of ours with its length in front. */
void noise_say(peer *p, p2p_bytes payload, message *m);
bool noise_hear(peer *p);
void noise_split(peer *p);
/* The payload that claims a key: its signature over the static key of this handshake, bit `flip`
 * inverted when >= 0. Returns its length. */
size_t noise_claim(peer *p, const p2p_identity *id, int flip, uint8_t *out, size_t cap);
size_t noise_payload(p2p_bytes key, p2p_bytes sig, uint8_t *out, size_t cap);
/* From a fresh connection to a channel, our payload as given (NULL: an honest one). */
bool noise_up(peer *p, const p2p_bytes *payload);

/* ---- keys: keys.c ---- */
enum { KEY_BOMB = 28000 }; /* bytes of a number that takes minutes */
/* libp2p's PublicKey. Returns its length. */
size_t key_protobuf(uint64_t type, p2p_bytes data, uint8_t *out, size_t cap);
/* SubjectPublicKeyInfo of an RSA key whose two numbers have so many bytes. */
size_t key_rsa_spki(size_t modulus, size_t exponent, uint8_t *out, size_t cap);

/* ---- yamux ---- */
void mux_absorb(peer *p);   /* takes what was heard apart */
bool mux_pay(peer *p);      /* answers the pings owed */
bool mux_up(peer *p);       /* from a fresh connection to a session */
peer *mux_session(evil *e); /* the two together; NULL: there is none */
bool mux_frame(peer *p, uint8_t type, uint16_t flags, uint32_t sid, uint32_t len);
bool mux_data(peer *p, uint16_t flags, uint32_t sid, const void *body, size_t n);
/* Answers a ping of ours: the session lives. */
bool mux_lives(peer *p);
/* A stream for one protocol; NULL: refused. Ids are ours, in order. */
heard *mux_open(peer *p, uint32_t sid, const char *protocol);
/* The stream that the other side opened for this protocol, accepted; NULL: none came within brief. */
heard *mux_accept(peer *p, const char *protocol);
/* It reset or finished the stream, or ended the connection. */
bool mux_stream_ends(peer *p, heard *s, p2p_time within);
/* The first of the two only: a side that asks finishes at once, and waits for what it asked for. */
bool mux_stream_resets(peer *p, heard *s, p2p_time within);
uint32_t mux_sid(const peer *p, uint32_t i); /* our i-th stream id, i from 0 */

/* ---- verdicts ---- */
verdict must_end(peer *p);         /* at once: it was told something that cannot be; frees p */
verdict must_end_in_time(peer *p); /* a deadline of its own; frees p */
verdict must_live(peer *p);        /* the session goes on; frees p */
/* Whatever it does, it does not suffer: asked when the row's end is nobody's business. Frees p. */
verdict may_do_anything(peer *p);

/* ---- what is watched meanwhile ---- */
typedef struct honest honest;
/* Connects, pings, closes, again and again on a thread of its own, until honest_stop. */
honest *honest_start(const evil *e, p2p_time within);
/* One more round after the row; false: not served any more. */
bool honest_stop(honest *h, uint64_t *rounds, uint64_t *failed, p2p_time *worst);
bool honest_once(const evil *e, p2p_time within, p2p_time *took);
size_t resident_of(uint64_t pid); /* bytes; 0: unknown */

/* ---- rows ---- */
enum {               /* what a row needs of the other side */
       ROW_DIAL = 1, /* it listens */
       ROW_SERVE = 2 /* it dials */
};

typedef struct row {
  const char *id, *layer, *source, *claim;
  unsigned sides;
  verdict (*run)(evil *e);
} row;

typedef struct family {
  const row *rows;
  size_t n;
  bool quic; /* for addresses of QUIC, else of TCP */
} family;
extern const family evil_pnet, evil_identity, evil_handshake, evil_lines, evil_framing, evil_yamux,
    evil_mplex, evil_identify, evil_ping, evil_swarm, evil_tls_certificates, evil_tls,
    evil_quic_certificates, evil_quic_peer, evil_quic_frames, evil_quic_knocks, evil_quic_stateless,
    evil_quic_floods;

/* ---- reports ---- */
typedef struct result {
  const row *row;
  verdict verdict;
  p2p_time took, worst; /* the row; the slowest honest round */
  uint64_t rounds;
  size_t grew; /* bytes */
} result;

bool report_results(const char *file, const char *addr, const result *r, size_t n);
void report_row(FILE *to, const result *r);

#endif
