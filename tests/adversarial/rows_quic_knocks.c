/* QC rows of datagrams before there is a connection: first packets without end, noise, and answers longer
 * than their questions. */
#include "quic.h"
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- first packets, and then nothing ---- */
static verdict qc12_silent(evil *e) {
  enum { MANY = 300 };
  quic *q = quic_knocker(e);
  if (!q) return EVIL_BROKEN;
  for (int i = 0; i < MANY; i++) quic_knock(q);
  return quic_served_beside(e, q);
}

/* 65,536 at the usual scale. */
static verdict qc12_many(evil *e) {
  quic *q = quic_knocker(e);
  if (!q) return EVIL_BROKEN;
  for (uint64_t i = 0; i < e->scale * 65536 / 20000; i++) {
    quic_knock(q);
    if (i % 16 == 0) quic_drain(q);
  }
  return quic_served_beside(e, q);
}

/* From addresses of the loopback network, as if spoofed; elsewhere from ports alone. */
static int socket_at(const quic *q, uint32_t i) {
  struct sockaddr_storage at;
  const p2p_endpoint from = { .family = 4,
                              .ip = { 127, 1, (uint8_t)(1 + i / 250), (uint8_t)(1 + i % 250) } };
  int fd = socket(q->to.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) abort();
  if (q->e->at.family == 4 && q->e->at.ip[0] == 127) {
    socklen_t len = evil_sockaddr(&from, &at);
    (void)bind(fd, (struct sockaddr *)&at, len);
  }
  return fd;
}

static verdict qc13(evil *e) {
  quic *q = quic_knocker(e);
  if (!q) return EVIL_BROKEN;
  int own = q->fd;
  for (uint32_t i = 0; i < e->scale / 4 && i < 50000; i++) {
    q->fd = socket_at(q, i);
    quic_knock(q);
    close(q->fd);
  }
  q->fd = own;
  return quic_served_beside(e, q);
}

/* The same first packet again and again; then tokens that nobody gave, while there are many. */
static verdict qc11_copies(evil *e) {
  uint8_t copy[QUIC_LEAST];
  quic *q = quic_knocker(e);
  if (!q) return EVIL_BROKEN;
  for (int i = 0; i < 200; i++) {
    quic_knock(q);
    q->space[QUIC_INITIAL].out_sent = q->space[QUIC_INITIAL].next = 0;
    quic_add_crypto(q, QUIC_INITIAL, QUIC_LEAST);
    memcpy(copy, q->out, sizeof copy);
    for (int k = 0; k < 5; k++) quic_send_raw(q, copy, sizeof copy);
    q->out_len = 0;
    quic_drain(q);
  }
  for (size_t i = 0; i < 400; i++) {
    q->token_len = 1 + i;
    evil_random(q->token, q->token_len);
    quic_knock(q);
    quic_drain(q);
  }
  return quic_served_beside(e, q);
}

/* ---- datagrams that are nothing ---- */
static verdict qc14_empty(evil *e) {
  quic *q = quic_knocker(e);
  if (!q) return EVIL_BROKEN;
  for (uint64_t i = 0; i < 5 * e->scale; i++) quic_send_raw(q, "", 0);
  return quic_served_beside(e, q);
}

static verdict qc14_noise(evil *e) {
  uint8_t noise[1500];
  quic *q = quic_knocker(e);
  if (!q) return EVIL_BROKEN;
  for (uint64_t i = 0; i < e->scale; i++) {
    uint8_t len[2];
    evil_random(len, sizeof len);
    evil_random(noise, sizeof noise);
    noise[0] = (uint8_t)i;
    if (i % 3 == 0) memcpy(noise + 1, "\0\0\0\1\x08", 5);
    quic_send_raw(q, noise, 1 + (size_t)(len[0] << 8 | len[1]) % (sizeof noise - 1));
    if (i % 16 == 0) quic_drain(q);
  }
  return quic_served_beside(e, q);
}

/* ---- answers longer than questions ---- */
static verdict bounded(quic *q, uint64_t out, uint64_t in) {
  quic_free(q);
  return in <= 3 * out ? EVIL_SURVIVED : EVIL_TOLERATED;
}

/* Whoever is at the address we name gets no more than three times what we sent, repetitions included. */
static verdict qc17_initial(evil *e) {
  quic *q = quic_knocker(e);
  if (!q) return EVIL_BROKEN;
  quic_knock(q);
  quic_listen(q, e->brief);
  if (q->bytes_in > 0) return bounded(q, q->bytes_out, q->bytes_in);
  quic_free(q);
  return EVIL_BROKEN; /* not even a handshake */
}

/* A first packet in a datagram too short to be one is not answered by a handshake. RFC 9000, section 14.1 */
static verdict qc17_small(evil *e) {
  quic *q = quic_knocker(e);
  if (!q) return EVIL_BROKEN;
  quic_add_crypto(q, QUIC_INITIAL, QUIC_LEAST - 1);
  quic_flush(q);
  quic_listen(q, e->brief);
  bool shook = q->space[QUIC_INITIAL].in_len > 0;
  uint64_t out = q->bytes_out, in = q->bytes_in;
  quic_free(q);
  return shook || in > 3 * out ? EVIL_TOLERATED : EVIL_SURVIVED;
}

/* A connection that comes from somewhere else, and does not answer what asks it whether it is there. */
static verdict qc17_path(evil *e) {
  quic *q = quic_session(e);
  if (!q || !quic_lives(q)) {
    quic_free(q);
    return EVIL_BROKEN;
  }
  q->no_path = true;
  quic_rebind(q);
  q->bytes_in = q->bytes_out = 0;
  quic_ping(q, 0);
  q->dumb = true;
  quic_listen(q, e->brief);
  return bounded(q, q->bytes_out, q->bytes_in);
}

#define RFC "RFC 9000"
static const row rows[] = {
  { "QC-17.initial", "quic", RFC ", section 8.1", "one first packet: three times its bytes at most",
    ROW_DIAL, qc17_initial },
  { "QC-17.small", "quic", RFC ", section 14.1", "a first packet of 1,199 bytes", ROW_DIAL,
    qc17_small },
  { "QC-17.path", "quic", RFC ", section 8.2", "… from another address, in a connection", ROW_DIAL,
    qc17_path },
  { "QC-11.copies", "quic", "CVE-2024-45311", "copies of first packets, tokens of nobody", ROW_DIAL,
    qc11_copies },
  { "QC-12.silent", "quic", "mycelium#309, nim#2951", "300 first packets, then nothing", ROW_DIAL,
    qc12_silent },
  { "QC-12.many", "quic", "mycelium#309, nim#2951", "65,536 handshakes that nobody goes on with",
    ROW_DIAL, qc12_many },
  { "QC-13.spoofed", "quic", "go#3283", "first packets from 5,000 addresses", ROW_DIAL, qc13 },
  { "QC-14.empty", "quic", "CVE-2026-11352", "empty datagrams without end", ROW_DIAL, qc14_empty },
  { "QC-14.noise", "quic", "CVE-2026-11352", "noise of every first byte", ROW_DIAL, qc14_noise },
};
const family evil_quic_knocks = { rows, P2P_COUNT(rows), true };
