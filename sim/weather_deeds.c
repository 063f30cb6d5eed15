/* What happens in the weather: what hosts do, and what is done to them. */
#include "sim/nat.h"
#include "sim/weather.h"
#include "sim/world.h"

enum {
  DEEDS_MAX = 64,
  PAIRWISE_MAX = 40, /* a partition cuts pairs; among more hosts it takes the plugs of some */
  CODES = 1000
};
#define HOUR (3600 * P2P_SECOND)
#define DAY ((int64_t)(24 * HOUR))

static bool is_up(const weather_node *node) { return node->n.host && !node->asleep; }

/* A host that acts now; NULL: the one picked does not. */
static weather_node *any_node(weather *w) {
  weather_node *node = &w->nodes[weather_dice(w, w->n)];
  if (!is_up(node)) return NULL;
  node->deeds++;
  return node;
}

/* One of its friends that can be reached; false: the one picked cannot. */
static bool any_friend(weather_node *node, uint32_t *k) {
  *k = (uint32_t)weather_dice(node->w, weather_friends(node->w));
  return !node->w->nodes[weather_friend(node, *k)].hidden;
}

static flow *any_flow(weather_node *node) {
  size_t alive = flow_alive(&node->n);
  return alive ? flow_alive_at(&node->n, weather_dice(node->w, alive)) : NULL;
}

/* ---- spells: what ends by itself ---- */

static bool spell_begin(weather *w, uint32_t node, p2p_time so_long,
                        void (*end)(weather *w, uint32_t node)) {
  if (w->n_spells == WEATHER_SPELLS) return false;
  w->spells[w->n_spells++] = (weather_spell){ .until = p2p_sim_now(w->r->sim) + so_long,
                                              .end = end,
                                              .node = node };
  return true;
}

static int spell_first(const weather *w) {
  int first = -1;
  for (int i = 0; i < w->n_spells; i++)
    if (first < 0 || w->spells[i].until < w->spells[first].until) first = i;
  return first;
}

p2p_time weather_next_spell(const weather *w) {
  int i = spell_first(w);
  return i < 0 ? P2P_NEVER : w->spells[i].until;
}

void weather_end_spells(weather *w, bool all) {
  for (int i; (i = spell_first(w)) >= 0;) {
    weather_spell s = w->spells[i];
    if (!all && s.until > p2p_sim_now(w->r->sim)) return;
    w->spells[i] = w->spells[--w->n_spells];
    s.end(w, s.node);
  }
}

/* ---- what hosts do ---- */

static void deed_dial(weather *w) {
  uint32_t k;
  weather_node *a = any_node(w);
  if (a && any_friend(a, &k)) weather_node_dial(a, weather_friend(a, k));
}

static void deed_ping(weather *w) {
  uint32_t k;
  weather_node *a = any_node(w);
  if (a && any_friend(a, &k)) weather_node_ping(a, k);
}

static void deed_hang_up(weather *w) {
  weather_node *a = any_node(w);
  if (a) weather_node_hang_up(a);
}

static uint64_t any_length(weather *w) {
  return weather_dice(w, weather_dice(w, 4) ? 3000 : w->row->bytes);
}

static void deed_open(weather *w) {
  uint32_t k;
  weather_node *a = any_node(w);
  if (!a || !any_friend(a, &k)) return;
  const weather_node *b = &w->nodes[weather_friend(a, k)];
  const char *id = weather_dice(w, 2) ? FLOW_ECHO : FLOW_SINK;
  uint64_t length = any_length(
      w); /* one draw after the other: compilers order arguments as they like */
  uint8_t salt = (uint8_t)weather_dice(w, 256);
  flow *f;
  int err = flow_open(&a->n, &b->identity.peer, NULL, id, length, salt, &f);
  w->streams += err >= 0;
  scenario_claim(w->r, err >= 0 || err == P2P_ELIMIT, "node %u cannot open a stream: %s", a->index,
                 p2p_error_name(err));
}

static void deed_reset(weather *w) {
  weather_node *a = any_node(w);
  flow *f = a ? any_flow(a) : NULL;
  if (!f) return;
  p2p_reset(a->n.host, f->stream, (uint32_t)weather_dice(w, CODES));
  host_node_poke(&a->n);
}

static void deed_stop(weather *w) {
  weather_node *a = any_node(w);
  flow *f = a ? any_flow(a) : NULL;
  if (!f) return;
  if (p2p_stop(a->n.host, f->stream, (uint32_t)weather_dice(w, CODES)) == 0) f->wild = true;
  host_node_poke(&a->n);
}

/* With what was written so far. */
static void deed_finish(weather *w) {
  weather_node *a = any_node(w);
  flow *f = a ? any_flow(a) : NULL;
  if (!f || f->inbound || f->finished || p2p_finish(a->n.host, f->stream) < 0) return;
  f->to_send = f->sent;
  f->finished = true;
  host_node_poke(&a->n);
}

static void deed_pause(weather *w) {
  weather_node *a = any_node(w);
  flow *f = a ? any_flow(a) : NULL;
  if (f && !f->paused)
    f->paused = true;
  else if (f)
    flow_resume(f);
}

/* ---- the network ---- */

static p2p_sim_path any_path(weather *w) {
  unsigned what = w->row->what;
  p2p_sim_path path = { .tcp = w->tcp };
  path.latency = P2P_MS + weather_dice(w, 80 * P2P_MS);
  path.jitter = weather_dice(w, 8 * P2P_MS);
  path.bits_per_second = 2000000 + weather_dice(w, 98000000);
  path.queue = 10 * P2P_MS + weather_dice(w, 200 * P2P_MS);
  if (what & WEATHER_LOSS)
    path.loss_ppm = (uint32_t)weather_dice(w, weather_dice(w, 4) ? 20000 : 200000);
  if (what & WEATHER_DOUBLE) path.duplicate_ppm = (uint32_t)weather_dice(w, 50000);
  if (what & WEATHER_REORDER) path.reorder_ppm = (uint32_t)weather_dice(w, 50000);
  path.reorder_by = P2P_MS + weather_dice(w, 30 * P2P_MS);
  return path;
}

void weather_sky(weather *w) {
  const unsigned rough = WEATHER_LOSS | WEATHER_REORDER | WEATHER_DOUBLE;
  w->tcp = w->row->what & rough || weather_dice(w, 2) ? P2P_SIM_NEWRENO : P2P_SIM_IDEAL;
  p2p_sim_path path = any_path(w);
  p2p_sim_default(w->r->sim, &path);
  p2p_sim_split(w->r->sim, (uint32_t)weather_dice(w, 200000));
}

int weather_boxes(weather *w) {
  int err = 0;
  if (!(w->row->what & WEATHER_NAT)) return 0;
  w->n_boxes = 1 + (uint32_t)weather_dice(w, WEATHER_BOXES);
  for (uint32_t i = 0; i < w->n_boxes && err >= 0; i++) {
    p2p_sim_nat_opts opts = { .ip = { .family = 4, .ip = { 8, 0, 0, (uint8_t)i } } };
    opts.mapping = (p2p_sim_nat_kind)weather_dice(w, 3);
    opts.filter = (p2p_sim_nat_kind)weather_dice(w, 3);
    opts.hairpin = weather_dice(w, 2);
    opts.keeps_port = weather_dice(w, 2);
    opts.refuses = weather_dice(w, 2);
    err = p2p_sim_nat(w->r->sim, &opts, &w->boxes[i]);
  }
  return err;
}

static p2p_io *io_of(weather *w, uint32_t i) { return w->nodes[i].n.io; }

/* Between two hosts it gets worse, or better. */
static void deed_gust(weather *w) {
  uint32_t a = (uint32_t)weather_dice(w, w->n), b = (uint32_t)weather_dice(w, w->n);
  p2p_sim_path path = any_path(w);
  if (a != b) p2p_sim_link(w->r->sim, io_of(w, a), io_of(w, b), &path);
}

static void unplug(weather *w, uint32_t i, bool unplugged) {
  weather_say(w, i, unplugged ? "is unplugged" : "is plugged in");
  p2p_sim_unplug(io_of(w, i), unplugged);
}

static void part(weather *w, bool apart) {
  for (uint32_t a = 0; a < w->n; a++) {
    if (!w->nodes[a].apart) continue;
    if (w->n > PAIRWISE_MAX) unplug(w, a, apart);
    for (uint32_t b = 0; w->n <= PAIRWISE_MAX && b < w->n; b++)
      if (!w->nodes[b].apart) p2p_sim_cut(w->r->sim, io_of(w, a), io_of(w, b), apart);
  }
  w->parted = apart;
  for (uint32_t i = 0; i < w->n; i++)
    if (w->nodes[i].apart)
      weather_say(w, i, apart ? "is on the other side" : "is on our side again");
}

static void part_end(weather *w, uint32_t node) {
  (void)node;
  part(w, false);
}

/* How long trouble lasts: mostly less than what hosts bear, sometimes more. */
static p2p_time any_trouble(weather *w) {
  return weather_dice(w, 3) ? weather_dice(w, 8 * P2P_SECOND) : weather_dice(w, 90 * P2P_SECOND);
}

static void deed_part(weather *w) {
  if (w->parted || !spell_begin(w, 0, any_trouble(w), part_end)) return;
  for (uint32_t i = 0; i < w->n; i++)
    w->nodes[i].apart = weather_dice(w, w->n > PAIRWISE_MAX ? 20 : 2) == 0;
  part(w, true);
}

static void flap_end(weather *w, uint32_t i) { unplug(w, i, false); }

static void deed_flap(weather *w) {
  uint32_t i = (uint32_t)weather_dice(w, w->n);
  p2p_time so_long = weather_dice(w, 4) ? weather_dice(w, 2 * P2P_SECOND) : any_trouble(w);
  if (spell_begin(w, i, so_long, flap_end)) unplug(w, i, true);
}

/* ---- the machines ---- */

static void crash_end(weather *w, uint32_t i) {
  weather_say(w, i, "comes back");
  int err = weather_node_start(&w->nodes[i]);
  scenario_claim(w->r, err >= 0, "node %u does not come back: %s", i, p2p_error_name(err));
}

/* The process is killed and its system says so to the peers, or nobody says anything. */
static void deed_crash(weather *w) {
  weather_node *a = any_node(w);
  if (!a || !spell_begin(w, a->index, any_trouble(w), crash_end)) return;
  bool power = weather_dice(w, 2);
  weather_say(w, a->index, power ? "loses power" : "is killed");
  if (power) p2p_sim_crash(a->n.io);
  weather_node_stop(a);
  w->crashes++;
}

static void sleep_end(weather *w, uint32_t i) {
  weather_node *node = &w->nodes[i];
  node->asleep = false;
  weather_node_slept(node, p2p_sim_now(w->r->sim) - node->asleep_at);
  bool stood = weather_dice(w, 2);
  weather_say(w, i, stood ? "wakes, its clock stood" : "wakes, its clock went on");
  p2p_sim_wake(node->n.io, stood);
}

static p2p_time any_sleep(weather *w) {
  switch (weather_dice(w, 6)) {
  case 0: return weather_dice(w, 5 * HOUR);
  case 1: return weather_dice(w, 300 * P2P_SECOND);
  default: return weather_dice(w, 20 * P2P_SECOND);
  }
}

static void deed_sleep(weather *w) {
  weather_node *a = any_node(w);
  if (!a || !spell_begin(w, a->index, any_sleep(w), sleep_end)) return;
  a->asleep = true;
  a->asleep_at = p2p_sim_now(w->r->sim);
  bool stopped = weather_dice(w, 2);
  weather_say(w, a->index, stopped ? "is stopped" : "is suspended");
  p2p_sim_sleep(a->n.io, stopped ? P2P_SIM_STOPPED : P2P_SIM_SUSPENDED);
  w->sleeps++;
}

static void deed_wall(weather *w) {
  weather_node *a = any_node(w);
  if (!a) return;
  int64_t range = weather_dice(w, 2) ? (int64_t)HOUR : 365 * DAY;
  int64_t by = (int64_t)weather_dice(w, 2 * (uint64_t)range) - range;
  weather_say(w, a->index, "its wall clock is set by %lld s",
              (long long)by / (long long)P2P_SECOND);
  p2p_sim_set_wall(a->n.io, by);
}

/* A box forgets everybody, or is given another address too. */
static void deed_rebind(weather *w) {
  p2p_io *box = w->boxes[weather_dice(w, w->n_boxes)];
  p2p_endpoint to = { .family = 4,
                      .ip = { 8, 1, (uint8_t)(w->box_moves >> 8), (uint8_t)w->box_moves } };
  bool moves = weather_dice(w, 3) == 0;
  if (moves && p2p_sim_readdress(box, &to, 1) == 0) w->box_moves++;
  p2p_sim_nat_rebind(box);
}

static void deed_move(weather *w) {
  weather_node *a = any_node(w);
  if (a && !a->hidden) weather_node_move(a);
}

/* ---- all ---- */

static const struct {
  void (*deed)(weather *w);
  unsigned what; /* only in a row that has it; 0: in all */
  unsigned weight;
} deeds[] = {
  { deed_open, 0, 8 },
  { deed_ping, 0, 2 },
  { deed_dial, 0, 1 },
  { deed_reset, 0, 1 },
  { deed_stop, 0, 1 },
  { deed_finish, 0, 1 },
  { deed_hang_up, 0, 1 },
  { deed_pause, WEATHER_SLOW, 4 },
  { deed_gust, WEATHER_LOSS | WEATHER_REORDER | WEATHER_DOUBLE, 2 },
  { deed_part, WEATHER_PART, 1 },
  { deed_flap, WEATHER_FLAP, 2 },
  { deed_crash, WEATHER_CRASH, 1 },
  { deed_sleep, WEATHER_SLEEP, 1 },
  { deed_wall, WEATHER_WALL, 1 },
  { deed_rebind, WEATHER_NAT, 1 },
  { deed_move, WEATHER_MOVE, 1 },
};

static unsigned weight_of(const weather *w, size_t i) {
  return !deeds[i].what || deeds[i].what & w->row->what ? deeds[i].weight : 0;
}

void weather_deed(weather *w) {
  unsigned all = 0;
  for (size_t i = 0; i < P2P_COUNT(deeds); i++) all += weight_of(w, i);
  unsigned pick = (unsigned)weather_dice(w, all);
  for (size_t i = 0; i < P2P_COUNT(deeds); i++) {
    unsigned weight = weight_of(w, i);
    if (pick < weight) {
      deeds[i].deed(w);
      return;
    }
    pick -= weight;
  }
}
