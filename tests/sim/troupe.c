#include "troupe.h"

#include "unit/base/test.h"

/* ---- players ---- */

static void note(host_node *n, const p2p_event *e) {
  player *p = P2P_CONTAINER(n, player, node);
  p->n[e->kind]++;
  p->last[e->kind] = *e;
}

void troupe_begin(troupe *t, uint64_t seed) {
  *t = (troupe){ 0 };
  t->sim = p2p_sim_new(seed);
}

static void player_end(player *p) {
  if (p->host) host_node_fini(&p->node);
}

void troupe_end(troupe *t) {
  player_end(&t->a);
  player_end(&t->b);
  player_end(&t->c);
  p2p_sim_free(t->sim);
}

static uint8_t number_of(const troupe *t, const player *p) {
  return p == &t->a ? 1 : p == &t->b ? 2 : 3;
}

void troupe_join(troupe *t, player *p, const p2p_host_opts *opts) {
  assert_int_equal(host_node_init(&p->node, t->sim, number_of(t, p), opts), 0);
  p->host = p->node.host;
  p->node.on_event = note;
}

void troupe_join_limited(troupe *t, player *p, const p2p_setting *limits, size_t n) {
  troupe_join(t, p,
              &(p2p_host_opts){ .size = sizeof(p2p_host_opts), .limits = limits, .n_limits = n });
}

void troupe_meet(troupe *t, player *from, player *to) {
  (void)t;
  assert_true(host_node_meet(&from->node, &to->node));
}

/* ---- time ---- */

bool troupe_until(troupe *t, p2p_time within, bool (*done)(void *user), void *user) {
  int r = p2p_sim_run(t->sim, p2p_sim_now(t->sim) + within, done, user);
  assert_true(r >= 0);
  return r == 1;
}

void troupe_wait(troupe *t, p2p_time so_long) { (void)troupe_until(t, so_long, NULL, NULL); }

static int deaf_step(void *user) { return p2p_host_step(((player *)user)->host, 0); }
static p2p_time deaf_deadline(void *user) { return p2p_host_deadline(((player *)user)->host); }

void player_deafen(player *p) {
  p2p_sim_actor actor = { .step = deaf_step, .deadline = deaf_deadline, .user = p };
  p2p_sim_attach(p->node.io, &actor);
}

void player_sleep(player *p) { p2p_sim_attach(p->node.io, NULL); }
void player_wake(player *p) { host_node_attach(&p->node); }
void player_poke(const player *p) { p2p_sim_poke(p->node.io); }

/* ---- hosts ---- */

p2p_conn player_dial(player *from, const player *to) {
  p2p_conn c;
  assert_int_equal(host_node_dial(&from->node, &to->node, &c), 0);
  return c;
}

p2p_host_stats player_stats(const player *p) {
  p2p_host_stats stats = { .size = sizeof stats };
  assert_int_equal(p2p_host_get(p->host, &stats), 0);
  return stats;
}

bool player_knows_nothing(const player *p) {
  const p2p__swarm *w = &p->host->swarm;
  p2p_host_stats s = player_stats(p);
  uint32_t counts = 0;
  for (uint32_t i = 0; i < w->peers.n; i++) {
    const p2p__peer *peer = p2p__peer_at(&w->peers, i);
    if (peer) counts += peer->n_admitted + peer->n_told;
  }
  return !s.conns && !s.streams && !s.dials && !s.half_open && !counts && !w->budget.used;
}

/* ---- streams ---- */

void told_read(told *t) {
  uint8_t buf[16384];
  ptrdiff_t n;
  while ((n = p2p_read(t->host, t->stream, buf, sizeof buf)) > 0) {
    if (!t->got) t->first_at = p2p_sim_now(t->sim);
    t->got += (size_t)n;
  }
  if (n != P2P_EEOF || t->ended) return;
  t->ended = true;
  t->ended_at = p2p_sim_now(t->sim);
  if (t->answers) (void)p2p_finish(t->host, t->stream);
}

static told *told_of(void *user) {
  told *t = user;
  t->late += t->closed != 0;
  return t;
}

static void on_open(p2p_host *h, p2p_stream s, void *user) {
  told *t = told_of(user);
  t->host = h;
  t->stream = s;
  t->opened++;
}

static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  (void)h;
  (void)s;
  if (!told_of(user)->paused) told_read(user);
}

static void on_writable(p2p_host *h, p2p_stream s, void *user) {
  (void)h;
  (void)s;
  told_of(user)->writable++;
}

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  (void)h;
  (void)s;
  told *t = user;
  t->closed++;
  t->err = err;
  t->code = code;
}

p2p_handler told_handler(told *t) {
  return (p2p_handler){ .size = sizeof(p2p_handler),
                        .on_open = on_open,
                        .on_readable = on_readable,
                        .on_writable = on_writable,
                        .on_close = on_close,
                        .user = t };
}

void told_serve(troupe *t, player *p, const char *id, told *out) {
  out->sim = t->sim;
  p2p_handler handler = told_handler(out);
  assert_int_equal(p2p_protocol_add(p->host, id, &handler), 0);
}

void told_open_on(troupe *t, player *p, p2p_conn c, const char *const *ids, size_t n, told *out) {
  out->sim = t->sim;
  out->host = p->host;
  p2p_handler handler = told_handler(out);
  assert_int_equal(p2p_stream_open_on(p->host, c, ids, n, &handler, &out->stream), 0);
  player_poke(p);
}

void told_open(troupe *t, player *p, const char *id, told *out) {
  told_open_on(t, p, p->node.conn, &id, 1, out);
}

bool told_is_closed(void *t) { return ((const told *)t)->closed > 0; }
bool told_is_open(void *t) { return ((const told *)t)->opened > 0; }
