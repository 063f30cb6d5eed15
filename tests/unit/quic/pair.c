/* Two QUIC endpoints in virtual time. */
#include "pair.h"
#include "crypto/crypto.h"
#include <stdlib.h>
#include <string.h>

/* ---- chance ---- */
static uint64_t draw(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static int end_random(void *ctx, void *buf, size_t len) {
  pair_end *e = ctx;
  uint8_t *to = buf;
  for (size_t i = 0; i < len; i++) to[i] = (uint8_t)draw(&e->draws);
  return 0;
}

/* ---- endpoints ---- */
static int end_route(p2p__quic_user *u, const p2p__quic_cid *cid, bool ours, bool on) {
  pair_end *e = P2P_CONTAINER(u, pair_end, user);
  (void)ours;
  if (on) {
    assert_true(e->n_names < PAIR_NAMES);
    e->names[e->n_names++] = *cid;
    return 0;
  }
  for (size_t i = 0; i < e->n_names; i++)
    if (memcmp(&e->names[i], cid, sizeof *cid) == 0) e->names[i] = e->names[--e->n_names];
  return 0;
}

static int end_reset(p2p__quic_user *u, const uint8_t token[P2P__QUIC_RESET], bool on) {
  pair_end *e = P2P_CONTAINER(u, pair_end, user);
  if (on) {
    assert_true(e->n_resets < PAIR_NAMES);
    memcpy(e->resets[e->n_resets++], token, P2P__QUIC_RESET);
    return 0;
  }
  for (size_t i = 0; i < e->n_resets; i++)
    if (memcmp(e->resets[i], token, P2P__QUIC_RESET) == 0)
      memmove(e->resets[i], e->resets[--e->n_resets], P2P__QUIC_RESET);
  return 0;
}

static void end_keylog(void *ctx, const char *label, p2p_bytes client_random, p2p_bytes secret) {
  pair_end *e = ctx;
  (void)client_random;
  const char *mine = e->server ? "SERVER_TRAFFIC_SECRET_0" : "CLIENT_TRAFFIC_SECRET_0";
  if (strcmp(label, mine) != 0) return;
  memcpy(e->traffic, secret.p, secret.len);
  e->traffic_len = secret.len;
}

static int end_sign(void *ctx, p2p_bytes msg, uint8_t *sig, size_t *len) {
  *len = 64;
  return p2p__ed25519_sign(ctx, msg, sig);
}

static void end_identity(pair_end *e, uint8_t seed, p2p__ed25519 *key) {
  static const uint8_t head[] = { 0x08, P2P_KEY_ED25519, 0x12, 32 };
  uint8_t secret[32], pub[36];
  memset(secret, seed, sizeof secret);
  assert_int_equal(p2p__ed25519_from_seed(key, secret), 0);
  memcpy(pub, head, sizeof head);
  memcpy(pub + sizeof head, key->pub, 32);
  assert_int_equal(
      p2p_identity_from_signer(&e->identity, p2p__bytes(pub, sizeof pub), end_sign, NULL, key), 0);
}

static void end_begin(pair_end *e, uint8_t seed, bool server) {
  static p2p__ed25519 keys[2];
  p2p__certificate cert;
  uint8_t secret[32];
  step_world_init(&e->world);
  e->draws = seed;
  e->server = server;
  e->reads = true;
  e->world.env.random = end_random;
  e->world.env.random_ctx = e;
  e->at = (p2p_endpoint){ .family = 4, .port = server ? 4001 : 5001, .ip = { 10, 0, 0, seed } };
  assert_int_equal(p2p__crypto_new(&e->world.mem, &e->crypto), 0);
  e->world.env.crypto = e->crypto;
  end_identity(e, seed, &keys[server]);
  assert_int_equal(p2p__certificate_make(&e->world.env, &e->identity, &cert), 0);
  p2p__tls_context_config config = { .quic = true,
                                     .cert = p2p__bytes(cert.der, cert.len),
                                     .cert_key = p2p__bytes(cert.key, cert.key_len),
                                     .keylog = end_keylog,
                                     .keylog_ctx = e };
  assert_int_equal(p2p__tls_context_new(&e->world.mem, &config, &e->tls), 0);
  memset(secret, seed, sizeof secret);
  assert_int_equal(p2p__quic_shared_new(&e->world.env, secret, e->tls, &e->shared), 0);
  e->user = (p2p__quic_user){ .route = end_route, .reset = end_reset };
}

static void end_end(pair_end *e) {
  p2p__quic_free(e->q);
  e->q = NULL;
  p2p__quic_shared_free(e->shared);
  p2p__tls_context_free(e->tls);
  p2p_identity_fini(&e->identity);
  p2p__crypto_free(e->crypto);
  step_world_fini(&e->world);
}

void pair_begin(pair *p) {
  memset(p, 0, sizeof *p);
  p->now = 1000 * P2P_SECOND;
  p->latency = 10 * P2P_MS;
  p->seed = 7;
  p->mtu = 1500;
  end_begin(&p->client, 1, false);
  end_begin(&p->server, 2, true);
}

static void drop_packets(pair *p) {
  for (size_t i = 0; i < p->n; i++) free(p->queue[i].data);
  p->n = 0;
}

void pair_end_all(pair *p) {
  drop_packets(p);
  end_end(&p->client);
  end_end(&p->server);
}

static p2p__quic_config config_of(pair_end *e, const p2p_endpoint *remote) {
  return (p2p__quic_config){
    .shared = e->shared, .user = &e->user, .local = e->at, .remote = *remote, .unix_s = PAIR_UNIX
  };
}

void pair_dial(pair *p, const p2p_peer_id *expected) {
  p2p__quic_config config = config_of(&p->client, &p->server.at);
  if (expected) config.expected = *expected;
  int err = p2p__quic_dial(&config, p->now, &p->client.q);
  assert_true(err == 0 || p->tolerant);
}

/* ---- what a connection tells ---- */
static uint8_t byte_at(uint64_t sid, uint64_t place) {
  return (uint8_t)(sid * 31 + place * 7 + (place >> 9));
}

pair_stream *pair_stream_of(pair_end *e, uint64_t sid) {
  size_t at = (size_t)(sid / 4) % (PAIR_STREAMS / 2) + (sid & 1 ? PAIR_STREAMS / 2 : 0);
  return &e->streams[at];
}

void pair_write(pair_end *e, uint64_t sid, size_t n) {
  p2p__queue *q = p2p__quic_sendq(e->q, sid);
  assert_non_null(q);
  pair_stream *s = pair_stream_of(e, sid);
  uint64_t place = s->written;
  for (size_t i = 0; i < n; i++) {
    uint8_t b = byte_at(sid, place + i);
    assert_int_equal(p2p__queue_put(q, p2p__bytes(&b, 1)), 1);
  }
  s->written += n;
  p2p__quic_ready(e->q, sid);
}

static void end_read(pair *p, pair_end *e, const p2p__quic_event *ev) {
  pair_stream *s = pair_stream_of(e, ev->sid);
  uint8_t bytes[4096];
  size_t all = 0;
  for (size_t n; (n = p2p__queue_get(ev->data, bytes, sizeof bytes)) > 0; all += n)
    for (size_t i = 0; i < n; i++) s->wrong |= bytes[i] != byte_at(ev->sid, s->got++);
  if (e->reads) p2p__quic_consumed(e->q, ev->sid, all, p->now);
}

static void end_told(pair *p, pair_end *e, const p2p__quic_event *ev) {
  pair_stream *s = pair_stream_of(e, ev->sid);
  switch (ev->kind) {
  case P2P__QUIC_SECURED:
    e->secured_at = p->now;
    e->peer = *ev->peer;
    break;
  case P2P__QUIC_OPENED: s->opened = true; break;
  case P2P__QUIC_DATA: end_read(p, e, ev); break;
  case P2P__QUIC_FIN: s->fin = true; break;
  case P2P__QUIC_RESET_GOT:
    s->reset = true;
    s->code = ev->code;
    break;
  case P2P__QUIC_STOPPED:
    s->stopped = true;
    s->room_when_stopped = s->room;
    break;
  case P2P__QUIC_ROOM: s->room += ev->n; break;
  case P2P__QUIC_DATAGRAM:
    e->datagram_first[e->datagrams > 0] = ev->datagram.len ? ev->datagram.p[0] : 0;
    e->datagrams++;
    e->datagram_bytes += ev->datagram.len;
    break;
  case P2P__QUIC_DATAGRAM_ROOM: e->datagram_room += ev->n; break;
  case P2P__QUIC_MOVED:
    e->moved++;
    e->local = ev->local;
    e->remote = ev->remote;
    break;
  case P2P__QUIC_STAYED: e->stayed++; break;
  case P2P__QUIC_ENDED:
    assert_false(e->ended);
    e->ended = true;
    e->end = ev->end;
    break;
  }
}

static void end_listen(pair *p, pair_end *e) {
  p2p__quic_event ev;
  while (e->q && p2p__quic_next(e->q, &ev) == 1) {
    assert_false(e->ended); /* the end is the last */
    assert_true(e->secured_at || ev.kind == P2P__QUIC_SECURED || ev.kind == P2P__QUIC_ENDED);
    end_told(p, e, &ev);
    if (p->told) p->told(p, e, &ev);
  }
}

/* ---- the wires ---- */
static void put(pair *p, bool to_server, const p2p_endpoint *from, const p2p_endpoint *goal,
                uint8_t ecn, p2p_bytes d) {
  if (p->gone && p->gone == (to_server ? from : goal)->port) return;
  if (d.len > p->mtu - 28) return;
  if (p->filter && !p->filter(p, to_server, d)) return;
  if (p->loss && draw(&p->seed) % 100 < p->loss) return;
  if (p->n == PAIR_QUEUE) return; /* a router that is full */
  p2p_time late = p->reorder && draw(&p->seed) % 100 < p->reorder ? 2 * p->latency : 0;
  pair_packet *to = &p->queue[p->n++];
  *to = (pair_packet){ .at = p->now + p->latency + late,
                       .order = p->order++,
                       .to_server = to_server,
                       .from = *from,
                       .to = *goal,
                       .ecn = ecn,
                       .len = d.len,
                       .data = malloc(d.len) };
  memcpy(to->data, d.p, d.len);
}

void pair_put(pair *p, bool to_server, p2p_bytes datagram) {
  const pair_end *from = to_server ? &p->client : &p->server;
  put(p, to_server, &from->at, to_server ? &p->server.at : &p->client.at, 0, datagram);
}

static void send_batch(pair *p, pair_end *e, const p2p_dgrams *d) {
  if (e->mute) return;
  size_t step = d->segment ? d->segment : d->len;
  assert_true(d->len <= P2P__QUIC_BATCH && d->len > 0);
  assert_true((d->len + step - 1) / step <= P2P__QUIC_SEGMENTS);
  e->batches_out++;
  for (size_t at = 0; at < d->len; at += step) {
    size_t len = p2p__min(step, d->len - at);
    e->bytes_out += len;
    e->datagrams_out++;
    put(p, !e->server, e->by_path ? &d->local : &e->at, &d->remote, d->ecn,
        p2p__bytes(d->data + at, len));
  }
}

void pair_send(pair *p, pair_end *e) {
  uint8_t *space = malloc(P2P__QUIC_SPACE);
  p2p_dgrams d[2];
  for (int n;
       e->q && (n = p2p__quic_send(e->q, p2p__span_of(space, P2P__QUIC_SPACE), d, p->now)) > 0;)
    for (int i = 0; i < n; i++) send_batch(p, e, &d[i]);
  end_listen(p, e);
  if (e->ended && !e->said) {
    e->said = true;
    p2p__quic_goodbye(e->q, 0, NULL, p2p__span_of(space, P2P__QUIC_SPACE), d, p->now);
    if (d[0].len) send_batch(p, e, &d[0]);
  }
  free(space);
}

static bool names(const pair_end *e, const p2p__quic_header *h) {
  for (size_t i = 0; i < e->n_names; i++)
    if (memcmp(&e->names[i], &h->dcid, sizeof h->dcid) == 0) return true;
  return false;
}

static bool is_reset_for(const pair_end *e, p2p_bytes d) {
  for (size_t i = 0; i < e->n_resets && d.len >= P2P__QUIC_RESET; i++)
    if (memcmp(e->resets[i], d.p + d.len - P2P__QUIC_RESET, P2P__QUIC_RESET) == 0) return true;
  return false;
}

static void answer(pair *p, const p2p__wr *w) {
  if (w->len) put(p, false, &p->server.at, &p->client.at, 0, p2p__wr_bytes(w));
}

/* What the server's socket does with datagrams of nobody. */
static void stranger(pair *p, const pair_packet *from, const p2p__quic_header *h) {
  pair_end *e = &p->server;
  uint8_t space[256];
  p2p__wr w = p2p__wr_of(space, sizeof space);
  p2p_bytes d = p2p__bytes(from->data, from->len);
  p2p__quic_initial i;
  if (!h->is_long) {
    p2p__quic_write_reset(e->shared, h, d.len, &w);
    answer(p, &w);
    return;
  }
  if (h->is_negotiation) return;
  if (!h->is_known) {
    p2p__quic_write_versions(e->shared, h, &w);
    answer(p, &w);
    return;
  }
  if (e->q || p2p__quic_initial_read(e->shared, d, &from->from, p->now, &i) < 0) return;
  if (p->retry && !i.validated) {
    p2p__quic_write_retry(e->shared, &i, &from->from, p->now, &w);
    answer(p, &w);
    return;
  }
  p2p__quic_config config = config_of(e, &from->from);
  int err = p2p__quic_accept(&config, &i, p->now, &e->q);
  assert_true(err == 0 || p->tolerant);
  if (err < 0)
    e->n_names = 0;
  else
    p2p__quic_recv(e->q, &e->at, &from->from, from->ecn, d, p->now);
}

static void arrive(pair *p, const pair_packet *from) {
  pair_end *e = from->to_server ? &p->server : &p->client;
  p2p_bytes d = p2p__bytes(from->data, from->len);
  p2p__quic_header h;
  if (from->to_server && p->deaf) return;
  if (p2p__quic_first_byte(d) != P2P__QUIC_IS_QUIC || p2p__quic_header_read(d, &h) < 0) return;
  if (e->q && (names(e, &h) || is_reset_for(e, d)))
    p2p__quic_recv(e->q, e->by_path ? &from->to : &e->at, &from->from, from->ecn, d, p->now);
  else if (from->to_server)
    stranger(p, from, &h);
  end_listen(p, e);
  pair_send(p, e);
}

/* ---- time ---- */
static size_t next_packet(const pair *p) {
  size_t best = 0;
  for (size_t i = 1; i < p->n; i++) {
    const pair_packet *a = &p->queue[i], *b = &p->queue[best];
    if (a->at < b->at || (a->at == b->at && a->order < b->order)) best = i;
  }
  return best;
}

static p2p_time deadline_of(pair_end *e) {
  return e->q && !e->ended && !e->mute ? p2p__quic_deadline(e->q) : P2P_NEVER;
}

static void tick(pair *p, pair_end *e) {
  if (deadline_of(e) > p->now) return;
  p2p__quic_tick(e->q, p->now);
  end_listen(p, e);
  pair_send(p, e);
}

bool pair_run(pair *p, p2p_time within, bool (*done)(pair *p)) {
  p2p_time until = p->now + within;
  pair_send(p, &p->client);
  pair_send(p, &p->server);
  for (;;) {
    if (done && done(p)) return true;
    size_t i = next_packet(p);
    p2p_time at = p2p__time_min(deadline_of(&p->client), deadline_of(&p->server));
    if (p->n) at = p2p__time_min(at, p->queue[i].at);
    if (at > until) {
      p->now = until;
      return false;
    }
    p->now = p2p__max(p->now, at);
    if (p->n && p->queue[i].at <= p->now) {
      pair_packet got = p->queue[i];
      p->queue[i] = p->queue[--p->n];
      arrive(p, &got);
      free(got.data);
    }
    tick(p, &p->client);
    tick(p, &p->server);
  }
}

bool pair_both_secured(pair *p) { return p->client.secured_at && p->server.secured_at; }
bool pair_is_over(pair *p) { return p->client.ended && p->server.ended; }

void pair_connect(pair *p) {
  pair_dial(p, &p->server.identity.peer);
  assert_true(pair_run(p, 20 * P2P_SECOND, pair_both_secured));
}
