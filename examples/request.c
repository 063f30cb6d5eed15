/* Request and response without a callback: streams without handlers come out as events.
 *
 *   request                  serves /example/shout/1.0.0: what is asked comes back in capitals
 *   request ADDRESS TEXT     asks
 *
 * A request is what the asking side writes before it finishes; the response is what comes back until
 * the serving side does. Every stream has a buffer, every buffer a bound, every request a deadline. */
#include <p2p/p2p.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const protocol[] = { "/example/shout/1.0.0" };

enum { REQUEST_MAX = 1024 };
#define PATIENCE (10 * P2P_SECOND)

struct request {
  size_t len;
  char text[REQUEST_MAX];
};

static int complain(const char *what, int err) {
  fprintf(stderr, "%s: %s\n", what, p2p_strerror(err));
  return 1;
}

/* Reads what is there. 1: all of it is; 0: more will come; P2P_ELIMIT: too long; P2P_E…. */
static int gather(p2p_host *h, p2p_stream s, struct request *r) {
  for (;;) {
    ptrdiff_t n = p2p_read(h, s, r->text + r->len, sizeof r->text - r->len);
    if (n == P2P_EEOF) return 1;
    if (n == P2P_EAGAIN) return 0;
    if (n < 0) return (int)n;
    r->len += (size_t)n;
    if (r->len == sizeof r->text) return P2P_ELIMIT;
  }
}

static void answer(p2p_host *h, p2p_stream s, struct request *r) {
  int whole = gather(h, s, r);
  if (whole == 0) return;
  for (size_t i = 0; i < r->len; i++) r->text[i] = (char)toupper((unsigned char)r->text[i]);
  /* A send queue holds far more than REQUEST_MAX: the answer fits or the stream is dead. */
  if (whole < 0 || p2p_write(h, s, r->text, r->len) != (ptrdiff_t)r->len)
    p2p_reset(h, s, 1);
  else
    p2p_finish(h, s);
}

static void serve_event(p2p_host *h, const p2p_event *e) {
  struct request *r;
  switch (e->kind) {
  case P2P_EV_STREAM_OPEN:
    r = calloc(1, sizeof *r);
    if (!r || p2p_stream_set_user(h, e->stream, r) < 0) p2p_reset(h, e->stream, 1);
    break;
  case P2P_EV_STREAM_READABLE:
    r = p2p_stream_user(h, e->stream);
    if (r) answer(h, e->stream, r);
    break;
  case P2P_EV_STREAM_CLOSED: free(e->user); break;
  default: break;
  }
}

static int serve(p2p_host *h) {
  char addr[P2P_ADDR_TEXT_MAX];
  int err = p2p_protocol_add(h, protocol[0], NULL); /* no handler: events */
  if (err < 0) return complain("cannot serve", err);
  for (size_t i = 0; p2p_host_addr(h, i, addr, sizeof addr) > 0; i++) puts(addr);
  fflush(stdout);
  const p2p_event *e;
  while ((err = p2p_host_step(h, P2P_NEVER)) >= 0)
    while ((e = p2p_next_event(h))) serve_event(h, e);
  return complain("stopped", err);
}

static int ask(p2p_host *h, const char *addr, const char *text) {
  struct request r = { .len = 0 };
  p2p_conn conn;
  p2p_stream stream;
  int err = p2p_dial(h, addr, &conn);
  if (err >= 0) err = p2p_stream_open_on(h, conn, protocol, 1, NULL, &stream);
  if (err >= 0 && p2p_write(h, stream, text, strlen(text)) < 0) err = P2P_ELIMIT;
  if (err >= 0) err = p2p_finish(h, stream);
  if (err < 0) return complain(addr, err);

  const p2p_event *e;
  p2p_time end = p2p_host_now(h) + PATIENCE, now;
  while ((now = p2p_host_now(h)) < end && (err = p2p_host_step(h, end - now)) >= 0) {
    while ((e = p2p_next_event(h))) {
      if (e->kind == P2P_EV_STREAM_READABLE) gather(h, e->stream, &r);
      if (e->kind != P2P_EV_STREAM_CLOSED) continue;
      if (e->err < 0) return complain(addr, e->err);
      printf("%.*s\n", (int)r.len, r.text);
      return 0;
    }
  }
  return complain(addr, err < 0 ? err : P2P_ETIMEOUT);
}

int main(int argc, char **argv) {
  static const char *const nowhere[] = { NULL };
  p2p_host_opts opts = { .size = sizeof opts };
  p2p_host *host = NULL;
  if (argc != 1 && argc != 3) {
    fprintf(stderr, "usage: %s [ADDRESS TEXT]\n", argv[0]);
    return 2;
  }
  if (argc == 3) opts.listen = nowhere; /* we only dial */
  int err = p2p_host_new(&host, &opts);
  int code = err < 0     ? complain("cannot start", err)
             : argc == 1 ? serve(host)
                         : ask(host, argv[1], argv[2]);
  p2p_host_free(host);
  return code;
}
