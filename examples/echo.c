/* A protocol of one's own, both sides in one program.
 *
 *   echo                    serves /example/echo/1.0.0 and prints its addresses
 *   echo ADDRESS MESSAGE    sends MESSAGE to a server and prints what comes back */
#include <p2p/p2p.h>

#include <stdio.h>
#include <string.h>

static const char *const protocol[] = { "/example/echo/1.0.0" };

static int complain(const char *what, int err) {
  fprintf(stderr, "%s: %s\n", what, p2p_strerror(err));
  return 1;
}

/* ---- the serving side: what arrives goes back, the end too ---- */

static void echo_back(p2p_host *h, p2p_stream s, void *user) {
  p2p_bytes in;
  int err;
  (void)user;
  while ((err = p2p_peek(h, s, &in)) >= 0 && in.len > 0) {
    ptrdiff_t n = p2p_write(h, s, in.p, in.len);
    if (n < 0) return; /* P2P_EAGAIN: on_writable comes; what is unread slows the sender down */
    p2p_consume(h, s, (size_t)n);
  }
  if (err == P2P_EEOF) p2p_finish(h, s);
}

static int serve(void) {
  p2p_host *host = NULL;
  const p2p_handler handler = { .size = sizeof handler,
                                .on_readable = echo_back,
                                .on_writable = echo_back };
  int err = p2p_host_new(&host, NULL);
  if (err >= 0) err = p2p_protocol_add(host, protocol[0], &handler);
  if (err < 0) {
    p2p_host_free(host);
    return complain("cannot serve", err);
  }
  char addr[P2P_ADDR_TEXT_MAX];
  for (size_t i = 0; p2p_host_addr(host, i, addr, sizeof addr) > 0; i++) puts(addr);
  fflush(stdout);
  err = p2p_host_run(host);
  p2p_host_free(host);
  return err < 0;
}

/* ---- the asking side ---- */

static void print_answer(p2p_host *h, p2p_stream s, void *user) {
  char buf[256];
  ptrdiff_t n;
  (void)user;
  while ((n = p2p_read(h, s, buf, sizeof buf)) > 0) fwrite(buf, 1, (size_t)n, stdout);
}

/* Called exactly once, whatever happens: also when the dial fails. */
static void leave(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  (void)s;
  (void)code;
  *(int *)user = err;
  p2p_host_stop(h);
}

/* Nothing here waits: the stream is opened and written while the connection is still being made. */
static int begin(p2p_host *host, const char *addr, const char *message, int *outcome) {
  const p2p_handler handler = {
    .size = sizeof handler, .on_readable = print_answer, .on_close = leave, .user = outcome
  };
  p2p_conn conn;
  p2p_stream stream;
  int err = p2p_dial(host, addr, &conn);
  if (err >= 0) err = p2p_stream_open_on(host, conn, protocol, 1, &handler, &stream);
  if (err < 0) return err;
  size_t len = strlen(message);
  ptrdiff_t n = p2p_write(host, stream, message, len);
  if (n != (ptrdiff_t)len) return n < 0 ? (int)n : P2P_ELIMIT; /* longer than the send queue */
  return p2p_finish(host, stream);
}

static int ask(const char *addr, const char *message) {
  static const char *const nowhere[] = { NULL };
  const p2p_host_opts opts = { .size = sizeof opts, .listen = nowhere }; /* we only dial */
  p2p_host *host = NULL;
  int outcome = 0;
  int err = p2p_host_new(&host, &opts);
  if (err >= 0) err = begin(host, addr, message, &outcome);
  if (err >= 0) err = p2p_host_run(host);
  p2p_host_free(host);
  if (err >= 0) err = outcome;
  if (err < 0) return complain(addr, err);
  putchar('\n');
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 1) return serve();
  if (argc == 3) return ask(argv[1], argv[2]);
  fprintf(stderr, "usage: %s [ADDRESS MESSAGE]\n", argv[0]);
  return 2;
}
