/* Scenarios: a story in a world, and claims about it that must hold for every seed. */
#ifndef P2P_SIM_SCENARIOS_H
#define P2P_SIM_SCENARIOS_H

#include "base/attr.h"
#include "sim/sim.h"

enum { SCENARIO_FIGURES = 24, SCENARIO_FAILURES = 8, SCENARIO_TEXT = 240 };

typedef struct scenario_run {
  p2p_sim *sim; /* fresh, of `seed` */
  uint64_t seed;
  uint64_t hash, events; /* of the worlds before this one */
  struct {
    const char *name, *unit;
    uint64_t value;
  } figures[SCENARIO_FIGURES];
  int n_figures;
  void (*say)(const char *line); /* told what happens, for people; NULL: nobody is */
  char failures[SCENARIO_FAILURES][SCENARIO_TEXT];
  int n_failures;
} scenario_run;

/* Ends this world and begins another of the same seed; the first counts in the hash. */
void scenario_fresh_world(scenario_run *r);
uint64_t scenario_hash(const scenario_run *r); /* of all worlds so far */
/* A number worth telling. name, unit: static. */
void scenario_figure(scenario_run *r, const char *name, uint64_t value, const char *unit);
/* A claim: when it does not hold the scenario has failed, and the text says how. Returns ok. */
bool scenario_claim(scenario_run *r, bool ok, const char *format, ...) P2P_PRINTF(3, 4);

/* X(name, function, about) */
#define SIM_SCENARIOS(X)                                                                           \
  X("tcp-exact", scenario_tcp_exact, "an ideal path takes exactly latency + bytes / rate")         \
  X("tcp-splits", scenario_tcp_splits, "bytes survive short reads and writes, loss, reordering")   \
  X("tcp-newreno", scenario_tcp_newreno, "NewReno fills a link with a queue of one round trip")    \
  X("tcp-bloat", scenario_tcp_bloat, "the queue decides what others wait; NOTSENT_LOWAT what we")  \
  X("tcp-share", scenario_tcp_share, "ideal flows share a rate evenly")                            \
  X("tcp-cut", scenario_tcp_cut, "a cut path heals and loses nothing; a silent peer times out")    \
  X("udp-weather", scenario_udp_weather, "datagrams are lost, doubled and late as often as asked") \
  X("ping", scenario_ping, "hosts meet, identify, and ping in exactly a round trip")               \
  X("bdp", scenario_bdp,                                                                           \
    "windows follow the bandwidth-delay product, to at most four times of it")                     \
  X("ping-under-bulk", scenario_under_bulk, "a ping beside a bulk stream waits for little")        \
  X("fairness", scenario_fairness, "a hundred streams have equal shares")                          \
  X("rtt", scenario_rtt, "flights until the first byte leaves, and until it can be answered")      \
  X("chaos", scenario_chaos, "whatever happens, everybody is told the truth, once")

typedef struct scenario {
  const char *name;
  void (*run)(scenario_run *r);
  const char *about;
  const struct weather_row *weather; /* run by weather_run instead */
} scenario;

#define SCENARIO_DECLARE(name, function, about) void function(scenario_run *r);
SIM_SCENARIOS(SCENARIO_DECLARE)
#undef SCENARIO_DECLARE

/* The i-th of all that this build can run, the weather's rows last; false: there are no more. */
bool scenario_at(int i, scenario *out);
void scenario_play(const scenario *s, scenario_run *r);
/* The seed alone decides its trace. */
bool scenario_is_exact(const scenario *s);
/* How many of so many seeds it is worth: all but of the long ones. */
uint64_t scenario_share(const scenario *s, uint64_t seeds);

#endif
