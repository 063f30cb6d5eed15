/* Connections: what their links tell, who is admitted, how they end.
 *
 *   DIALING -> UP -> CLOSING -> CLOSED          outbound (dial.c until a link is up)
 *   SECURING -> UP -> CLOSING -> CLOSED         inbound
 * Any state may go to CLOSED. A connection is freed when the host has told its end and its last
 * stream is gone. */
#include "swarm/internal.h"

static void conn_told(p2p__link_owner *owner, const p2p__up *u, p2p_time now);

static int conn_init(p2p__sconn *c, p2p_bytes addr) {
  p2p__swarm *w = c->swarm;
  const p2p__limits *limits = p2p__swarm_env(w)->limits;
  c->owner.up = conn_told;
  c->state = c->inbound ? P2P__CONN_SECURING : P2P__CONN_DIALING;
  c->tx = (p2p__budget){ .parent = &w->budget, .max = limits->conn_send_queue };
  c->rx = (p2p__budget){ .parent = &w->budget, .max = limits->conn_recv_queue };
  p2p__datagrams_init(c);
  p2p__list_init(&c->streams);
  p2p__list_init(&c->starving);
  p2p__u64map_init(&c->by_sid, w->loop->mem, P2P__MEM_CONN, p2p__swarm_env(w)->hash_key);
  int err = p2p__conn_set_addr(c, addr);
  return err < 0 ? err : p2p__handles_add(&w->conns, c, &c->handle);
}

/* It is being made no more: dialed, or half open. */
static void uncount(p2p__sconn *c) {
  p2p__swarm *w = c->swarm;
  if (c->counted) w->n_dialing--;
  c->counted = false;
  p2p__half_open_del(c);
  if (c->arrived) p2p__arrivals_leave(&w->arrivals, p2p__bytes(c->addr, c->addr_len), !c->unproven);
  c->arrived = false;
}

int p2p__conn_new(p2p__swarm *w, bool inbound, p2p_bytes addr, p2p__sconn **out) {
  p2p__sconn *c = p2p__alloc(w->loop->mem, P2P__MEM_CONN, sizeof *c);
  if (!c) return P2P_ENOMEM;
  c->swarm = w;
  c->inbound = inbound;
  c->born = p2p__swarm_now(w);
  int err = conn_init(c, addr);
  if (err < 0) {
    p2p__conn_free(c);
    return err;
  }
  err = inbound ? p2p__half_open_add(w, c) : 0;
  if (err < 0) {
    p2p__conn_free(c);
    return err;
  }
  if (!inbound) {
    w->n_dialing++;
    c->counted = true;
    p2p__list_add(&w->dialing, &c->of_peer);
  }
  *out = c;
  return 0;
}

void p2p__conn_free(p2p__sconn *c) {
  p2p__swarm *w = c->swarm;
  uncount(c);
  p2p__list_del(&c->due_node);
  p2p__list_del(&c->host_node);
  p2p__list_del(&c->of_peer);
  p2p__datagrams_forget(c);
  p2p__peer_unref(&w->peers, c->peer);
  p2p__u64map_fini(&c->by_sid);
  p2p__report_free(c);
  p2p__redundant_free(c);
  if (c->handle) p2p__handles_del(&w->conns, c->handle);
  p2p__reason_keep(w, &c->reason, "");
  p2p__release(w->loop->mem, P2P__MEM_CONN, c->addr, c->addr_len);
  p2p__release(w->loop->mem, P2P__MEM_CONN, c, sizeof *c);
}

void p2p__conn_release(p2p__sconn *c) {
  c->released = true;
  p2p__datagrams_forget(c);
  if (c->n_streams == 0) p2p__conn_free(c);
}

int p2p__conn_set_addr(p2p__sconn *c, p2p_bytes addr) {
  p2p__mem *mem = c->swarm->loop->mem;
  uint8_t *copy = NULL;
  if (addr.len && !(copy = p2p__alloc_raw(mem, P2P__MEM_CONN, addr.len))) return P2P_ENOMEM;
  if (addr.len) memcpy(copy, addr.p, addr.len);
  p2p__release(mem, P2P__MEM_CONN, c->addr, c->addr_len);
  c->addr = copy;
  c->addr_len = (uint16_t)addr.len;
  return 0;
}

p2p__sconn *p2p__conn_get(p2p__swarm *w, uint64_t handle) {
  return p2p__handles_get(&w->conns, handle);
}

int p2p__conn_print_addr(p2p__sconn *c, p2p__wr *w) {
  p2p__wr_bytes_in(w, p2p__bytes(c->addr, c->addr_len));
  if (c->peer) p2p__ma_add(w, P2P__MA_P2P, p2p__bytes(c->peer->id.b, c->peer->id.len));
  return w->err;
}

/* ---- admission ---- */
static size_t conns_of(p2p__swarm *w, const p2p_peer_id *id) {
  const p2p__peer *peer = p2p__peer_find(&w->peers, id);
  return peer ? peer->n_admitted : 0;
}

int p2p__conn_admission(p2p__swarm *w, const p2p_peer_id *peer, p2p_bytes addr, bool inbound,
                        p2p_stage *stage) {
  *stage = P2P_STAGE_IDENTITY;
  if (p2p_peer_id_eq(peer, &w->identity->peer)) return P2P_ESELF;
  *stage = P2P_STAGE_LIMIT;
  if (conns_of(w, peer) >= p2p__swarm_env(w)->limits->conns_per_peer) return P2P_ELIMIT;
  *stage = P2P_STAGE_GATER;
  if (w->closing) return P2P_ECLOSED;
  p2p__gate g = { .point = P2P__GATE_SECURED,
                  .peer = peer,
                  .addr = addr,
                  .dir = inbound ? P2P_INBOUND : P2P_OUTBOUND };
  return p2p__swarm_gate(w, g) ? 0 : P2P_EGATED;
}

static size_t security_index(const p2p__upgrades *u, const char *id) {
  size_t i = 0;
  while (i < u->n_securities && u->securities[i].id != id) i++;
  return i;
}

int p2p__conn_meet(p2p__swarm *w, const p2p__up_secured *secured, p2p__peer **out) {
  p2p__peer *peer = p2p__peer_ref(&w->peers, &secured->peer);
  if (!peer) return P2P_ELIMIT;
  if (secured->negotiated)
    peer->security = (uint8_t)(1 + security_index(w->upgrades, secured->security));
  int err = p2p__peer_set_pubkey(&w->peers, peer, secured->pubkey);
  if (err < 0) {
    p2p__peer_unref(&w->peers, peer);
    return err;
  }
  peer->n_admitted++;
  *out = peer;
  return 0;
}

void p2p__conn_part(p2p__swarm *w, p2p__peer *peer) {
  if (!peer) return;
  peer->n_admitted--;
  p2p__peer_unref(&w->peers, peer);
}

void p2p__conn_set_peer(p2p__sconn *c, p2p__peer *peer, const char *security) {
  p2p__budget *of_peer = peer ? &peer->budget : &c->swarm->budget;
  if (peer) peer->budget.parent = &c->swarm->budget;
  p2p__budget_adopt(&c->tx, of_peer);
  p2p__budget_adopt(&c->rx, of_peer);
  p2p__peer_unref(&c->swarm->peers, c->peer);
  c->peer = peer;
  c->security = security;
  c->admitted = security != NULL;
}

/* Inbound: who came is known; may they stay? */
static void conn_secured(p2p__sconn *c, const p2p__up_secured *secured, p2p_time now) {
  p2p_stage stage;
  p2p_bytes addr = p2p__bytes(c->addr, c->addr_len);
  int err = p2p__conn_admission(c->swarm, &secured->peer, addr, c->inbound, &stage);
  if (err >= 0) {
    stage = P2P_STAGE_LIMIT;
    p2p__peer *peer;
    err = p2p__conn_meet(c->swarm, secured, &peer);
    if (err >= 0) p2p__conn_set_peer(c, peer, secured->security);
  }
  p2p__down answer = { .kind = err < 0 ? P2P__DOWN_REFUSE : P2P__DOWN_ADMIT,
                       .err = err,
                       .stage = stage };
  p2p__link_down(c->link, now, answer);
}

/* The last question: the gater may still refuse it, then nobody is told that it was there. */
static bool conn_is_welcome(p2p__sconn *c) {
  p2p__gate g = { .point = P2P__GATE_UPGRADED,
                  .peer = &c->peer->id,
                  .addr = p2p__bytes(c->addr, c->addr_len),
                  .dir = c->inbound ? P2P_INBOUND : P2P_OUTBOUND,
                  .conn = c->handle };
  if (p2p__swarm_gate(c->swarm, g)) return true;
  p2p__conn_close(c, 0, P2P_EGATED);
  c->stage = P2P_STAGE_GATER;
  p2p__report_amend(c, &(p2p__up_down){ .err = P2P_EGATED, .stage = P2P_STAGE_GATER });
  return false;
}

void p2p__conn_up(p2p__sconn *c, const p2p__up_up *up) {
  uncount(c);
  c->state = P2P__CONN_UP;
  if (!conn_is_welcome(c)) return;
  c->up_at = p2p__swarm_now(c->swarm);
  c->muxer = up->muxer;
  c->early = up->early;
  c->next_sid = up->first;
  c->sid_step = up->step;
  if (c->inbound)
    c->swarm->conns_in++;
  else
    c->swarm->conns_out++;
  p2p__list_del(&c->of_peer); /* of those being dialed */
  p2p__list_add(&c->peer->conns, &c->of_peer);
  p2p__conn_due(c, P2P__DUE_OPEN);
  p2p__redundant_check(c);
  p2p__sconn *dialing = p2p__dialing_to(c->swarm, c->peer);
  if (dialing) p2p__conn_take_over(c, dialing);
  for (p2p__list *n = c->streams.next; n != &c->streams; n = n->next)
    p2p__stream_dirty(P2P_CONTAINER(n, p2p__sstream, of_conn));
}

/* ---- the end ---- */
void p2p__reason_keep(p2p__swarm *w, char **reason, const char *words) {
  p2p__mem *mem = w->loop->mem;
  size_t size = strlen(words) + 1;
  if (*reason) p2p__release(mem, P2P__MEM_CONN, *reason, strlen(*reason) + 1);
  *reason = size > 1 ? p2p__alloc_raw(mem, P2P__MEM_CONN, size) : NULL;
  if (*reason) memcpy(*reason, words, size);
}

static void conn_lost(p2p__sconn *c, const p2p__up_down *down) {
  if (down->stage < P2P_STAGE_UP) p2p__report_amend(c, down);
  if (down->reason[0])
    p2p__logf(&p2p__swarm_env(c->swarm)->log, P2P_LOG_INFO,
              "swarm conn=%llx closed=remote code=%u reason=\"%s\"", (unsigned long long)c->handle,
              down->code, down->reason);
  p2p__reason_keep(c->swarm, &c->reason, down->reason);
  p2p__conn_down(c, down->err, down->code, down->stage);
}

void p2p__conn_down(p2p__sconn *c, int err, uint32_t code, p2p_stage stage) {
  if (c->state == P2P__CONN_CLOSED) return;
  uncount(c);
  c->state = P2P__CONN_CLOSED;
  c->link = NULL;
  c->err = err;
  c->code = code;
  c->stage = (uint8_t)stage;
  p2p__list_del(&c->of_peer);
  if (c->admitted) c->peer->n_admitted--;
  c->admitted = false;
  for (p2p__list *n = c->streams.next; n != &c->streams; n = n->next) {
    p2p__sstream *s = P2P_CONTAINER(n, p2p__sstream, of_conn);
    p2p__stream_keep(s); /* its slices die with this turn */
    p2p__stream_close(s, err ? err : P2P_ECLOSED, code, true);
  }
  p2p__conn_due(c, P2P__DUE_CLOSED);
}

void p2p__conn_close(p2p__sconn *c, uint32_t code, int err) {
  p2p__loop_refresh(c->swarm->loop);
  p2p_time now = p2p__swarm_now(c->swarm);
  if (c->state == P2P__CONN_CLOSED || (c->state == P2P__CONN_CLOSING && !err)) return;
  if (c->state == P2P__CONN_DIALING) {
    p2p__dial_cancel(c, now);
    p2p__conn_down(c, err ? err : P2P_ECANCELED, code, P2P_STAGE_CONNECT);
    return;
  }
  if (c->state == P2P__CONN_UP && !err) /* what was written leaves first */
    for (p2p__list *n = c->streams.next; n != &c->streams; n = n->next)
      p2p__stream_flush(P2P_CONTAINER(n, p2p__sstream, of_conn), now);
  c->state = P2P__CONN_CLOSING;
  p2p__link_down(c->link, now, (p2p__down){ .kind = P2P__DOWN_CLOSE, .code = code, .err = err });
}

/* ---- what the link tells ---- */
static p2p__sstream *stream_of(p2p__sconn *c, uint64_t sid) {
  if (c->last && c->last->sid == sid) return c->last;
  p2p__sstream *s = p2p__u64map_find(&c->by_sid, sid);
  if (s) c->last = s;
  return s;
}

static void stream_room(p2p__sstream *s, size_t n) {
  p2p__stream_left(s, n);
  bool half = s->unsent <= p2p__swarm_env(s->swarm)->limits->stream_send_queue / 2;
  p2p__stream_feed(s->conn); /* first: who has nothing waiting comes before who goes on */
  if (s->want_writable && half) {
    s->want_writable = false;
    p2p__stream_due(s, P2P__DUE_WRITABLE, true);
  }
  p2p__stream_check_done(s);
}

/* A refusal of the protocol may have come just before, unread yet: then that is why. */
static void stream_reset(p2p__sstream *s, const p2p__up *u, p2p_time now) {
  int err = u->err ? u->err : P2P_ERESET;
  bool asking = !s->inbound && s->state == P2P__STREAM_NEGOTIATING && s->nego;
  if (asking && p2p__stream_unread(s) && p2p__nego_recv(s, now) == P2P_ENOPROTO) err = P2P_ENOPROTO;
  p2p__stream_close(s, err, u->code, false);
}

static void stream_up(p2p__sconn *c, const p2p__up *u, p2p_time now) {
  p2p__sstream *s = stream_of(c, u->sid);
  if (!s) { /* closed on our side already */
    if (u->blocks) p2p__queue_fini(u->blocks);
    return;
  }
  c->heard |= u->kind == P2P__UP_DATA;
  switch (u->kind) {
  case P2P__UP_DATA: p2p__stream_data(s, u); break;
  case P2P__UP_FIN:
    s->in_ended = true;
    p2p__clock_met(s, P2P_DEADLINE_READ);
    p2p__stream_due(s, P2P__DUE_READABLE, false);
    break;
  case P2P__UP_RESET: stream_reset(s, u, now); break;
  case P2P__UP_STOPPED:
    s->peer_stopped = true;
    s->cut_short = s->unsent > 0;
    s->code = u->code;
    p2p__stream_due(s, P2P__DUE_WRITABLE, false);
    break;
  case P2P__UP_ROOM: stream_room(s, u->n); break;
  default: break;
  }
}

/* A peer that moves could else stay where it could not have come from: the gater is asked what it is
 * asked about an arrival. */
static bool may_come_from(const p2p__sconn *c, p2p_bytes addr) {
  p2p__gate g = {
    .point = P2P__GATE_ACCEPT, .peer = &c->peer->id, .addr = addr, .dir = P2P_INBOUND
  };
  if (!p2p__swarm_gate(c->swarm, g)) return false;
  g.point = P2P__GATE_SECURED;
  return p2p__swarm_gate(c->swarm, g);
}

/* Without memory for the new address the old one stays. */
static void conn_moved(p2p__sconn *c, p2p_bytes addr) {
  bool ours = p2p__bytes_eq(p2p__bytes(c->addr, c->addr_len), addr);
  if (!ours && c->inbound && !may_come_from(c, addr)) {
    p2p__conn_close(c, 0, P2P_EGATED);
    return;
  }
  p2p__conn_due(c, P2P__DUE_ADDR);
  if (ours) return;
  int err = p2p__conn_set_addr(c, addr);
  if (err < 0)
    p2p__logf(&p2p__swarm_env(c->swarm)->log, P2P_LOG_WARN, "swarm conn=%llx moved err=%s",
              (unsigned long long)c->handle, p2p_error_name(err));
}

static void conn_told(p2p__link_owner *owner, const p2p__up *u, p2p_time now) {
  p2p__sconn *c = P2P_CONTAINER(owner, p2p__sconn, owner);
  switch (u->kind) {
  case P2P__UP_SPOKE: p2p__half_open_spoke(c); break;
  case P2P__UP_SECURED: conn_secured(c, u->secured, now); break;
  case P2P__UP_UP: p2p__conn_up(c, u->up); break;
  case P2P__UP_OPENED:
    c->heard = true;
    p2p__stream_inbound(c, u->sid, now);
    break;
  case P2P__UP_GOAWAY: c->goaway = true; break;
  case P2P__UP_DATAGRAM: p2p__datagram_got(c, u->datagram); break;
  case P2P__UP_DATAGRAM_ROOM: p2p__datagram_room(c, u->n); break;
  case P2P__UP_ADDR: conn_moved(c, u->addr); break;
  case P2P__UP_FILLED:
    p2p__swarm_filled(c->swarm, now);
    p2p__stream_feed(c); /* budget may have come back without ROOM: of streams that were reset */
    break;
  case P2P__UP_DOWN: conn_lost(c, u->down); break;
  default: stream_up(c, u, now); break;
  }
}

void p2p__conn_trace(void *ctx, bool in, p2p_bytes line) {
  const p2p__sconn *c = ctx;
  c->swarm->host.trace(c->swarm->host.ctx, c->handle, 0, in, line);
}
