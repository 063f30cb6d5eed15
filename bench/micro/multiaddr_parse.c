/* A multiaddr of four parts from text to bytes. */
#include "common.h"
#include <p2p/addr.h>

static void once(void *ctx) {
  uint8_t out[P2P_ADDR_MAX];
  size_t at;
  micro_check(p2p_addr_parse(ctx, out, sizeof out, &at) == 49);
}

int main(int argc, char **argv) {
  char text[] = "/ip4/192.0.2.1/tcp/4001/p2p/12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq";
  return micro_main(argc, argv, once, text);
}
