typedef struct p2p__swarm {
  int conns; /* by peer */
  p2p__list node;
  p2p__queue out, in;
} p2p__swarm;
