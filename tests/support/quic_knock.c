#include "support/quic_knock.h"

#include "host/internal.h"
#include "transport/quic_internal.h"
#include <string.h>

static quic_transport *quic_of(p2p_host *host) {
  p2p__swarm *w = &host->swarm;
  for (size_t i = 0; i < w->n_transports; i++)
    if (strcmp(w->transports[i]->ops->name, "quic-v1") == 0)
      return P2P_CONTAINER(w->transports[i], quic_transport, base);
  return NULL;
}

/* Nobody finds it by its ids: the test brings what is for it. */
static int no_route(p2p__quic_user *u, const p2p__quic_cid *cid, bool ours, bool on) {
  (void)u;
  (void)cid;
  (void)ours;
  (void)on;
  return 0;
}

static int no_reset(p2p__quic_user *u, const uint8_t token[P2P__QUIC_RESET], bool on) {
  (void)u;
  (void)token;
  (void)on;
  return 0;
}

/* Where it is sent from is the test's business, and not in the packet. */
static p2p_endpoint somewhere(const p2p_endpoint *to) {
  p2p_endpoint here = { .family = to->family, .port = 1 };
  here.ip[0] = 10;
  return here;
}

int quic_knock_init(quic_knock *k, p2p_host *host, const p2p_endpoint *to) {
  quic_transport *t = quic_of(host);
  *k = (quic_knock){ .user = { .route = no_route, .reset = no_reset },
                     .budget = { .max = SIZE_MAX },
                     .to = *to };
  if (!t) return P2P_ENOTSUP;
  int err = t->shared ? 0 : t->make_shared(t->ctx, &t->shared);
  if (err < 0) return err;
  p2p__quic_config config = { .shared = t->shared,
                              .user = &k->user,
                              .budget = &k->budget,
                              .local = somewhere(to),
                              .remote = *to };
  return p2p__quic_dial(&config, host->io->ops->now(host->io), &k->quic);
}

void quic_knock_fini(quic_knock *k) {
  p2p__quic_free(k->quic);
  k->quic = NULL;
}

size_t quic_knock_say(quic_knock *k, p2p_host *host, uint8_t out[QUIC_KNOCK_MAX]) {
  p2p_dgrams d[2];
  p2p__span space = p2p__span_of(out, QUIC_KNOCK_MAX);
  int n = p2p__quic_send(k->quic, space, d, host->io->ops->now(host->io));
  if (n != 1 || d[0].segment) return 0; /* a hello is one datagram */
  memmove(out, d[0].data, d[0].len);
  return d[0].len;
}

void quic_knock_hear(quic_knock *k, p2p_host *host, p2p_bytes datagram) {
  p2p_endpoint here = somewhere(&k->to);
  p2p__quic_recv(k->quic, &here, &k->to, 0, datagram, host->io->ops->now(host->io));
}
