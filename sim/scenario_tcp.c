/* Scenarios that prove the simulated TCP. */
#include "sim/raw.h"

enum { PORT = 4001, BITS = 8, PAYLOAD = 1460, PACKET = 1500 };
#define MBIT ((uint64_t)1000000)

/* Two nodes, 1 dials 2. */
typedef struct two {
  raw_app a, b;
} two;

static void two_init(scenario_run *r, two *t, const p2p_sim_path *path) {
  raw_app_init(&t->a, raw_node(r, 1));
  raw_app_init(&t->b, raw_node(r, 2));
  p2p_sim_link(r->sim, t->a.io, t->b.io, path);
  raw_listen(&t->b, 2, PORT);
}

static bool two_over(void *user) {
  const two *t = user;
  for (int i = 0; i < t->a.n_flows; i++)
    if (!raw_over(&t->a.flows[i])) return false;
  for (int i = 0; i < t->b.n_flows; i++)
    if (!raw_over(&t->b.flows[i])) return false;
  return true;
}

static bool claim_whole(scenario_run *r, const raw_flow *f, uint64_t bytes, const char *who) {
  return scenario_claim(r, f->received == bytes && !f->corrupt && !f->error && f->ended,
                        "%s got %llu of %llu bytes%s, %s", who, (unsigned long long)f->received,
                        (unsigned long long)bytes, f->corrupt ? ", not the ones sent" : "",
                        f->error   ? p2p_error_name(f->error)
                        : f->ended ? "ended"
                                   : "no end");
}

static uint64_t per_million(uint64_t part, uint64_t whole) {
  return whole ? part * 1000000 / whole : 0;
}

void scenario_tcp_exact(scenario_run *r) {
  enum { BYTES = 1 << 20 };
  p2p_sim_path path = { .latency = 20 * P2P_MS, .bits_per_second = 7777777 }; /* divides nothing */
  two t;
  two_init(r, &t, &path);
  p2p_sim_split(r->sim, 0);
  raw_flow *a = raw_dial(&t.a, 2, PORT, BYTES, 1), *b = raw_expect(&t.b, 0, 1);
  p2p_sim_run(r->sim, 60 * P2P_SECOND, two_over, &t);
  claim_whole(r, b, BYTES, "the receiver");
  p2p_time setup = a->up_at - a->started, transfer = b->last_at - a->up_at;
  p2p_time exact = path.latency + BYTES * BITS * P2P_SECOND / path.bits_per_second;
  scenario_figure(r, "setup", setup, "ns");
  scenario_figure(r, "transfer", transfer, "ns");
  scenario_claim(r, setup == 2 * path.latency, "connecting took %llu ns, not a round trip",
                 (unsigned long long)setup);
  scenario_claim(r, transfer == exact, "%d bytes took %llu ns, not %llu", BYTES,
                 (unsigned long long)transfer, (unsigned long long)exact);
}

void scenario_tcp_splits(scenario_run *r) {
  enum { BYTES = 200000, FLOWS = 4 };
  p2p_sim_path path = { .latency = 5 * P2P_MS,
                        .jitter = 2 * P2P_MS,
                        .bits_per_second = 50 * MBIT,
                        .queue = 10 * P2P_MS,
                        .loss_ppm = 10000,
                        .duplicate_ppm = 10000,
                        .reorder_ppm = 10000,
                        .reorder_by = 4 * P2P_MS,
                        .tcp = P2P_SIM_NEWRENO };
  two t;
  two_init(r, &t, &path);
  p2p_sim_split(r->sim, 300000);
  for (int i = 0; i < FLOWS; i++) {
    raw_dial(&t.a, 2, PORT, BYTES, 7);
    raw_expect(&t.b, BYTES, 7);
  }
  int done = p2p_sim_run(r->sim, 600 * P2P_SECOND, two_over, &t);
  scenario_claim(r, done == 1, "not over after ten minutes");
  for (int i = 0; i < FLOWS; i++) {
    claim_whole(r, &t.a.flows[i], BYTES, "the dialer");
    claim_whole(r, &t.b.flows[i], BYTES, "the listener");
  }
  scenario_figure(r, "time", p2p_sim_now(r->sim) / P2P_MS, "ms");
}

/* What a flow delivers from second `from` to second `to`, of what the link could carry. */
static uint64_t fill(scenario_run *r, p2p_time queue, p2p_time from, p2p_time to) {
  p2p_sim_path path = {
    .latency = 20 * P2P_MS, .bits_per_second = 10 * MBIT, .queue = queue, .tcp = P2P_SIM_NEWRENO
  };
  scenario_fresh_world(r);
  two t;
  two_init(r, &t, &path);
  raw_dial(&t.a, 2, PORT, UINT64_MAX / 2, 3);
  raw_flow *b = raw_expect(&t.b, 0, 3);
  p2p_sim_run(r->sim, from, NULL, NULL);
  uint64_t before = b->received;
  p2p_sim_run(r->sim, to, NULL, NULL);
  uint64_t could = path.bits_per_second / BITS * ((to - from) / P2P_SECOND) * PAYLOAD / PACKET;
  scenario_claim(r, !b->corrupt && !b->error, "the stream broke");
  return per_million(b->received - before, could);
}

void scenario_tcp_newreno(scenario_run *r) {
  uint64_t full = fill(r, 40 * P2P_MS, 5 * P2P_SECOND, 35 * P2P_SECOND);
  uint64_t tight = fill(r, 10 * P2P_MS, 5 * P2P_SECOND, 35 * P2P_SECOND);
  uint64_t start = fill(r, 10 * P2P_MS, 0, 5 * P2P_SECOND);
  scenario_figure(r, "start", start, "ppm of the link");
  scenario_figure(r, "queue_of_one_rtt", full, "ppm of the link");
  scenario_figure(r, "queue_of_a_quarter", tight, "ppm of the link");
  scenario_claim(r, start > 700000, "%llu ppm of the link in the first five seconds",
                 (unsigned long long)start);
  scenario_claim(r, full > 970000 && full <= 1000000, "%llu ppm of the link, a queue of one RTT",
                 (unsigned long long)full);
  scenario_claim(r, tight > 750000 && tight < full, "%llu ppm of the link, a queue of RTT / 4",
                 (unsigned long long)tight);
}

/* ---- bloat ---- */

/* The most bytes a flow that is held back keeps unsent in its socket. */
static uint64_t unsent(scenario_run *r, uint64_t lowat) {
  p2p_sim_path path = { .latency = 20 * P2P_MS, .bits_per_second = 10 * MBIT };
  scenario_fresh_world(r);
  two t;
  two_init(r, &t, &path);
  raw_flow *a = raw_dial(&t.a, 2, PORT, UINT64_MAX / 2, 3);
  a->lowat = lowat;
  raw_flow *b = raw_expect(&t.b, 0, 3);
  uint64_t most = 0;
  for (p2p_time at = P2P_SECOND; at < 5 * P2P_SECOND; at += 10 * P2P_MS) {
    p2p_sim_run(r->sim, at, NULL, NULL);
    uint64_t flying = path.bits_per_second / BITS * path.latency / P2P_SECOND;
    uint64_t behind = a->sent - b->received;
    if (behind > flying && behind - flying > most) most = behind - flying;
  }
  return most;
}

void scenario_tcp_bloat(scenario_run *r) {
  enum { LOWAT = 16384, SLACK = 2 * PACKET };
  uint64_t fat = unsent(r, 0), lean = unsent(r, LOWAT);
  scenario_figure(r, "unsent", fat, "bytes");
  scenario_figure(r, "unsent_with_lowat", lean, "bytes");
  scenario_claim(r, fat > 100000, "the socket took only %llu bytes", (unsigned long long)fat);
  scenario_claim(r, lean <= LOWAT + SLACK, "%llu bytes unsent with a low-water mark of %d",
                 (unsigned long long)lean, LOWAT);
}

void scenario_tcp_share(scenario_run *r) {
  enum { FLOWS = 10 };
  p2p_sim_path path = { .latency = 10 * P2P_MS, .bits_per_second = 100 * MBIT };
  two t;
  two_init(r, &t, &path);
  for (int i = 0; i < FLOWS; i++) {
    raw_dial(&t.a, 2, PORT, UINT64_MAX / 2, 3);
    raw_expect(&t.b, 0, 3);
  }
  p2p_sim_run(r->sim, 2 * P2P_SECOND, NULL, NULL);
  uint64_t least = UINT64_MAX, most = 0, sum = 0;
  for (int i = 0; i < FLOWS; i++) {
    uint64_t n = t.b.flows[i].received;
    least = n < least ? n : least;
    most = n > most ? n : most;
    sum += n;
  }
  p2p_time used = 2 * P2P_SECOND -
                  3 * path.latency; /* a round trip to connect, one way to arrive */
  uint64_t could = path.bits_per_second / BITS * used / P2P_SECOND;
  scenario_figure(r, "least", least, "bytes");
  scenario_figure(r, "most", most, "bytes");
  scenario_figure(r, "sum", per_million(sum, could), "ppm of the link");
  scenario_claim(r, most <= least + least / 20, "from %llu to %llu bytes",
                 (unsigned long long)least, (unsigned long long)most);
  scenario_claim(r, sum <= could && per_million(sum, could) > 990000, "%llu of %llu bytes",
                 (unsigned long long)sum, (unsigned long long)could);
}

/* ---- cuts ---- */

static void cut_and_heal(scenario_run *r, p2p_sim_tcp tcp, const char *figure) {
  enum { BYTES = 3000000 };
  p2p_sim_path path = {
    .latency = 10 * P2P_MS, .bits_per_second = 10 * MBIT, .queue = 100 * P2P_MS, .tcp = tcp
  };
  scenario_fresh_world(r);
  two t;
  two_init(r, &t, &path);
  raw_dial(&t.a, 2, PORT, BYTES, 9);
  raw_flow *b = raw_expect(&t.b, 1000, 9);
  p2p_sim_run(r->sim, P2P_SECOND, NULL, NULL);
  p2p_sim_cut(r->sim, t.a.io, t.b.io, true);
  p2p_sim_run(r->sim, P2P_SECOND + path.queue + 2 * path.latency, NULL, NULL); /* under way */
  uint64_t before = b->received;
  p2p_sim_run(r->sim, 6 * P2P_SECOND, NULL, NULL);
  scenario_claim(r, before > 0 && b->received == before, "bytes crossed a path that is cut");
  p2p_sim_cut(r->sim, t.a.io, t.b.io, false);
  p2p_sim_run(r->sim, 60 * P2P_SECOND, two_over, &t);
  claim_whole(r, b, BYTES, "after the cut the receiver");
  scenario_figure(r, figure, b->last_at / P2P_MS, "ms");
}

void scenario_tcp_cut(scenario_run *r) {
  cut_and_heal(r, P2P_SIM_IDEAL, "ideal_done");
  cut_and_heal(r, P2P_SIM_NEWRENO, "newreno_done");
  scenario_fresh_world(r);
  p2p_sim_path path = { .latency = 10 * P2P_MS };
  two t;
  two_init(r, &t, &path);
  p2p_sim_cut(r->sim, t.a.io, t.b.io, true);
  raw_flow *lost = raw_dial(&t.a, 2, PORT, 1, 1);
  raw_flow *nobody = raw_dial(&t.a, 77, PORT, 1, 1);
  p2p_sim_run(r->sim, 300 * P2P_SECOND, two_over, &t);
  scenario_claim(r, lost->error == P2P_ETIMEOUT, "a silent peer: %s", p2p_error_name(lost->error));
  scenario_claim(r, nobody->error == P2P_EUNREACH, "an address of nobody: %s",
                 p2p_error_name(nobody->error));
  scenario_figure(r, "timeout", p2p_sim_now(r->sim) / P2P_MS, "ms");
}
