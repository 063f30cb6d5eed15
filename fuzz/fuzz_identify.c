/* Identify. The input is what a peer says: an answer, or with an odd first byte a push; the peer at
 * the other end is the one that the seeds' records are of. Oracles: the peerstore keeps its bounds,
 * only that peer is in it, what it shows is printable, and all memory comes back; a message that is
 * believed is believed again. */
#include "peer/peer_record.h"
#include "protocol/identify/identify.h"
#include <stdlib.h>

#define CHECK(x)                                                                                   \
  do {                                                                                             \
    if (!(x)) abort();                                                                             \
  } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* RFC 8032, section 7.1, test 2, as a peer id: the key is in it. */
static const p2p_peer_id them = {
  .len = 38,
  .b = { 0x00, 0x24, 0x08, 0x01, 0x12, 0x20, 0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89,
         0x5a, 0x92, 0xb7, 0x0a, 0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98, 0x2c, 0xcf,
         0x2e, 0xc4, 0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c },
};

static int no_addr(void *ctx, size_t i, p2p__wr *w) {
  (void)ctx;
  (void)i;
  (void)w;
  return 0;
}

static const char *no_protocol(void *ctx, size_t i) {
  (void)ctx;
  (void)i;
  return NULL;
}

static int64_t no_time(void *ctx) {
  (void)ctx;
  return 0;
}

static int give(p2p__behaviour *b, const p2p__fact *f) {
  p2p__act a = { 0 };
  b->ops->fact(b, f, P2P_SECOND);
  CHECK(b->ops->next(b, &a) && a.kind == P2P__ACT_EMIT && a.event.kind == P2P_EV_IDENTIFIED);
  int err = a.event.err;
  CHECK(!b->ops->next(b, &a));
  return err;
}

static void check_peer(const p2p__peers *peers, const p2p__peer *peer, const p2p__limits *limits) {
  CHECK(peers->by_id.n == 1);
  CHECK(peer->n_addrs <= limits->peer_addrs && peer->n_protocols <= limits->identify_protocols);
  size_t pos = 0, n = 0;
  for (p2p_bytes addr; p2p__peer_addr(peer, &pos, &addr) == 1; n++) {
    CHECK(p2p_addr_check(addr) == 0 && addr.len <= P2P_ADDR_MAX);
  }
  CHECK(n == peer->n_addrs && pos == peer->addrs_len);
  for (size_t i = 0; i < peer->n_protocols; i++) {
    const p2p__name *name = peer->protocols[i];
    CHECK(name->len > 0 && name->len <= limits->identify_string);
    CHECK(strlen(name->text) == name->len && !strchr(name->text, '\n'));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const p2p_identity us = { .size = sizeof us };
  static const uint8_t remote[] = { 4, 127, 0, 0, 1, 6, 0x0f, 0xa1 };
  if (size == 0) return 0;
  p2p__mem mem;
  p2p__mem_init(&mem, NULL);
  p2p__limits limits;
  p2p__limits_default(&limits);
  p2p__env env = { .mem = &mem, .limits = &limits };
  p2p__peers peers;
  CHECK(p2p__peers_init(&peers, &env) == 0);
  p2p__peer *peer = p2p__peer_ref(&peers, &them);
  p2p__identify_config config = { .peers = &peers,
                                  .identity = &us,
                                  .agent = "x",
                                  .addr = no_addr,
                                  .protocol = no_protocol,
                                  .unix_ns = no_time };
  p2p__behaviour *b;
  CHECK(peer && p2p__identify_new(&env, &config, &b) == 0);
  bool push = data[0] & 1;
  p2p__fact f = { .kind = push ? P2P__FACT_MESSAGE : P2P__FACT_ANSWER,
                  .peer = peer->index,
                  .tag = 1,
                  .protocol = push,
                  .inbound = push,
                  .dialed = data[0] & 2,
                  .bytes = p2p__bytes(data + 1, size - 1),
                  .addr = p2p__bytes(remote, sizeof remote) };
  int err = give(b, &f);
  check_peer(&peers, peer, &limits);
  CHECK(give(b, &f) == err);
  check_peer(&peers, peer, &limits);
  b->ops->free(b);
  p2p__peers_fini(&peers);
  CHECK(mem.total == 0);
  return 0;
}
