/* What is known of peers, in the public API: the peerstore as identify filled it. */
#include "host/internal.h"

static p2p__peer *peer_of(p2p_host *h, const p2p_peer_id *id) {
  p2p__host_assert(h);
  return h && id ? p2p__peer_find(&h->swarm.peers, id) : NULL;
}

int p2p_peer_get(p2p_host *h, const p2p_peer_id *id, p2p_peer_info *out) {
  if (!out || !out->size) return P2P_EINVAL;
  const p2p__peer *peer = peer_of(h, id);
  if (!peer) return P2P_ENOTFOUND;
  p2p_peer_info info = { .size = out->size,
                         .identified = peer->identified,
                         .agent = peer->agent ? peer->agent->text : NULL,
                         .version = peer->version ? peer->version->text : NULL,
                         .n_protocols = peer->n_protocols,
                         .n_addrs = peer->n_addrs,
                         .record = peer->certified };
  p2p_bytes observed = p2p__bytes(peer->observed, peer->observed_len);
  if (!peer->observed || p2p_addr_print(observed, info.observed, sizeof info.observed) < 0)
    info.observed[0] = 0;
  memcpy(out, &info, p2p__min(info.size, sizeof info));
  return 0;
}

const char *p2p_peer_protocol(p2p_host *h, const p2p_peer_id *id, size_t i) {
  const p2p__peer *peer = peer_of(h, id);
  return peer && i < peer->n_protocols ? peer->protocols[i]->text : NULL;
}

ptrdiff_t p2p_peer_addr(p2p_host *h, const p2p_peer_id *id, size_t i, char *out, size_t cap) {
  const p2p__peer *peer = peer_of(h, id);
  if (!peer || !out) return P2P_ENOTFOUND;
  size_t pos = 0;
  p2p_bytes addr;
  while (p2p__peer_addr(peer, &pos, &addr))
    if (i-- == 0) return p2p_addr_print(addr, out, cap);
  return P2P_ENOTFOUND;
}
