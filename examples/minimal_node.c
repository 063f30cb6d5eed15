/* The least that is a peer: it listens on every interface, answers identify and ping, and runs until
 * it is interrupted. Try it: p2p ping ADDRESS. */
#include <p2p/p2p.h>

#include <stdio.h>

int main(void) {
  p2p_host *host = NULL;
  int err = p2p_host_new(&host, NULL);
  if (err < 0) {
    fprintf(stderr, "cannot start: %s\n", p2p_strerror(err));
    return 1;
  }
  char addr[P2P_ADDR_TEXT_MAX];
  for (size_t i = 0; p2p_host_addr(host, i, addr, sizeof addr) > 0; i++) puts(addr);
  fflush(stdout);
  err = p2p_host_run(host);
  p2p_host_free(host);
  return err < 0;
}
