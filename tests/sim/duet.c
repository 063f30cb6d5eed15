#include "duet.h"

#include "unit/base/test.h"

/* ---- the probe ---- */

static const p2p__protocol_line probe_lines[] = {
  [PROBE_FRAMED] = { .id = "/probe/framed",
                     .framing = P2P__FRAMED,
                     .limit = PROBE_LIMIT,
                     .messages = PROBE_MESSAGES,
                     .timeout = PROBE_TIMEOUT,
                     .in_per_peer = PROBE_IN },
  [PROBE_FIXED] = { .id = "/probe/fixed",
                    .framing = P2P__FIXED,
                    .limit = PROBE_FIXED_LEN,
                    .in_per_peer = 100 },
  [PROBE_RAW] = { .id = "/probe/raw", .framing = P2P__RAW, .in_per_peer = 100 },
  { 0 },
};

static void keep(probe *p, const p2p__fact *f) {
  if (f->kind == P2P__FACT_CALL || f->kind == P2P__FACT_TICK) return;
  assert_true(p->n_facts < PROBE_FACTS && p->n_bytes + f->bytes.len <= PROBE_BYTES);
  p2p__fact *kept = &p->facts[p->n_facts++];
  *kept = *f;
  if (f->bytes.len) memcpy(p->bytes + p->n_bytes, f->bytes.p, f->bytes.len);
  kept->bytes.p = p->bytes + p->n_bytes;
  p->n_bytes += f->bytes.len;
}

static void probe_fact(p2p__behaviour *b, const p2p__fact *f, p2p_time now) {
  probe *p = P2P_CONTAINER(b, probe, base);
  (void)now;
  keep(p, f);
  if (f->kind == P2P__FACT_MESSAGE && p->resets) {
    p->acts[p->n_acts++] = (p2p__act){ .kind = P2P__ACT_RESET, .stream = f->stream };
  }
  if (f->kind == P2P__FACT_ENDED && p->finishes) {
    p->acts[p->n_acts++] = (p2p__act){ .kind = P2P__ACT_FINISH, .stream = f->stream };
  }
}

static bool probe_next(p2p__behaviour *b, p2p__act *a) {
  probe *p = P2P_CONTAINER(b, probe, base);
  if (p->done == p->n_acts) {
    p->done = p->n_acts = 0;
    return false;
  }
  *a = p->acts[p->done++];
  return true;
}

static void probe_free(p2p__behaviour *b) { P2P_CONTAINER(b, probe, base)->freed = true; }

static const p2p__behaviour_ops probe_ops = {
  .name = "probe", .fact = probe_fact, .next = probe_next, .free = probe_free
};

void probe_do(duet_side *s, p2p__act a) {
  s->probe.acts[s->probe.n_acts++] = a;
  p2p__swarm_call(&s->host->swarm, &s->probe.base, 0, 0, 0);
  p2p_sim_poke(s->io);
}

const p2p__fact *probe_last(const duet_side *s, p2p__fact_kind kind) {
  for (size_t i = s->probe.n_facts; i-- > 0;) {
    if (s->probe.facts[i].kind == kind) return &s->probe.facts[i];
  }
  return NULL;
}

size_t probe_count(const duet_side *s, p2p__fact_kind kind) {
  size_t n = 0;
  for (size_t i = 0; i < s->probe.n_facts; i++) n += s->probe.facts[i].kind == kind;
  return n;
}

void probe_forget(duet_side *s) { s->probe.n_facts = s->probe.n_bytes = 0; }

/* ---- the world ---- */

static int step(void *user) { return p2p_host_step(((duet_side *)user)->host, 0); }
static p2p_time deadline(void *user) { return p2p_host_deadline(((duet_side *)user)->host); }

static void side_begin(duet *d, duet_side *s, uint8_t number) {
  p2p_sim_node_opts node = { .ip = { { .family = 4, .ip = { 10, 0, 0, number } } }, .n_ip = 1 };
  assert_int_equal(p2p_sim_node(d->sim, &node, &s->io), 0);
  const char *listen[] = { "/ip4/0.0.0.0/tcp/4001" };
  p2p_host_opts opts = {
    .size = sizeof opts, .io = s->io, .listen = listen, .n_listen = 1, .serve_perf = true
  };
  assert_int_equal(p2p_host_new(&s->host, &opts), 0);
  s->probe.base = (p2p__behaviour){ .ops = &probe_ops, .protocols = probe_lines };
  s->probe.finishes = true;
  assert_int_equal(p2p__swarm_add(&s->host->swarm, &s->probe.base), 0);
  p2p_sim_attach(s->io, &(p2p_sim_actor){ .step = step, .deadline = deadline, .user = s });
}

void duet_begin(duet *d, uint64_t seed) {
  memset(d, 0, sizeof *d);
  d->sim = p2p_sim_new(seed);
  side_begin(d, &d->a, 1);
  side_begin(d, &d->b, 2);
}

typedef struct condition {
  duet *d;
  bool (*done)(duet *d);
} condition;

static bool check(void *user) {
  const condition *c = user;
  return c->done && c->done(c->d);
}

bool duet_run(duet *d, p2p_time within, bool (*done)(duet *d)) {
  condition c = { d, done };
  int r = p2p_sim_run(d->sim, p2p_sim_now(d->sim) + within, check, &c);
  assert_true(r >= 0);
  return r == 1;
}

static void take_events(duet_side *s, bool *identified) {
  for (const p2p_event *e; (e = p2p_next_event(s->host)) != NULL;) {
    if (e->kind == P2P_EV_CONN_OPEN) s->conn = e->conn;
    if (e->kind == P2P_EV_IDENTIFIED && e->err == 0) *identified = true;
  }
}

static bool met(const duet_side *s, const duet_side *other) {
  const p2p__peer *peer = p2p__peer_find(&s->host->swarm.peers, p2p_host_peer(other->host));
  return peer && peer->identified;
}

static bool both_met(duet *d) { return met(&d->a, &d->b) && met(&d->b, &d->a); }

void duet_connect(duet *d) {
  bool a = false, b = false;
  assert_int_equal(p2p_dial(d->a.host, "/ip4/10.0.0.2/tcp/4001", &d->a.conn), 0);
  p2p_sim_poke(d->a.io);
  assert_true(duet_run(d, 10 * P2P_SECOND, both_met));
  (void)duet_run(d, P2P_SECOND, NULL); /* pushes, ends of streams */
  take_events(&d->a, &a);
  take_events(&d->b, &b);
  assert_true(a && b);
  probe_forget(&d->a);
  probe_forget(&d->b);
}

static void side_end(duet_side *s) {
  p2p_sim_attach(s->io, NULL);
  p2p_host_free(s->host);
  assert_true(s->probe.freed);
}

void duet_end(duet *d) {
  side_end(&d->a);
  side_end(&d->b);
  p2p_sim_free(d->sim);
}

uint32_t duet_peer(const duet_side *s, const duet_side *other) {
  const p2p__peer *peer = p2p__peer_find(&s->host->swarm.peers, p2p_host_peer(other->host));
  assert_non_null(peer);
  return peer->index;
}
