/* quic_crowd HOST PORT COUNT RATE [prove]: COUNT first packets of QUIC connections, each from another address
 * of 127.0.0.0/8, then as many again, RATE of them a second; nothing follows, but with `prove` the answer
 * to who asks for the address. HOST is an IPv4 address of this machine. For each line on stdin it says
 * {"held":n,"reopened":k,"asked":m}: sent of the first COUNT, sent after them, times it was asked; it ends
 * with stdin. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/quic_knock.h"
#include <p2p/p2p.h>

enum { RING = 512 }; /* knocks that may still be asked for their address */

typedef struct crowd {
  p2p_host *host;
  int sock;
  p2p_endpoint to;
  struct sockaddr_in at;
  bool proves;
  uint64_t count, rate, sent, asked;
  quic_knock ring[RING];
  uint8_t bytes[QUIC_KNOCK_MAX];
} crowd;

static p2p_time now(const crowd *c) {
  p2p_io *io = p2p_host_io(c->host);
  return io->ops->now(io);
}

/* 127.1.0.1 and on, and back from it. */
static struct in_addr source(uint64_t i) {
  return (struct in_addr){ .s_addr = htonl(0x7f010001u + (uint32_t)(i % 0xfe0000u)) };
}
static uint64_t number(struct in_addr a) { return ntohl(a.s_addr) - 0x7f010001u; }

/* What a message says beside its bytes: our address of it. */
typedef union control {
  struct cmsghdr head;
  char space[CMSG_SPACE(sizeof(struct in_pktinfo))];
} control;

static void send_from(crowd *c, struct in_addr from, size_t len) {
  control ctl = { 0 };
  struct in_pktinfo info = { .ipi_spec_dst = from };
  struct iovec v = { c->bytes, len };
  struct msghdr m = { .msg_name = &c->at,
                      .msg_namelen = sizeof c->at,
                      .msg_iov = &v,
                      .msg_iovlen = 1,
                      .msg_control = &ctl,
                      .msg_controllen = sizeof ctl };
  struct cmsghdr *h = CMSG_FIRSTHDR(&m);
  h->cmsg_level = IPPROTO_IP;
  h->cmsg_type = IP_PKTINFO;
  h->cmsg_len = CMSG_LEN(sizeof info);
  memcpy(CMSG_DATA(h), &info, sizeof info);
  (void)sendmsg(c->sock, &m, 0); /* lost, as it may be */
}

static bool knock(crowd *c) {
  quic_knock *k = &c->ring[c->sent % RING];
  quic_knock_fini(k);
  if (quic_knock_init(k, c->host, &c->to) < 0) return false;
  size_t len = quic_knock_say(k, c->host, c->bytes);
  send_from(c, source(c->sent++), len);
  if (!c->proves) quic_knock_fini(k);
  return true;
}

static void answer(crowd *c, struct in_addr to, size_t len) {
  enum { RETRY = 0xf0 };
  uint64_t i = number(to);
  bool kept = c->proves && i < c->sent && c->sent - i < RING;
  if (len == 0 || (c->bytes[0] & RETRY) != RETRY) return;
  c->asked++;
  quic_knock *k = &c->ring[i % RING];
  if (!kept || !k->quic) return;
  quic_knock_hear(k, c->host, (p2p_bytes){ c->bytes, len });
  len = quic_knock_say(k, c->host, c->bytes);
  if (len) send_from(c, to, len);
  quic_knock_fini(k);
}

static void hear(crowd *c) {
  for (;;) {
    control ctl;
    struct iovec v = { c->bytes, sizeof c->bytes };
    struct msghdr m = {
      .msg_iov = &v, .msg_iovlen = 1, .msg_control = &ctl, .msg_controllen = sizeof ctl
    };
    ssize_t n = recvmsg(c->sock, &m, MSG_DONTWAIT);
    if (n < 0) return;
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
      struct in_pktinfo info;
      if (h->cmsg_type != IP_PKTINFO) continue;
      memcpy(&info, CMSG_DATA(h), sizeof info);
      answer(c, info.ipi_addr, (size_t)n);
    }
  }
}

static bool told(const crowd *c) {
  char line[256];
  ssize_t n = read(STDIN_FILENO, line, sizeof line);
  if (n <= 0) return false;
  uint64_t held = c->sent < c->count ? c->sent : c->count;
  for (ssize_t i = 0; i < n; i++)
    if (line[i] == '\n')
      printf("{\"held\":%llu,\"reopened\":%llu,\"asked\":%llu}\n", (unsigned long long)held,
             (unsigned long long)(c->sent - held), (unsigned long long)c->asked);
  return fflush(stdout) == 0;
}

static int run(crowd *c) {
  p2p_time begun = now(c);
  for (;;) {
    struct pollfd p[2] = { { STDIN_FILENO, POLLIN, 0 }, { c->sock, POLLIN, 0 } };
    if (poll(p, 2, 1) < 0) return EXIT_FAILURE;
    if (p[1].revents) hear(c);
    if (p[0].revents && !told(c)) return EXIT_SUCCESS;
    uint64_t due = (now(c) - begun) / (P2P_SECOND / c->rate);
    for (int i = 0; i < 16 && c->sent < due; i++)
      if (!knock(c)) return EXIT_FAILURE;
  }
}

static int start(crowd *c, char **argv) {
  const char *const nowhere[1] = { NULL };
  const p2p_host_opts opts = { .size = sizeof opts, .listen = nowhere };
  struct sockaddr_in any = { .sin_family = AF_INET };
  int on = 1;
  c->at = (struct sockaddr_in){ .sin_family = AF_INET,
                                .sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10)) };
  if (inet_pton(AF_INET, argv[1], &c->at.sin_addr) != 1) return -1;
  c->to = (p2p_endpoint){ .family = 4, .port = ntohs(c->at.sin_port) };
  memcpy(c->to.ip, &c->at.sin_addr, 4);
  c->count = strtoull(argv[3], NULL, 10);
  c->rate = strtoull(argv[4], NULL, 10);
  c->sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (c->sock < 0 || !c->rate || bind(c->sock, (struct sockaddr *)&any, sizeof any) < 0) return -1;
  if (setsockopt(c->sock, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) < 0) return -1;
  return p2p_host_new(&c->host, &opts);
}

int main(int argc, char **argv) {
  static crowd c;
  if (argc < 5 || start(&c, argv) < 0) {
    fprintf(stderr, "quic_crowd HOST PORT COUNT RATE [prove]\n");
    return EXIT_FAILURE;
  }
  c.proves = argc > 5 && strcmp(argv[5], "prove") == 0;
  int code = run(&c);
  for (int i = 0; i < RING; i++) quic_knock_fini(&c.ring[i]);
  p2p_host_free(c.host);
  close(c.sock);
  return code;
}
