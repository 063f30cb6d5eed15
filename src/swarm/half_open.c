/* Inbound connections that are not up yet: a table in two parts, those that have said nothing and those
 * that have spoken (a first message of the upgrade that is valid; over QUIC: an address that is proven),
 * and who of them goes when it is full. docs/internals/storms.md says why. */
#include "swarm/internal.h"

enum {
  SAMPLE = 8, /* looked at for who goes: however large the table, bounded work for each newcomer */
  SPACE = 16  /* first size of the table */
};

static void put(p2p__half_open *t, uint32_t i, p2p__sconn *c) {
  t->at[i] = c;
  c->place = i + 1;
}

static int reserve(p2p__half_open *t, p2p__mem *mem) {
  if (t->n < t->cap) return 0;
  uint32_t cap = t->cap ? 2 * t->cap : SPACE;
  void *at = t->at;
  int err = p2p__resize(mem, P2P__MEM_CONN, &at, t->cap * sizeof *t->at, cap * sizeof *t->at);
  if (err < 0) return err;
  t->at = at;
  t->cap = cap;
  return 0;
}

/* The silent ones are in front: the first of the others steps behind them. */
int p2p__half_open_add(p2p__swarm *w, p2p__sconn *c) {
  p2p__half_open *t = &w->half_open;
  int err = reserve(t, w->loop->mem);
  if (err < 0) return err;
  if (t->n_silent < t->n) put(t, t->n, t->at[t->n_silent]);
  put(t, t->n_silent++, c);
  c->number = t->arrived++;
  t->n++;
  return 0;
}

void p2p__half_open_spoke(p2p__sconn *c) {
  p2p__half_open *t = &c->swarm->half_open;
  if (!c->place || c->place > t->n_silent) return;
  uint32_t last = --t->n_silent;
  put(t, c->place - 1, t->at[last]);
  put(t, last, c);
}

void p2p__half_open_del(p2p__sconn *c) {
  p2p__half_open *t = &c->swarm->half_open;
  if (!c->place) return;
  p2p__half_open_spoke(c);
  t->n--;
  put(t, c->place - 1, t->at[t->n]);
  c->place = 0;
  if (!t->n) p2p__half_open_fini(c->swarm);
}

void p2p__half_open_fini(p2p__swarm *w) {
  p2p__half_open *t = &w->half_open;
  p2p__release(w->loop->mem, P2P__MEM_CONN, t->at, t->cap * sizeof *t->at);
  t->at = NULL;
  t->cap = 0;
}

/* ---- who goes ---- */
static uint64_t draw(p2p__swarm *w) {
  uint64_t i = w->half_open.draws++;
  return p2p__siphash(p2p__swarm_env(w)->hash_key, p2p__bytes((const uint8_t *)&i, sizeof i));
}

static bool is_crowded(const p2p__sconn *c) {
  return c->arrived && p2p__arrivals_crowded(&c->swarm->arrivals, p2p__bytes(c->addr, c->addr_len));
}

static bool goes_before(const p2p__sconn *a, const p2p__sconn *b, bool by_age) {
  bool crowded = is_crowded(a);
  if (crowded != is_crowded(b)) return crowded;
  return by_age && (int32_t)(a->number - b->number) < 0;
}

/* Of silent ones the oldest of the sample, of the others the older of two. */
p2p__sconn *p2p__half_open_victim(p2p__swarm *w) {
  const p2p__half_open *t = &w->half_open;
  if (!t->n) return NULL;
  bool silent = 2 * (uint64_t)t->n_silent >= t->n;
  uint32_t from = silent ? 0 : t->n_silent, n = silent ? t->n_silent : t->n - t->n_silent;
  uint64_t first = draw(w);
  p2p__sconn *worst = t->at[from + first % n];
  for (uint32_t i = 1; i < n && i < SAMPLE; i++) {
    uint64_t at = n <= SAMPLE ? first % n + i : draw(w);
    p2p__sconn *c = t->at[from + at % n];
    if (goes_before(c, worst, silent || i == 1)) worst = c;
  }
  return worst;
}
