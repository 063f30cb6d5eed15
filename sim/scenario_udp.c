/* Scenarios that prove the simulated UDP. */
#include "sim/raw.h"

enum { COUNT = 50000, SIZE = 100, PORT = 5000 };

typedef struct weather {
  p2p_io *io;
  int sock;
  uint8_t seen[COUNT]; /* how often each came */
  uint32_t next, late, doubled, came, foreign;
} weather;

static uint32_t read_number(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void weather_one(weather *w, const p2p_dgrams *d) {
  uint32_t number = read_number(d->data);
  if (d->len != SIZE || number >= COUNT) {
    w->foreign++;
    return;
  }
  if (w->seen[number]++) {
    w->doubled++;
    return;
  }
  w->came++;
  if (number < w->next) w->late++;
  if (number >= w->next) w->next = number + 1;
}

static int weather_step(void *user) {
  weather *w = user;
  p2p_io_fact facts[4];
  uint8_t buf[8][SIZE + 1];
  p2p_dgrams d[8];
  int n = w->io->ops->wait(w->io, 0, facts, 4);
  for (int i = 0; i < 8; i++) d[i] = (p2p_dgrams){ .data = buf[i], .cap = sizeof buf[i] };
  int got = n > 0 ? w->io->ops->udp_recv(w->io, w->sock, d, 8) : 0;
  for (int i = 0; i < got; i++) weather_one(w, &d[i]);
  return n;
}

static void weather_send(p2p_sim *sim, p2p_io *io, int sock, const p2p_endpoint *to) {
  for (uint32_t i = 0; i < COUNT; i++) {
    uint8_t data[SIZE] = { (uint8_t)(i >> 24), (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };
    p2p_dgrams d = { .remote = *to, .data = data, .len = SIZE };
    io->ops->udp_send(io, sock, &d, 1);
    p2p_sim_run(sim, p2p_sim_now(sim) + 100 * P2P_US, NULL, NULL);
  }
}

static void claim_share(scenario_run *r, const char *name, uint32_t count, uint32_t ppm) {
  uint64_t expected = (uint64_t)COUNT * ppm / 1000000;
  scenario_figure(r, name, count, "datagrams");
  scenario_claim(r, count > expected * 8 / 10 && count < expected * 12 / 10,
                 "%s: %u of %d, asked for %u in a million", name, count, COUNT, ppm);
}

void scenario_udp_weather(scenario_run *r) {
  p2p_sim_path path = { .latency = 10 * P2P_MS,
                        .jitter = P2P_MS,
                        .loss_ppm = 50000,
                        .duplicate_ppm = 20000,
                        .reorder_ppm = 30000,
                        .reorder_by = 5 * P2P_MS,
                        .mtu = 1280 };
  weather w = { .io = raw_node(r, 2) };
  p2p_io *a = raw_node(r, 1);
  p2p_sim_link(r->sim, a, w.io, &path);
  p2p_endpoint to, here = raw_at(1, 0), there = raw_at(2, PORT);
  int sock = a->ops->udp_open(a, &here, 1, NULL);
  w.sock = w.io->ops->udp_open(w.io, &there, 1, &to);
  p2p_sim_attach(w.io, &(p2p_sim_actor){ .step = weather_step, .user = &w });
  weather_send(r->sim, a, sock, &to);
  uint8_t big[1300] = { 0xff, 0xff, 0xff, 0xff };
  p2p_dgrams d = { .remote = to, .data = big, .len = sizeof big };
  scenario_claim(r, a->ops->udp_send(a, sock, &d, 1) == 1, "a long datagram was refused");
  p2p_sim_run(r->sim, p2p_sim_now(r->sim) + P2P_SECOND, NULL, NULL);
  scenario_claim(r, w.foreign == 0, "what is longer than the path's MTU came through");
  claim_share(r, "lost", COUNT - w.came, path.loss_ppm);
  claim_share(r, "doubled", w.doubled, path.duplicate_ppm);
  claim_share(r, "late", w.late, path.reorder_ppm);
}
