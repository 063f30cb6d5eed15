/* The least a TLS transport over OpenSSL's libssl does for bulk data: its records through a BIO pair,
 * so that bytes move without a copy between it and the socket, and several records to a call of the
 * system. One process writes 16 KiB at a time with AES-128-GCM, the other reads. No muxer, streams,
 * credit, queues or timers.
 *
 * No ceiling in the strict sense: whoever seals records without libssl may pass it. It is what a
 * program has who takes the library as it is.
 *
 * usage: tls [MILLISECONDS]
 * Prints one JSON line: Gbit/s by the wall, and Gbit per CPU second of each side.
 * Spec: RFC 8446. */
#include "common.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
  WRITE = 16384,        /* bytes: one record */
  BATCH = 4,            /* records for one send */
  BIO_SIZE = 128 << 10, /* bytes of either half of the pair */
  READ_SIZE = 256 << 10
};

static uint8_t source[WRITE];
static uint8_t sink[READ_SIZE];

typedef struct {
  uint64_t bytes; /* of plaintext */
  double seconds; /* from the first read to the last */
  double cpu;
} received;

static void require(bool ok, const char *what) {
  if (ok) return;
  errno = 0;
  ceiling_die(what);
}

/* --- the session ---------------------------------------------------------------------------- */

static void make_certificate(SSL_CTX *ctx) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *cert = X509_new();
  require(key && cert, "key");
  X509_gmtime_adj(X509_getm_notBefore(cert), 0);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  require(X509_set_pubkey(cert, key) == 1 && X509_sign(cert, key, EVP_sha256()) > 0, "sign");
  require(SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1, "use");
  X509_free(cert);
  EVP_PKEY_free(key);
}

typedef struct {
  SSL_CTX *ctx;
  SSL *ssl;
  BIO *net; /* the other half of what ssl reads and writes */
  int fd;
} session;

static void session_init(session *s, const ceiling_pair *pair) {
  BIO *inner = NULL;
  s->fd = pair->fd;
  s->ctx = SSL_CTX_new(TLS_method());
  require(s->ctx && SSL_CTX_set_min_proto_version(s->ctx, TLS1_3_VERSION) == 1, "context");
  require(SSL_CTX_set_ciphersuites(s->ctx, "TLS_AES_128_GCM_SHA256") == 1, "cipher");
  if (pair->is_server) make_certificate(s->ctx);
  SSL_CTX_set_num_tickets(s->ctx, 0);
  s->ssl = SSL_new(s->ctx);
  require(s->ssl && BIO_new_bio_pair(&inner, BIO_SIZE, &s->net, BIO_SIZE) == 1, "session");
  SSL_set_bio(s->ssl, inner, inner);
  if (pair->is_server)
    SSL_set_accept_state(s->ssl);
  else
    SSL_set_connect_state(s->ssl);
}

static void session_fini(session *s) {
  SSL_free(s->ssl);
  BIO_free(s->net);
  SSL_CTX_free(s->ctx);
}

/* Sends what the session has made, from where it lies. */
static void session_flush(session *s) {
  char *p;
  int n;
  while ((n = BIO_nread(s->net, &p, BIO_SIZE)) > 0) ceiling_write(s->fd, (uint8_t *)p, (size_t)n);
}

/* Reads once to where the session wants it. False at the end. */
static bool session_fill(session *s) {
  char *p;
  int room = BIO_nwrite0(s->net, &p);
  require(room > 0, "no room to read");
  ssize_t n = recv(s->fd, p, (size_t)room, 0);
  if (n < 0) ceiling_die("recv");
  if (n > 0) BIO_nwrite(s->net, &p, (int)n);
  return n > 0;
}

static void session_shake_hands(session *s) {
  int done;
  do {
    done = SSL_do_handshake(s->ssl);
    session_flush(s);
  } while (done != 1 && session_fill(s));
  require(done == 1, "handshake");
}

/* --- both sides ----------------------------------------------------------------------------- */

static void receive_all(session *s, received *result) {
  double begin = 0, cpu = 0;
  do {
    int n;
    while ((n = SSL_read(s->ssl, sink, sizeof sink)) > 0) {
      if (result->bytes == 0) {
        begin = ceiling_now();
        cpu = ceiling_cpu();
      }
      result->bytes += (uint64_t)n;
      result->seconds = ceiling_now() - begin;
    }
  } while (session_fill(s));
  result->cpu = ceiling_cpu() - cpu;
}

static double send_for(session *s, double seconds) {
  double end = ceiling_now() + seconds, cpu = ceiling_cpu();
  while (ceiling_now() < end) {
    for (int i = 0; i < BATCH; i++)
      require(SSL_write(s->ssl, source, sizeof source) == WRITE, "SSL_write");
    session_flush(s);
  }
  return ceiling_cpu() - cpu;
}

int main(int argc, char **argv) {
  double seconds = (double)ceiling_argument(argc, argv, 1, 700) / 1e3;
  ceiling_pair pair;
  session s;
  ceiling_pair_start(&pair, sizeof(received));
  session_init(&s, &pair);
  session_shake_hands(&s);
  if (pair.is_server) {
    receive_all(&s, pair.shared);
    session_fini(&s);
    return 0;
  }
  double cpu = send_for(&s, seconds);
  session_fini(&s);
  ceiling_pair_finish(&pair);
  const received *r = pair.shared;
  double gbit = (double)r->bytes * 8e-9;
  printf("{\"test\":\"tls\",\"bytes\":%llu,\"seconds\":%.6f,\"gbit_s\":%.3f,"
         "\"cpu\":%.6f,\"server_cpu\":%.6f,\"gbit_cpu_s\":%.3f,\"server_gbit_cpu_s\":%.3f}\n",
         (unsigned long long)r->bytes, r->seconds, gbit / r->seconds, cpu, r->cpu, gbit / cpu,
         gbit / r->cpu);
  return 0;
}
