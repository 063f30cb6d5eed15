/* Small actors straight on a p2p_io. */
#include "sim/raw.h"
#include <assert.h>

enum { LISTENER_TOKEN = 1000, READ = 32768, WRITE = 4096 };

static uint8_t pattern(uint64_t at, uint8_t salt) {
  return (uint8_t)(at * 31 + (at >> 8) * 17 + (at >> 16) + salt);
}

p2p_endpoint raw_at(uint8_t last, uint16_t port) {
  return (p2p_endpoint){ .family = 4, .port = port, .ip = { 10, 0, 0, last } };
}

p2p_io *raw_node(scenario_run *r, uint8_t last) {
  p2p_sim_node_opts opts = { .ip = { raw_at(last, 0) }, .n_ip = 1 };
  p2p_io *io = NULL;
  int err = p2p_sim_node(r->sim, &opts, &io);
  scenario_claim(r, err == 0, "node %d: %s", last, p2p_error_name(err));
  return io;
}

/* ---- a flow ---- */

static void flow_failed(raw_app *app, raw_flow *f, int error) {
  f->error = error;
  app->io->ops->close(app->io, f->sock);
  f->sock = -1;
}

static void flow_read(raw_app *app, raw_flow *f) {
  uint8_t buf[READ];
  ptrdiff_t n = app->io->ops->recv(app->io, f->sock, buf, sizeof buf);
  if (n == P2P_EAGAIN) return;
  if (n < 0) {
    flow_failed(app, f, (int)n);
    return;
  }
  for (ptrdiff_t i = 0; i < n; i++)
    if (buf[i] != pattern(f->received + (uint64_t)i, f->salt_in)) f->corrupt = true;
  f->received += (uint64_t)n;
  if (n) f->last_at = app->io->ops->now(app->io);
  f->ended = n == 0;
}

static void flow_write(raw_app *app, raw_flow *f) {
  while (f->sent < f->to_send) {
    uint8_t buf[WRITE];
    uint64_t left = f->to_send - f->sent;
    size_t len = left < WRITE ? (size_t)left : WRITE;
    for (size_t i = 0; i < len; i++) buf[i] = pattern(f->sent + i, f->salt_out);
    p2p_bytes v[2] = { { buf, len / 3 }, { buf + len / 3, len - len / 3 } };
    ptrdiff_t n = app->io->ops->send(app->io, f->sock, v, 2);
    if (n == P2P_EAGAIN) return;
    if (n < 0) {
      flow_failed(app, f, (int)n);
      return;
    }
    f->sent += (uint64_t)n;
  }
  if (f->finished || f->stays) return;
  app->io->ops->shutdown(app->io, f->sock);
  f->finished = true;
}

static void flow_want(raw_app *app, raw_flow *f) {
  if (f->sock < 0 || !f->up) return;
  uint32_t what = f->ended ? 0 : P2P_IO_READABLE;
  if (f->sent < f->to_send) what |= P2P_IO_WRITABLE;
  app->io->ops->want(app->io, f->sock, what);
}

static void flow_up(raw_app *app, raw_flow *f) {
  f->up = true;
  f->up_at = app->io->ops->now(app->io);
  if (f->lowat) app->io->ops->option(app->io, f->sock, P2P_IO_NOTSENT_LOWAT, f->lowat);
  flow_write(app, f);
}

static void flow_fact(raw_app *app, raw_flow *f, const p2p_io_fact *fact) {
  if (f->sock < 0) return;
  if (!f->up && fact->error)
    flow_failed(app, f, fact->error);
  else if (!f->up)
    flow_up(app, f);
  else if (fact->what & P2P_IO_WRITABLE)
    flow_write(app, f);
  if (f->sock >= 0 && (fact->what & P2P_IO_READABLE)) flow_read(app, f);
  flow_want(app, f);
}

bool raw_over(const raw_flow *f) { return f->error || (f->ended && f->finished); }

/* ---- an app ---- */

static void app_accept(raw_app *app) {
  const p2p_io_ops *o = app->io->ops;
  while (app->accepted < app->n_flows) {
    int sock = o->tcp_accept(app->io, app->listener, (uint64_t)app->accepted, NULL, NULL);
    if (sock < 0) return;
    raw_flow *f = &app->flows[app->accepted++];
    f->sock = sock;
    f->started = o->now(app->io);
    flow_up(app, f);
    flow_want(app, f);
  }
}

static int app_step(void *user) {
  raw_app *app = user;
  p2p_io_fact facts[RAW_FLOWS];
  int n = app->io->ops->wait(app->io, 0, facts, RAW_FLOWS);
  for (int i = 0; i < n; i++) {
    if (facts[i].token == LISTENER_TOKEN)
      app_accept(app);
    else
      flow_fact(app, &app->flows[facts[i].token], &facts[i]);
  }
  return n;
}

void raw_app_init(raw_app *app, p2p_io *io) {
  *app = (raw_app){ .io = io, .listener = -1 };
  p2p_sim_attach(io, &(p2p_sim_actor){ .step = app_step, .user = app });
}

void raw_listen(raw_app *app, uint8_t last, uint16_t port) {
  p2p_endpoint at = raw_at(last, port);
  app->listener = app->io->ops->tcp_listen(app->io, &at, RAW_FLOWS, LISTENER_TOKEN, NULL);
  assert(app->listener >= 0);
}

static raw_flow *flow_add(raw_app *app, uint64_t to_send, uint8_t salt) {
  assert(app->n_flows < RAW_FLOWS);
  raw_flow *f = &app->flows[app->n_flows++];
  *f = (raw_flow){ .sock = -1, .to_send = to_send, .salt_out = salt, .salt_in = salt };
  return f;
}

raw_flow *raw_expect(raw_app *app, uint64_t to_send, uint8_t salt) {
  return flow_add(app, to_send, salt);
}

raw_flow *raw_dial(raw_app *app, uint8_t last, uint16_t port, uint64_t to_send, uint8_t salt) {
  p2p_endpoint to = raw_at(last, port);
  raw_flow *f = flow_add(app, to_send, salt);
  f->started = app->io->ops->now(app->io);
  f->sock = app->io->ops->tcp_connect(app->io, NULL, &to, (uint64_t)(f - app->flows));
  if (f->sock < 0) f->error = f->sock;
  return f;
}
