/* A peer id of 38 bytes as base58btc. */
#include "common.h"
#include <p2p/key.h>

static void once(void *ctx) {
  char text[P2P_PEER_ID_TEXT_MAX];
  micro_check(p2p_peer_id_print(ctx, text, sizeof text) == 52);
}

int main(int argc, char **argv) {
  p2p_peer_id id;
  micro_check(p2p_peer_id_parse("12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq", &id) == 0);
  return micro_main(argc, argv, once, &id);
}
