/* A node inside a GLib main loop, as programs with a GTK window have one: a GSource whose timeout is
 * the host's deadline.
 *
 *   glib_loop            serves until its stdin ends
 *   glib_loop ADDRESS    pings that peer once */
#include <p2p/p2p.h>

#include <glib-unix.h>
#include <glib.h>
#include <stdio.h>
#include <unistd.h>

struct host_source {
  GSource base;
  p2p_host *host;
  gpointer fd; /* what g_source_add_unix_fd gave */
};

/* Milliseconds until the host has something to do by itself, -1: nothing. */
static int patience(const p2p_host *h) {
  p2p_time at = p2p_host_deadline(h), now = p2p_host_now(h);
  if (at == P2P_NEVER) return -1;
  if (at <= now) return 0;
  p2p_time ms = (at - now + P2P_MS - 1) / P2P_MS;
  return ms > 60000 ? 60000 : (int)ms;
}

static gboolean source_prepare(GSource *source, int *timeout) {
  struct host_source *s = (struct host_source *)source;
  *timeout = patience(s->host);
  return *timeout == 0;
}

static gboolean source_check(GSource *source) {
  struct host_source *s = (struct host_source *)source;
  return g_source_query_unix_fd(source, s->fd) != 0 || patience(s->host) == 0;
}

static gboolean source_dispatch(GSource *source, GSourceFunc function, gpointer user) {
  struct host_source *s = (struct host_source *)source;
  if (p2p_host_step(s->host, 0) < 0) return G_SOURCE_REMOVE;
  return function(user);
}

static GSource *source_new(p2p_host *host) {
  static GSourceFuncs functions = { .prepare = source_prepare,
                                    .check = source_check,
                                    .dispatch = source_dispatch };
  GSource *source = g_source_new(&functions, sizeof(struct host_source));
  struct host_source *s = (struct host_source *)source;
  s->host = host;
  s->fd = g_source_add_unix_fd(source, p2p_host_fd(host), G_IO_IN);
  return source;
}

struct program {
  GMainLoop *loop;
  p2p_host *host;
};

/* Pings whom we dialed; ends the loop when the answer is there, or will never be. */
static gboolean take_events(gpointer user) {
  struct program *p = user;
  const p2p_event *e;
  while ((e = p2p_next_event(p->host))) {
    int err = e->err;
    bool dial = e->direction == P2P_OUTBOUND && e->kind <= P2P_EV_CONN_CLOSED;
    if (e->kind == P2P_EV_CONN_OPEN && dial) err = p2p_ping(p->host, &e->peer);
    if (e->kind == P2P_EV_PING && err >= 0) printf("%.3f ms\n", (double)e->rtt * 1e-6);
    if (err < 0 && dial) printf("%s\n", p2p_strerror(err));
    if (e->kind == P2P_EV_PING || (err < 0 && dial)) g_main_loop_quit(p->loop);
  }
  return G_SOURCE_CONTINUE;
}

static gboolean take_input(int fd, GIOCondition condition, gpointer user) {
  char rest[256];
  struct program *p = user;
  (void)condition;
  if (read(fd, rest, sizeof rest) > 0) return G_SOURCE_CONTINUE;
  g_main_loop_quit(p->loop);
  return G_SOURCE_REMOVE;
}

int main(int argc, char **argv) {
  struct program p = { .loop = g_main_loop_new(NULL, FALSE) };
  p2p_conn conn;
  char addr[P2P_ADDR_TEXT_MAX];
  int err = p2p_host_new(&p.host, NULL);
  if (err >= 0 && argc > 1) err = p2p_dial(p.host, argv[1], &conn);
  if (err >= 0) {
    for (size_t i = 0; p2p_host_addr(p.host, i, addr, sizeof addr) > 0; i++) puts(addr);
    fflush(stdout);
    GSource *source = source_new(p.host);
    g_source_set_callback(source, take_events, &p, NULL);
    g_source_attach(source, NULL);
    g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, take_input, &p);
    g_main_loop_run(p.loop);
    g_source_destroy(source);
    g_source_unref(source);
  } else {
    fprintf(stderr, "cannot start: %s\n", p2p_strerror(err));
  }
  p2p_host_free(p.host);
  g_main_loop_unref(p.loop);
  return err < 0;
}
