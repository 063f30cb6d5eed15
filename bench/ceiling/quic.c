/* The least a QUIC transport must do for bulk data with this library: one connection, one stream of ngtcp2,
 * batches by UDP_SEGMENT and UDP_GRO, one core a side, and one copy on each side between the application
 * and the stream's bytes. No streams, peers, queues, timers of others: what our stack reaches of this is
 * what everything around ngtcp2 costs.
 *
 * usage: quic [MIB [gnutls|ipsec-mb]]
 * Prints one JSON line: Gbit/s by the wall, and Gbit per CPU second of each side. The AEAD is AES-128-GCM
 * over GnuTLS, or over ipsec-mb where it was built in. RFC 9000, 9001. */
#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef P2P_HAVE_IPSEC_MB
#include <intel-ipsec-mb.h>
#endif

enum {
  PACKET = 1452,           /* bytes of a datagram: IPv6 over Ethernet */
  SEGMENTS = 44,           /* of a batch: 64 KB */
  BATCH = 65536,           /* bytes of a batch received */
  READS = 16,              /* batches taken before answering */
  CHUNK = 65536,           /* the application writes so much at once */
  RING = 4 << 20,          /* bytes the application may be ahead of the acknowledgements */
  CONTROL = 64,            /* ancillary data */
  STREAM_WINDOW = 8 << 20, /* what windows grow to */
  KEY = 16,
  IV = 12,
  TAG = 16
};

typedef struct {
  double cpu, seconds;
  uint64_t bytes;
} received;

typedef struct {
  ngtcp2_crypto_conn_ref ref;
  ngtcp2_conn *conn;
  gnutls_session_t tls;
  gnutls_certificate_credentials_t credentials;
  int fd;
  bool is_server, finished, fin_sent;
  struct sockaddr_in local, remote;
  int64_t sid;
  uint64_t total, filled, sent, acked, got, owed;
  uint8_t *ring;
} endpoint;

static _Alignas(4096) uint8_t source[CHUNK], batch[BATCH];

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void must(int rv, const char *what) {
  if (rv == 0) return;
  fprintf(stderr, "%s: %s\n", what, ngtcp2_strerror(rv));
  ceiling_die(what);
}

/* ---- 1-RTT packets over ipsec-mb ------------------------------------------------------------ */
#ifdef P2P_HAVE_IPSEC_MB
/* Handles of ours are marked in their lowest bit; those of Initial and Handshake packets are GnuTLS's. */
static IMB_MGR *manager;

/* Schedules of AES for the masks of headers. */
typedef struct mask_key {
  _Alignas(16) uint8_t enc[16 * 11], dec[16 * 11];
} mask_key;

static struct gcm_key_data *own_key(void *handle) {
  uintptr_t p = (uintptr_t)handle;
  return p & 1 ? (struct gcm_key_data *)(p - 1) : NULL;
}

static int on_encrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                      const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *plain, size_t len,
                      const uint8_t *nonce, size_t nonce_len, const uint8_t *aad, size_t aad_len) {
  struct gcm_key_data *key = own_key(ctx->native_handle);
  struct gcm_context_data state;
  if (!key)
    return ngtcp2_crypto_encrypt_cb(dest, aead, ctx, plain, len, nonce, nonce_len, aad, aad_len);
  IMB_AES128_GCM_ENC(manager, key, &state, dest, plain, len, nonce, aad, aad_len, dest + len, TAG);
  return 0;
}

static int on_decrypt(uint8_t *dest, const ngtcp2_crypto_aead *aead,
                      const ngtcp2_crypto_aead_ctx *ctx, const uint8_t *cipher, size_t len,
                      const uint8_t *nonce, size_t nonce_len, const uint8_t *aad, size_t aad_len) {
  struct gcm_key_data *key = own_key(ctx->native_handle);
  struct gcm_context_data state;
  uint8_t tag[TAG], wrong = 0;
  if (!key)
    return ngtcp2_crypto_decrypt_cb(dest, aead, ctx, cipher, len, nonce, nonce_len, aad, aad_len);
  if (len < TAG) return NGTCP2_ERR_DECRYPT;
  len -= TAG;
  IMB_AES128_GCM_DEC(manager, key, &state, dest, cipher, len, nonce, aad, aad_len, tag, TAG);
  for (int i = 0; i < TAG; i++) wrong |= tag[i] ^ cipher[len + (size_t)i];
  return wrong ? NGTCP2_ERR_DECRYPT : 0;
}

static void on_delete_aead(ngtcp2_conn *conn, ngtcp2_crypto_aead_ctx *ctx, void *user) {
  if (own_key(ctx->native_handle))
    free(own_key(ctx->native_handle));
  else
    ngtcp2_crypto_delete_crypto_aead_ctx_cb(conn, ctx, user);
}

static mask_key *own_mask(void *handle) {
  uintptr_t p = (uintptr_t)handle;
  return p & 1 ? (mask_key *)(p - 1) : NULL;
}

/* One block of CFB over zeros is the block cipher of the IV. */
static int on_mask(uint8_t *dest, const ngtcp2_crypto_cipher *hp,
                   const ngtcp2_crypto_cipher_ctx *ctx, const uint8_t *sample) {
  static const uint8_t zero[NGTCP2_HP_MASKLEN];
  mask_key *key = own_mask(ctx->native_handle);
  if (!key) return ngtcp2_crypto_hp_mask_cb(dest, hp, ctx, sample);
  IMB_AES128_CFB_ONE(manager, dest, zero, sample, key->enc, sizeof zero);
  return 0;
}

static void on_delete_mask(ngtcp2_conn *conn, ngtcp2_crypto_cipher_ctx *ctx, void *user) {
  if (own_mask(ctx->native_handle))
    free(own_mask(ctx->native_handle));
  else
    ngtcp2_crypto_delete_crypto_cipher_ctx_cb(conn, ctx, user);
}

static void expand(uint8_t *out, size_t len, const ngtcp2_crypto_md *md, const void *secret,
                   size_t secret_len, const char *label) {
  uint8_t info[32] = {
    0, (uint8_t)len, (uint8_t)(6 + strlen(label)), 't', 'l', 's', '1', '3', ' '
  };
  memcpy(info + 9, label, strlen(label));
  ngtcp2_crypto_hkdf_expand(out, len, md, secret, secret_len, info, 10 + strlen(label));
}

static int install(ngtcp2_conn *conn, const void *secret, size_t len, bool tx) {
  const ngtcp2_crypto_ctx *ctx = ngtcp2_conn_get_crypto_ctx(conn);
  uint8_t key[KEY], iv[IV], hp[KEY];
  ngtcp2_crypto_aead_ctx aead = { 0 };
  ngtcp2_crypto_cipher_ctx mask = { 0 };
  struct gcm_key_data *k = aligned_alloc(64, (sizeof *k + 63) / 64 * 64);
  mask_key *m = aligned_alloc(16, sizeof *m);
  if (!k || !m) return -1;
  expand(key, KEY, &ctx->md, secret, len, "quic key");
  expand(iv, IV, &ctx->md, secret, len, "quic iv");
  expand(hp, KEY, &ctx->md, secret, len, "quic hp");
  IMB_AES128_GCM_PRE(manager, key, k);
  aead.native_handle = (void *)((uintptr_t)k | 1);
  IMB_AES_KEYEXP_128(manager, hp, m->enc, m->dec);
  mask.native_handle = (void *)((uintptr_t)m | 1);
  return tx ? ngtcp2_conn_install_tx_key(conn, secret, len, &aead, iv, IV, &mask)
            : ngtcp2_conn_install_rx_key(conn, secret, len, &aead, iv, IV, &mask);
}

static int on_secret(gnutls_session_t tls, gnutls_record_encryption_level_t at, const void *rx,
                     const void *tx, size_t len) {
  ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(tls);
  ngtcp2_conn *conn = ref->get_conn(ref);
  ngtcp2_encryption_level level = ngtcp2_crypto_gnutls_from_gnutls_record_encryption_level(at);
  if (level == NGTCP2_ENCRYPTION_LEVEL_1RTT && ngtcp2_conn_get_crypto_ctx(conn)->aead.native_handle)
    return (rx && install(conn, rx, len, false)) || (tx && install(conn, tx, len, true)) ? -1 : 0;
  return (rx && ngtcp2_crypto_derive_and_install_rx_key(conn, 0, 0, 0, level, rx, len)) ||
                 (tx && ngtcp2_crypto_derive_and_install_tx_key(conn, 0, 0, 0, level, tx, len))
             ? -1
             : 0;
}

static bool own_start(void) {
  manager = alloc_mb_mgr(0);
  if (manager) init_mb_mgr_auto(manager, NULL);
  return manager != NULL;
}
#endif

/* ---- callbacks ------------------------------------------------------------------------------- */
static void on_random(uint8_t *dest, size_t len, const ngtcp2_rand_ctx *ctx) {
  (void)ctx;
  gnutls_rnd(GNUTLS_RND_NONCE, dest, len);
}

static int on_new_id(ngtcp2_conn *conn, ngtcp2_cid *cid, uint8_t *token, size_t len, void *user) {
  (void)conn;
  (void)user;
  gnutls_rnd(GNUTLS_RND_NONCE, cid->data, len);
  gnutls_rnd(GNUTLS_RND_NONCE, token, NGTCP2_STATELESS_RESET_TOKENLEN);
  cid->datalen = len;
  return 0;
}

static int on_data(ngtcp2_conn *conn, uint32_t flags, int64_t sid, uint64_t offset,
                   const uint8_t *data, size_t len, void *user, void *stream) {
  endpoint *e = user;
  (void)conn;
  (void)offset;
  (void)stream;
  e->sid = sid;
  for (size_t done = 0; done < len;) { /* the copy to the application */
    size_t at = (e->got + done) % RING, n = RING - at < len - done ? RING - at : len - done;
    memcpy(e->ring + at, data + done, n);
    done += n;
  }
  e->got += len;
  e->owed += len;
  e->finished |= (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
  return 0;
}

static int on_acked(ngtcp2_conn *conn, int64_t sid, uint64_t offset, uint64_t len, void *user,
                    void *stream) {
  (void)conn;
  (void)sid;
  (void)stream;
  ((endpoint *)user)->acked = offset + len;
  return 0;
}

/* ---- a connection ------------------------------------------------------------------------------ */
static ngtcp2_conn *conn_of(ngtcp2_crypto_conn_ref *ref) {
  return ((endpoint *)ref->user_data)->conn;
}

static void make_certificate(endpoint *e) {
  gnutls_x509_privkey_t key;
  gnutls_x509_crt_t crt;
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  time_t now = t.tv_sec;
  gnutls_x509_privkey_init(&key);
  gnutls_x509_crt_init(&crt);
  if (gnutls_x509_privkey_generate(key, GNUTLS_PK_EC,
                                   GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) ||
      gnutls_x509_crt_set_version(crt, 3) || gnutls_x509_crt_set_serial(crt, "\1", 1) ||
      gnutls_x509_crt_set_activation_time(crt, now - 3600) ||
      gnutls_x509_crt_set_expiration_time(crt, now + 86400) || gnutls_x509_crt_set_key(crt, key) ||
      gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0) ||
      gnutls_certificate_set_x509_key(e->credentials, &crt, 1, key))
    ceiling_die("certificate");
  gnutls_x509_crt_deinit(crt);
  gnutls_x509_privkey_deinit(key);
}

static void make_tls(endpoint *e, bool own) {
  static const char priority[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:"
                                 "-GROUP-ALL:+GROUP-X25519:%DISABLE_TLS13_COMPAT_MODE";
  static unsigned char name[] = "libp2p";
  const gnutls_datum_t alpn = { name, 6 };
  gnutls_certificate_allocate_credentials(&e->credentials);
  if (e->is_server) make_certificate(e);
  gnutls_init(&e->tls, (e->is_server ? GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET : GNUTLS_CLIENT) |
                           GNUTLS_NO_TICKETS);
  if (gnutls_priority_set_direct(e->tls, priority, NULL) ||
      (e->is_server ? ngtcp2_crypto_gnutls_configure_server_session(e->tls)
                    : ngtcp2_crypto_gnutls_configure_client_session(e->tls)))
    ceiling_die("tls");
#ifdef P2P_HAVE_IPSEC_MB
  if (own) gnutls_handshake_set_secret_function(e->tls, on_secret);
#endif
  (void)own;
  e->ref = (ngtcp2_crypto_conn_ref){ .get_conn = conn_of, .user_data = e };
  gnutls_session_set_ptr(e->tls, &e->ref);
  gnutls_credentials_set(e->tls, GNUTLS_CRD_CERTIFICATE, e->credentials);
  gnutls_alpn_set_protocols(e->tls, &alpn, 1, 0);
}

static ngtcp2_callbacks make_callbacks(const endpoint *e, bool own) {
  ngtcp2_callbacks cb = { .recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb,
                          .encrypt = ngtcp2_crypto_encrypt_cb,
                          .decrypt = ngtcp2_crypto_decrypt_cb,
                          .hp_mask = ngtcp2_crypto_hp_mask_cb,
                          .rand = on_random,
                          .update_key = ngtcp2_crypto_update_key_cb,
                          .delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb,
                          .delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb,
                          .version_negotiation = ngtcp2_crypto_version_negotiation_cb,
                          .get_new_connection_id = on_new_id,
                          .get_path_challenge_data = ngtcp2_crypto_get_path_challenge_data_cb,
                          .recv_stream_data = on_data,
                          .acked_stream_data_offset = on_acked };
#ifdef P2P_HAVE_IPSEC_MB
  if (own) {
    cb.encrypt = on_encrypt;
    cb.decrypt = on_decrypt;
    cb.hp_mask = on_mask;
    cb.delete_crypto_aead_ctx = on_delete_aead;
    cb.delete_crypto_cipher_ctx = on_delete_mask;
  }
#endif
  (void)own;
  if (e->is_server) {
    cb.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
  } else {
    cb.client_initial = ngtcp2_crypto_client_initial_cb;
    cb.recv_retry = ngtcp2_crypto_recv_retry_cb;
  }
  return cb;
}

static ngtcp2_path path_of(endpoint *e) {
  return (ngtcp2_path){ .local = { (ngtcp2_sockaddr *)&e->local, sizeof e->local },
                        .remote = { (ngtcp2_sockaddr *)&e->remote, sizeof e->remote } };
}

static bool own_aead;

static void make_conn(endpoint *e, const ngtcp2_pkt_hd *first) {
  ngtcp2_callbacks cb = make_callbacks(e, own_aead);
  ngtcp2_settings set;
  ngtcp2_transport_params par;
  ngtcp2_settings_default(&set);
  set.initial_ts = now_ns();
  set.max_tx_udp_payload_size = PACKET;
  set.no_tx_udp_payload_size_shaping = 1;
  set.no_pmtud = 1;
  set.max_stream_window = STREAM_WINDOW;
  set.max_window = STREAM_WINDOW * 3 / 2;
  ngtcp2_transport_params_default(&par);
  par.initial_max_streams_bidi = 1;
  par.initial_max_stream_data_bidi_remote = 512 << 10;
  par.initial_max_stream_data_bidi_local = 512 << 10;
  par.initial_max_data = 768 << 10;
  par.max_idle_timeout = 30 * NGTCP2_SECONDS;
  ngtcp2_path path = path_of(e);
  ngtcp2_cid scid = { .datalen = 8 }, dcid = { .datalen = 18 };
  gnutls_rnd(GNUTLS_RND_NONCE, scid.data, scid.datalen);
  gnutls_rnd(GNUTLS_RND_NONCE, dcid.data, dcid.datalen);
  if (first) {
    par.original_dcid = first->dcid;
    par.original_dcid_present = 1;
    must(ngtcp2_conn_server_new(&e->conn, &first->scid, &scid, &path, first->version, &cb, &set,
                                &par, NULL, e),
         "server");
  } else {
    must(ngtcp2_conn_client_new(&e->conn, &dcid, &scid, &path, NGTCP2_PROTO_VER_V1, &cb, &set, &par,
                                NULL, e),
         "client");
  }
  ngtcp2_conn_set_tls_native_handle(e->conn, e->tls);
}

/* ---- out --------------------------------------------------------------------------------------- */
/* What the application has written and the stream not yet sent: up to two pieces of the ring. */
static size_t unsent(endpoint *e, ngtcp2_vec v[2]) {
  while (e->filled < e->total && e->filled - e->acked + CHUNK <= RING) { /* the copy */
    memcpy(e->ring + e->filled % RING, source, CHUNK);
    e->filled += CHUNK;
  }
  size_t at = e->sent % RING, len = e->filled - e->sent, first = RING - at < len ? RING - at : len;
  v[0] = (ngtcp2_vec){ e->ring + at, first };
  v[1] = (ngtcp2_vec){ e->ring, len - first };
  return len;
}

static size_t write_packet(endpoint *e, uint8_t *dest, uint64_t ts) {
  ngtcp2_path_storage path;
  ngtcp2_pkt_info info;
  ngtcp2_vec v[2];
  ngtcp2_path_storage_zero(&path);
  bool speaks = e->sid >= 0 && !e->fin_sent && (!e->is_server || e->finished);
  for (;;) {
    size_t len = speaks && !e->is_server ? unsent(e, v) : 0;
    bool fin = speaks && (e->is_server || e->filled >= e->total);
    bool any = speaks && (len || fin);
    ngtcp2_ssize wrote = -1;
    ngtcp2_ssize n = ngtcp2_conn_writev_stream(e->conn, &path.path, &info, dest, PACKET, &wrote,
                                               any && fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0,
                                               any ? e->sid : -1, v, any && len ? 2 : 0, ts);
    if (wrote >= 0) {
      e->sent += (uint64_t)wrote;
      e->fin_sent = fin && (size_t)wrote == len;
    }
    if (n == NGTCP2_ERR_STREAM_DATA_BLOCKED || n == NGTCP2_ERR_STREAM_SHUT_WR) {
      speaks = false;
      continue;
    }
    if (n < 0) must((int)n, "write");
    return (size_t)n;
  }
}

static void send_batch(endpoint *e, size_t len, uint16_t segment) {
  struct iovec io = { batch, len };
  union {
    size_t align;
    char b[CMSG_SPACE(sizeof segment)];
  } control = { 0 };
  struct msghdr m = {
    .msg_name = &e->remote, .msg_namelen = sizeof e->remote, .msg_iov = &io, .msg_iovlen = 1
  };
  if (len > segment) {
    m.msg_control = control.b;
    m.msg_controllen = sizeof control.b;
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof segment);
    memcpy(CMSG_DATA(c), &segment, sizeof segment);
  }
  if (sendmsg(e->fd, &m, 0) < 0 && errno != EAGAIN && errno != ECONNREFUSED) ceiling_die("sendmsg");
}

static void send_all(endpoint *e) {
  uint64_t ts = now_ns();
  for (bool more = true; more;) {
    size_t len = 0, first = 0;
    for (int k = 0; k < SEGMENTS; k++) {
      size_t n = write_packet(e, batch + len, ts);
      more = n > 0;
      if (!first) first = n;
      len += n;
      if (n != PACKET) break; /* all before it are full: it ends the batch */
    }
    if (len) send_batch(e, len, (uint16_t)first);
  }
}

/* ---- in ---------------------------------------------------------------------------------------- */
static size_t segment_of(struct msghdr *m, size_t len) {
  for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
    if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO) continue;
    int size;
    memcpy(&size, CMSG_DATA(c), sizeof size);
    return (size_t)size;
  }
  return len;
}

static void take(endpoint *e, const uint8_t *data, size_t len, uint64_t ts) {
  ngtcp2_pkt_info info = { 0 };
  ngtcp2_pkt_hd first;
  if (!e->conn) {
    if (ngtcp2_accept(&first, data, len) != 0) return;
    make_conn(e, &first);
    ts = now_ns();
  }
  ngtcp2_path path = path_of(e);
  int rv = ngtcp2_conn_read_pkt(e->conn, &path, &info, data, len, ts);
  if (rv == NGTCP2_ERR_DRAINING) exit(0);
  must(rv, "read");
}

static void receive_some(endpoint *e) {
  for (int i = 0; i < READS; i++) {
    struct iovec io = { batch, BATCH };
    union {
      size_t align;
      char b[CONTROL];
    } control;
    struct msghdr m = { .msg_name = &e->remote,
                        .msg_namelen = sizeof e->remote,
                        .msg_iov = &io,
                        .msg_iovlen = 1,
                        .msg_control = control.b,
                        .msg_controllen = CONTROL };
    ssize_t n = recvmsg(e->fd, &m, MSG_DONTWAIT);
    if (n < 0) break;
    size_t len = (size_t)n, step = segment_of(&m, len);
    uint64_t ts = now_ns();
    for (size_t at = 0; at < len; at += step)
      take(e, batch + at, len - at < step ? len - at : step, ts);
  }
  if (!e->owed || !e->conn) return;
  ngtcp2_conn_extend_max_stream_offset(e->conn, e->sid, e->owed);
  ngtcp2_conn_extend_max_offset(e->conn, e->owed);
  e->owed = 0;
}

static void wait_for(endpoint *e) {
  uint64_t until = e->conn ? ngtcp2_conn_get_expiry(e->conn) : UINT64_MAX, now = now_ns();
  struct timespec left = { .tv_nsec = 50000000 };
  if (until <= now)
    left.tv_nsec = 0;
  else if (until - now < 50000000)
    left.tv_nsec = (long)(until - now);
  struct pollfd p = { .fd = e->fd, .events = POLLIN };
  (void)ppoll(&p, 1, &left, NULL);
}

/* One turn: what came, what is due, one pass of sending. */
static void turn(endpoint *e) {
  wait_for(e);
  receive_some(e);
  if (!e->conn) return;
  uint64_t now = now_ns();
  if (ngtcp2_conn_get_expiry(e->conn) <= now)
    must(ngtcp2_conn_handle_expiry(e->conn, now), "expiry");
  send_all(e);
}

/* ---- the two sides ----------------------------------------------------------------------------- */
static void open_socket(endpoint *e) {
  int size = 4 << 20, one = 1;
  socklen_t len = sizeof e->local;
  e->local = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
  e->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  if (e->fd < 0 || bind(e->fd, (struct sockaddr *)&e->local, len) != 0 ||
      getsockname(e->fd, (struct sockaddr *)&e->local, &len) != 0)
    ceiling_die("socket");
  (void)setsockopt(e->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  (void)setsockopt(e->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  if (setsockopt(e->fd, SOL_UDP, UDP_GRO, &one, sizeof one) != 0) ceiling_die("UDP_GRO");
}

/* The TCP connection of the pair carries each side's UDP address. */
static void meet(endpoint *e, int fd) {
  if (write(fd, &e->local, sizeof e->local) != sizeof e->local ||
      read(fd, &e->remote, sizeof e->remote) != sizeof e->remote)
    ceiling_die("meet");
}

static void serve(endpoint *e, received *result) {
  while (!e->sid) turn(e); /* -1 until the stream is there */
  while (e->sid < 0) turn(e);
  double begin = ceiling_now(), cpu = ceiling_cpu();
  while (!e->finished || !e->fin_sent) turn(e);
  *result = (received){ ceiling_cpu() - cpu, ceiling_now() - begin, e->got };
  for (int i = 0; i < 20; i++) turn(e); /* the end is acknowledged */
}

static double upload(endpoint *e) {
  make_conn(e, NULL);
  send_all(e);
  while (!ngtcp2_conn_get_handshake_completed(e->conn)) turn(e);
  must(ngtcp2_conn_open_bidi_stream(e->conn, &e->sid, NULL), "stream");
  double cpu = ceiling_cpu();
  send_all(e);
  while (!e->finished) turn(e);
  cpu = ceiling_cpu() - cpu;
  send_all(e);
  return cpu;
}

int main(int argc, char **argv) {
  endpoint e = { .sid = -1, .total = ceiling_argument(argc, argv, 1, 1024) << 20 };
  const char *aead = "gnutls";
#ifdef P2P_HAVE_IPSEC_MB
  own_aead = (argc < 3 || strcmp(argv[2], "gnutls") != 0) && own_start();
  if (own_aead) aead = "ipsec-mb";
#endif
  ceiling_pair pair;
  memset(source, 1, sizeof source);
  e.ring = aligned_alloc(4096, RING);
  if (!e.ring) ceiling_die("memory");
  memset(e.ring, 1, RING); /* no page is new in the timed part */
  ceiling_pair_start(&pair, sizeof(received));
  e.is_server = pair.is_server;
  open_socket(&e);
  meet(&e, pair.fd);
  make_tls(&e, own_aead);
  if (e.is_server) {
    serve(&e, pair.shared);
    return 0;
  }
  double cpu = upload(&e);
  ceiling_pair_finish(&pair);
  const received *r = pair.shared;
  double gbit = (double)r->bytes * 8e-9;
  printf("{\"test\":\"quic\",\"aead\":\"%s\",\"bytes\":%llu,\"seconds\":%.6f,\"gbit_s\":%.3f,"
         "\"cpu\":%.6f,\"server_cpu\":%.6f,\"gbit_cpu_s\":%.3f,\"server_gbit_cpu_s\":%.3f}\n",
         aead, (unsigned long long)r->bytes, r->seconds, gbit / r->seconds, cpu, r->cpu, gbit / cpu,
         gbit / r->cpu);
  return 0;
}
