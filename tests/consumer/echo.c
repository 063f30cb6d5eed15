/* A stranger's program: two hosts in one process and one poll, an echo from one to the other over
 * loopback. It sees <p2p/p2p.h> as installed, and nothing else of ours. */
#include <p2p/p2p.h>

#include <poll.h>
#include <stdio.h>
#include <string.h>

static const char *const protocol[] = { "/consumer/echo/1.0.0" };
static const char question[] = "is anybody there?";

struct answer {
  char text[64];
  size_t len;
  int closed, err;
};

static void echo_back(p2p_host *h, p2p_stream s, void *user) {
  p2p_bytes in;
  int err;
  (void)user;
  while ((err = p2p_peek(h, s, &in)) >= 0 && in.len > 0) {
    ptrdiff_t n = p2p_write(h, s, in.p, in.len);
    if (n < 0) return;
    p2p_consume(h, s, (size_t)n);
  }
  if (err == P2P_EEOF) p2p_finish(h, s);
}

static void take_answer(p2p_host *h, p2p_stream s, void *user) {
  struct answer *a = user;
  ptrdiff_t n;
  while ((n = p2p_read(h, s, a->text + a->len, sizeof a->text - a->len)) > 0) a->len += (size_t)n;
}

static void ended(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  struct answer *a = user;
  (void)h;
  (void)s;
  (void)code;
  a->closed = 1;
  a->err = err;
}

static int ask(p2p_host *client, const char *addr, struct answer *a) {
  const p2p_handler handler = {
    .size = sizeof handler, .on_readable = take_answer, .on_close = ended, .user = a
  };
  p2p_conn conn;
  p2p_stream stream;
  int err = p2p_dial(client, addr, &conn);
  if (err >= 0) err = p2p_stream_open_on(client, conn, protocol, 1, &handler, &stream);
  if (err < 0) return err;
  if (p2p_write(client, stream, question, strlen(question)) < 0) return P2P_EIO;
  return p2p_finish(client, stream);
}

/* Milliseconds until the first of both has something to do by itself; 1 s at most. */
static int patience(p2p_host *const h[2]) {
  p2p_time least = P2P_SECOND;
  for (int i = 0; i < 2; i++) {
    p2p_time at = p2p_host_deadline(h[i]), now = p2p_host_now(h[i]);
    p2p_time left = at > now ? at - now : 0;
    if (left < least) least = left;
  }
  return (int)((least + P2P_MS - 1) / P2P_MS);
}

static int talk(p2p_host *const h[2], struct answer *a) {
  p2p_time end = p2p_host_now(h[0]) + 60 * P2P_SECOND;
  while (!a->closed) {
    struct pollfd fds[2] = { { p2p_host_fd(h[0]), POLLIN, 0 }, { p2p_host_fd(h[1]), POLLIN, 0 } };
    if (poll(fds, 2, patience(h)) < 0) return P2P_EIO;
    for (int i = 0; i < 2; i++) {
      int err = p2p_host_step(h[i], 0);
      if (err < 0) return err;
    }
    if (p2p_host_now(h[0]) > end) return P2P_ETIMEOUT;
  }
  return a->err;
}

int main(void) {
  static const char *const here[] = { "/ip4/127.0.0.1/tcp/0" };
  static const char *const nowhere[] = { NULL };
  const p2p_host_opts serves = { .size = sizeof serves, .listen = here, .n_listen = 1 };
  const p2p_host_opts asks = { .size = sizeof asks, .listen = nowhere };
  const p2p_handler handler = { .size = sizeof handler,
                                .on_readable = echo_back,
                                .on_writable = echo_back };
  p2p_host *h[2] = { NULL, NULL };
  struct answer a = { .len = 0 };
  char addr[P2P_ADDR_TEXT_MAX];
  ptrdiff_t n = 0;
  int err = p2p_host_new(&h[0], &serves);
  if (err >= 0) err = p2p_host_new(&h[1], &asks);
  if (err >= 0) err = p2p_protocol_add(h[0], protocol[0], &handler);
  if (err >= 0 && (n = p2p_host_addr(h[0], 0, addr, sizeof addr)) < 0) err = (int)n;
  if (err >= 0) err = ask(h[1], addr, &a);
  if (err >= 0) err = talk(h, &a);
  p2p_host_free(h[1]);
  p2p_host_free(h[0]);
  if (err < 0) {
    fprintf(stderr, "%s\n", p2p_strerror(err));
    return 1;
  }
  printf("%.*s\n", (int)a.len, a.text);
  return a.len != strlen(question) || memcmp(a.text, question, a.len) != 0;
}
