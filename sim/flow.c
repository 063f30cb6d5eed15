/* Streams that know what they must carry. */
#include "sim/flow.h"
#include "sim/world.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PIECE = 8192, COUNT = 8 };

static uint8_t pattern(uint64_t at, uint8_t salt) {
  return (uint8_t)(at * 31 + (at >> 8) * 17 + (at >> 16) + salt);
}

static flow *flow_new(host_node *n) {
  flow *f = sim_alloc(n->sim, sizeof *f);
  f->node = n;
  f->born_at = p2p_sim_now(n->sim);
  p2p__list_add(&n->flows, &f->link);
  return f;
}

/* ---- writing ---- */

/* In place or by copy, as the salt says, so that both ways are walked. */
static ptrdiff_t write_piece(flow *f, p2p_host *h, size_t len) {
  uint8_t buf[PIECE];
  void *to = buf;
  size_t room = len;
  if (f->salt & 1) {
    int err = p2p_reserve(h, f->stream, len, &to, &room);
    if (err < 0 || room == 0) return err < 0 ? err : P2P_EAGAIN;
    if (room > len) room = len;
  }
  for (size_t i = 0; i < room; i++) ((uint8_t *)to)[i] = pattern(f->sent + i, f->salt);
  if (to == buf) return p2p_write(h, f->stream, buf, room);
  int err = p2p_commit(h, f->stream, room);
  return err < 0 ? err : (ptrdiff_t)room;
}

static void flow_write(flow *f, p2p_host *h) {
  while (f->sent < f->to_send) {
    uint64_t left = f->to_send - f->sent;
    ptrdiff_t n = write_piece(f, h, left < PIECE ? (size_t)left : PIECE);
    if (n == P2P_ENOMEM) p2p_reset(h, f->stream, 0); /* nobody tells when there is some again */
    if (n < 0) return; /* P2P_EAGAIN: on_writable; else CLOSED follows */
    f->sent += (uint64_t)n;
  }
  if (f->finished || f->stays) return;
  f->finished = p2p_finish(h, f->stream) == 0;
}

/* ---- reading ---- */

static void flow_check(flow *f, p2p_bytes b) {
  if (!f->received) f->first_at = p2p_sim_now(f->node->sim);
  if (!f->received && f->inbound) f->salt_in = b.p[0];
  for (size_t i = 0; i < b.len; i++, f->received++) {
    if (f->inbound || f->echo)
      f->corrupt |= b.p[i] != pattern(f->received, f->salt_in);
    else if (f->received < COUNT)
      f->counted |= (uint64_t)b.p[i] << 8 * f->received;
  }
}

/* How much of b may be taken: what an echo could write. Nobody there to read it: reset. */
static size_t flow_take(flow *f, p2p_host *h, p2p_bytes b) {
  if (!f->echo || !f->inbound) return b.len;
  ptrdiff_t n = p2p_write(h, f->stream, b.p, b.len);
  if (n < 0 && n != P2P_EAGAIN) p2p_reset(h, f->stream, 0);
  if (n > 0) f->sent += (uint64_t)n;
  return n > 0 ? (size_t)n : 0;
}

/* All was read: an inbound stream says its last and finishes. One that was stopped has not had all,
 * and must not let the peer believe so. */
static void flow_end(flow *f, p2p_host *h) {
  if (f->wild && f->inbound) {
    p2p_reset(h, f->stream, 0);
    return;
  }
  while (!f->echo && f->inbound && f->sent < COUNT) {
    uint8_t count[COUNT];
    for (int i = 0; i < COUNT; i++) count[i] = (uint8_t)(f->received >> 8 * i);
    ptrdiff_t n = p2p_write(h, f->stream, count + f->sent, COUNT - f->sent);
    if (n == P2P_EAGAIN) return; /* on_writable goes on */
    if (n < 0) p2p_reset(h, f->stream, 0);
    if (n < 0) return;
    f->sent += (uint64_t)n;
  }
  f->ended = true;
  if (f->inbound && p2p_finish(h, f->stream) == 0) f->finished = true;
}

static void flow_read(flow *f, p2p_host *h) {
  p2p_bytes b;
  int err;
  while ((err = p2p_peek(h, f->stream, &b)) == 0 && b.len) {
    size_t n = flow_take(f, h, b);
    if (!n) return; /* on_writable goes on */
    flow_check(f, (p2p_bytes){ b.p, n });
    if (p2p_consume(h, f->stream, n) < 0) return;
  }
  if (err == P2P_EEOF && !f->ended) flow_end(f, h);
}

/* ---- callbacks ---- */

static flow *flow_told(void *user) {
  flow *f = user;
  f->told_after_end += f->closed != 0;
  return f;
}

static void on_open(p2p_host *h, p2p_stream s, void *user) {
  flow *f = flow_told(user);
  if (f->template) {
    flow *fresh = flow_new(f->node);
    fresh->echo = f->echo;
    fresh->inbound = true;
    fresh->stream = s;
    f = fresh;
    p2p_stream_set_user(h, s, f);
  }
  f->opened++;
  f->opened_at = p2p_sim_now(f->node->sim);
}

static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  flow *f = flow_told(user);
  (void)s;
  if (!f->paused && !f->template) flow_read(f, h);
}

static void on_writable(p2p_host *h, p2p_stream s, void *user) {
  flow *f = flow_told(user);
  (void)s;
  if (f->template) return;
  if (!f->inbound)
    flow_write(f, h);
  else if (!f->paused)
    flow_read(f, h);
}

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  flow *f = flow_told(user);
  (void)h;
  (void)s;
  f->closed++;
  f->closed_at = p2p_sim_now(f->node->sim);
  f->err = err;
  f->code = code;
  f->ended |= err == 0 && f->paused; /* who reads nothing is told of the end by this alone */
}

static p2p_handler handler_of(flow *f) {
  return (p2p_handler){ .size = sizeof(p2p_handler),
                        .on_open = on_open,
                        .on_readable = on_readable,
                        .on_writable = on_writable,
                        .on_close = on_close,
                        .user = f };
}

/* ---- serving and opening ---- */

static int serve(host_node *n, const char *id, bool echo) {
  flow *f = flow_new(n);
  f->template = true;
  f->echo = echo;
  p2p_handler handler = handler_of(f);
  int err = p2p_protocol_add(n->host, id, &handler);
  host_node_poke(n);
  return err;
}

int flow_serve(host_node *n) {
  int err = serve(n, FLOW_SINK, false);
  return err < 0 ? err : serve(n, FLOW_ECHO, true);
}

/* On conn, or to whom `to` names. */
static int open_stream(flow *f, const p2p_peer_id *to, const p2p_conn *conn, const char *const *ids,
                       size_t n_ids) {
  p2p_host *h = f->node->host;
  p2p_handler handler = handler_of(f);
  return conn ? p2p_stream_open_on(h, *conn, ids, n_ids, &handler, &f->stream)
              : p2p_stream_open(h, to, ids, n_ids, &handler, &f->stream);
}

int flow_open_any(host_node *n, const p2p_peer_id *to, const p2p_conn *conn, const char *const *ids,
                  size_t n_ids, uint64_t to_send, uint8_t salt, flow **out) {
  flow *f = flow_new(n);
  f->to_send = to_send;
  f->echo = strcmp(ids[n_ids - 1], FLOW_ECHO) == 0;
  f->salt = f->salt_in = salt;
  int err = open_stream(f, to, conn, ids, n_ids);
  if (err < 0) {
    p2p__list_del(&f->link);
    sim_release(n->sim, f, sizeof *f);
    return err;
  }
  flow_write(f, n->host);
  host_node_poke(n);
  *out = f;
  return 0;
}

int flow_open(host_node *n, const p2p_peer_id *to, const p2p_conn *conn, const char *protocol,
              uint64_t to_send, uint8_t salt, flow **out) {
  return flow_open_any(n, to, conn, &protocol, 1, to_send, salt, out);
}

void flow_resume(flow *f) {
  f->paused = false;
  if (f->closed || !f->node->host) return;
  flow_read(f, f->node->host);
  host_node_poke(f->node);
}

/* ---- what is true of them ---- */

bool flow_is_whole(const flow *f) {
  bool whole = f->opened == 1 && f->closed == 1 && f->err == 0 && f->finished && f->ended;
  if (!whole || f->corrupt) return false;
  if (f->inbound) return !f->echo || f->sent == f->received;
  return f->sent == f->to_send && f->sent == (f->echo ? f->received : f->counted);
}

const char *flow_state(const flow *f, char *out, size_t cap) {
  snprintf(out, cap,
           "%s %s (sent %" PRIu64 " of %" PRIu64 ", got %" PRIu64 ", counted %" PRIu64
           "%s%s%s, error %d)",
           f->inbound ? "inbound" : "our", f->echo ? "echo" : "sink", f->sent, f->to_send,
           f->received, f->counted, f->finished ? ", finished" : "", f->ended ? ", ended" : "",
           f->wild ? ", stopped" : "", f->err);
  return out;
}

const char *flow_broken_rule(const flow *f) {
  if (f->template) return f->closed ? "CLOSED of a stream that was never OPEN" : NULL;
  if (f->corrupt) return "bytes are not the ones sent";
  if (f->opened > 1) return "OPEN was told twice";
  if (f->closed > 1) return "CLOSED was told twice";
  if (f->told_after_end) return "something was told after CLOSED";
  if (f->received && !f->opened) return "bytes before OPEN";
  if (f->closed && f->err == 0 && !f->wild && !flow_is_whole(f))
    return "closed in order, but not whole";
  return NULL;
}

static flow *flow_at(p2p__list *node) { return P2P_CONTAINER(node, flow, link); }

flow *flow_inbound(const host_node *n, size_t i) {
  for (p2p__list *at = n->flows.next; at != &n->flows; at = at->next)
    if (flow_at(at)->inbound && i-- == 0) return flow_at(at);
  return NULL;
}

void flow_resume_all(host_node *n) {
  for (p2p__list *at = n->flows.next; at != &n->flows; at = at->next)
    if (flow_at(at)->paused) flow_resume(flow_at(at));
}

void flow_end_stopped(host_node *n) {
  for (p2p__list *at = n->flows.next; at != &n->flows; at = at->next) {
    const flow *f = flow_at(at);
    if (f->wild && !f->finished && !f->closed) p2p_reset(n->host, f->stream, 0);
  }
  host_node_poke(n);
}

size_t flow_alive(const host_node *n) {
  size_t alive = 0;
  for (p2p__list *at = n->flows.next; at != &n->flows; at = at->next)
    alive += !flow_at(at)->template && !flow_at(at)->closed;
  return alive;
}

flow *flow_alive_at(const host_node *n, size_t i) {
  for (p2p__list *at = n->flows.next; at != &n->flows; at = at->next)
    if (!flow_at(at)->template && !flow_at(at)->closed && i-- == 0) return flow_at(at);
  return NULL;
}

void flow_free_all(host_node *n) {
  for (p2p__list *at; (at = p2p__list_pop(&n->flows)) != NULL;)
    sim_release(n->sim, flow_at(at), sizeof(flow));
}
