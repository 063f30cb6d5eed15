typedef struct p2p__swarm {
  p2p__map conns; /* by peer */
  void **at;
  uint32_t n, cap;
} p2p__swarm;
