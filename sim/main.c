/* p2p-sim: scenarios in virtual time, each decided by one seed. */
#include "sim/scenarios.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct options {
  const char *program;  /* as it was called */
  const char *scenario; /* NULL: all */
  uint64_t seed, seeds; /* seeds: how many, from `seed` on */
  bool list, hash, json, log;
  const char *fault; /* NULL: none */
  p2p_sim_fault_kind fault_kind;
  uint64_t fault_at;
} options;

static const char usage[] =
    "usage: p2p-sim --list\n"
    "       p2p-sim [--scenario NAME] [--seed N] [--seeds COUNT] [--hash | --json]\n"
    "               [--fault drop|double|flip@N] [--log]\n"
    "Without --scenario all of them run. --seeds runs COUNT seeds from --seed on (of long "
    "scenarios\n"
    "fewer) and prints only what fails, each with the line that repeats it. --list marks those "
    "that\n"
    "TLS makes different each time with *. --fault does to the N-th byte that TCP carries what no\n"
    "network does: scenarios must find it. --log tells what happens in a weather, and what its\n"
    "hosts log. Exit 1: a claim did not hold.\n";

/* ---- one run ---- */

static void print_hash(const scenario_run *r) { printf("%016" PRIx64 "\n", scenario_hash(r)); }

/* Texts hold no quote, backslash or control character: they are ours. */
static void print_json(const scenario *s, const scenario_run *r) {
  printf("{\"scenario\":\"%s\",\"seed\":%" PRIu64 ",\"ok\":%s,\"hash\":\"%016" PRIx64
         "\",\"events\":%" PRIu64 ",\"time_ns\":%" PRIu64 ",\"figures\":{",
         s->name, r->seed, r->n_failures ? "false" : "true", scenario_hash(r),
         r->events + p2p_sim_events(r->sim), p2p_sim_now(r->sim));
  for (int i = 0; i < r->n_figures; i++)
    printf("%s\"%s\":{\"value\":%" PRIu64 ",\"unit\":\"%s\"}", i ? "," : "", r->figures[i].name,
           r->figures[i].value, r->figures[i].unit);
  printf("},\"failures\":[");
  for (int i = 0; i < r->n_failures; i++) printf("%s\"%s\"", i ? "," : "", r->failures[i]);
  printf("]}\n");
}

static void print_text(const scenario *s, const scenario_run *r) {
  printf("%s  %s  seed %" PRIu64 "  hash %016" PRIx64 "  events %" PRIu64 "\n",
         r->n_failures ? "FAIL" : "ok  ", s->name, r->seed, scenario_hash(r),
         r->events + p2p_sim_events(r->sim));
  for (int i = 0; i < r->n_figures; i++)
    printf("      %s %" PRIu64 " %s\n", r->figures[i].name, r->figures[i].value,
           r->figures[i].unit);
  for (int i = 0; i < r->n_failures; i++) printf("      failed: %s\n", r->failures[i]);
}

/* One line: what failed, and the command that repeats it. */
static void print_failure(const options *o, const scenario *s, const scenario_run *r) {
  printf("FAIL  %s: %s --scenario %s --seed %" PRIu64 "%s%s\n", r->failures[0], o->program, s->name,
         r->seed, o->fault ? " --fault " : "", o->fault ? o->fault : "");
  fflush(stdout);
}

static void print_line(const char *line) { puts(line); }

static bool run_one(const options *o, const scenario *s, uint64_t seed) {
  scenario_run r = { .sim = p2p_sim_new(seed), .seed = seed, .say = o->log ? print_line : NULL };
  p2p_sim_fault(r.sim, o->fault_kind, o->fault_at);
  scenario_play(s, &r);
  if (o->hash)
    print_hash(&r);
  else if (o->json)
    print_json(s, &r);
  else if (!o->seeds)
    print_text(s, &r);
  else if (r.n_failures)
    print_failure(o, s, &r);
  p2p_sim_free(r.sim);
  return r.n_failures == 0;
}

static int run_all(const options *o) {
  int failed = 0, found = 0;
  uint64_t count = 0;
  scenario s;
  for (int i = 0; scenario_at(i, &s); i++) {
    if (o->scenario && strcmp(o->scenario, s.name) != 0) continue;
    found++;
    uint64_t n = o->seeds ? scenario_share(&s, o->seeds) : 1;
    for (uint64_t k = 0; k < n; k++) failed += !run_one(o, &s, o->seed + k);
    count += n;
  }
  if (!found) {
    fprintf(stderr, "p2p-sim: no scenario named %s; p2p-sim --list names them\n", o->scenario);
    return 2;
  }
  if (o->seeds && !o->hash && !o->json && !failed)
    printf("ok    %s%s%d scenario%s, %" PRIu64 " runs, seeds from %" PRIu64 "\n",
           o->scenario ? o->scenario : "", o->scenario ? ": " : "", found, found == 1 ? "" : "s",
           count, o->seed);
  return failed ? 1 : 0;
}

/* ---- command line ---- */

static bool read_u64(const char *text, uint64_t *out) {
  uint64_t v = 0;
  if (!*text) return false;
  for (; *text; text++) {
    if (*text < '0' || *text > '9' || v > (UINT64_MAX - 9) / 10) return false;
    v = v * 10 + (uint64_t)(*text - '0');
  }
  *out = v;
  return true;
}

static bool read_fault(const char *text, options *o) {
  static const char *const kinds[] = {
    [P2P_SIM_DROP] = "drop@", [P2P_SIM_DOUBLE] = "double@", [P2P_SIM_FLIP] = "flip@"
  };
  for (size_t i = P2P_SIM_DROP; i < P2P_COUNT(kinds); i++) {
    size_t len = strlen(kinds[i]);
    if (strncmp(text, kinds[i], len) != 0 || !read_u64(text + len, &o->fault_at)) continue;
    o->fault_kind = (p2p_sim_fault_kind)i;
    o->fault = text;
    return true;
  }
  return false;
}

static bool read_options(int argc, char **argv, options *o) {
  for (int i = 1; i < argc; i++) {
    const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
    if (strcmp(name, "--list") == 0) {
      o->list = true;
    } else if (strcmp(name, "--hash") == 0) {
      o->hash = true;
    } else if (strcmp(name, "--log") == 0) {
      o->log = true;
    } else if (strcmp(name, "--json") == 0) {
      o->json = true;
    } else if (strcmp(name, "--scenario") == 0 && *value) {
      o->scenario = argv[++i];
    } else if (strcmp(name, "--seed") == 0 && read_u64(value, &o->seed)) {
      i++;
    } else if (strcmp(name, "--fault") == 0 && read_fault(value, o)) {
      i++;
    } else if (strcmp(name, "--seeds") == 0 && read_u64(value, &o->seeds) && o->seeds) {
      i++;
    } else {
      fprintf(stderr, "p2p-sim: cannot make sense of %s %s\n%s", name, value, usage);
      return false;
    }
  }
  return true;
}

int main(int argc, char **argv) {
  options o = { .program = argv[0], .seed = 1 };
  if (argc == 2 && strcmp(argv[1], "--help") == 0) {
    fputs(usage, stdout);
    return 0;
  }
  if (!read_options(argc, argv, &o)) return 2;
  if (!o.list) return run_all(&o);
  scenario s;
  for (int i = 0; scenario_at(i, &s); i++)
    printf("%s%s\n", s.name, scenario_is_exact(&s) ? "" : " *");
  return 0;
}
