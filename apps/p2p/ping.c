/* p2p ping: round trips to a peer over one connection, told as ping(8) tells them. */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "commands.h"
#include "json.h"
#include "report.h"
#include "session.h"

#define NAME "p2p ping"

typedef struct pinger {
  network network;
  const char *addr;
  uint64_t count; /* 0: until told to stop */
  p2p_time interval, timeout;
  bool as_json;
  char peer[P2P_PEER_ID_TEXT_MAX];
  uint64_t sent, received;
  double min, max, sum, squares; /* milliseconds */
  bool answered;                 /* the one under way, well or not */
  int fatal;                     /* an answer that no further ping can change */
} pinger;

static void add_sample(pinger *p, double ms) {
  if (p->received == 0 || ms < p->min) p->min = ms;
  if (p->received == 0 || ms > p->max) p->max = ms;
  p->received++;
  p->sum += ms;
  p->squares += ms * ms;
}

static double mean(const pinger *p) { return p->received ? p->sum / (double)p->received : 0; }

/* Newton's square root of a number above zero: no reason to link a library of mathematics. */
static double root(double x) {
  double r = x > 1 ? x : 1;
  for (int i = 0; i < 64 && r * r > x * (1 + 1e-12); i++) r = (r + x / r) / 2;
  return r;
}

/* The deviation as ping(8) has it. */
static double deviation(const pinger *p) {
  if (p->received == 0) return 0;
  double m = mean(p), variance = p->squares / (double)p->received - m * m;
  return variance > 0 ? root(variance) : 0;
}

static void tell_answer(const pinger *p, double ms, int err) {
  json j;
  if (!p->as_json) {
    if (err < 0)
      printf("%s: seq=%llu %s\n", p->peer, (unsigned long long)p->sent, p2p_strerror(err));
    else
      printf("32 bytes from %s: seq=%llu time=%.3f ms\n", p->peer, (unsigned long long)p->sent, ms);
    fflush(stdout);
    return;
  }
  json_begin(&j);
  json_text(&j, "event", "ping");
  json_count(&j, "seq", p->sent);
  if (err < 0)
    json_text(&j, "error", p2p_strerror(err));
  else
    json_real(&j, "rtt_ms", ms);
  json_end(&j);
}

static void settle(pinger *p, p2p_time rtt, int err) {
  double ms = (double)rtt * 1e-6;
  if (err >= 0) add_sample(p, ms);
  if (err == P2P_ENOPROTO) p->fatal = err;
  tell_answer(p, ms, err);
  p->answered = true;
}

static void on_event(session *s, const p2p_event *e, void *user) {
  if (e->kind == P2P_EV_PING && p2p_peer_id_eq(&e->peer, &s->peer)) settle(user, e->rtt, e->err);
}

static void tell_summary(const pinger *p, p2p_time took) {
  double lost = p->sent ? 100.0 * (double)(p->sent - p->received) / (double)p->sent : 0;
  json j;
  if (p->as_json) {
    json_begin(&j);
    json_text(&j, "event", "summary");
    json_text(&j, "peer", p->peer);
    json_count(&j, "sent", p->sent);
    json_count(&j, "received", p->received);
    json_real(&j, "min_ms", p->min);
    json_real(&j, "avg_ms", mean(p));
    json_real(&j, "max_ms", p->max);
    json_real(&j, "mdev_ms", deviation(p));
    json_end(&j);
    return;
  }
  printf("\n--- %s ping statistics ---\n", p->peer);
  printf("%llu sent, %llu received, %.3g%% lost, time %.0f ms\n", (unsigned long long)p->sent,
         (unsigned long long)p->received, lost, (double)took * 1e-6);
  if (p->received)
    printf("rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n", p->min, mean(p), p->max,
           deviation(p));
  fflush(stdout);
}

/* One ping and its answer; an error ends the run. */
static int ping_once(session *s, pinger *p) {
  p->answered = false;
  p->sent++;
  int err = p2p_ping(s->host, &s->peer);
  if (err < 0)
    settle(p, 0, err);
  else
    err = session_wait(s, &p->answered, P2P_NEVER);
  return err < 0 ? err : p->fatal;
}

static bool is_last(const pinger *p) { return p->count && p->sent == p->count; }

static int ping_all(session *s, pinger *p) {
  const bool never = false;
  int err = 0;
  for (p2p_time next = clock_now(); err >= 0;) {
    err = ping_once(s, p);
    next += p->interval;
    if (err < 0 || is_last(p)) break;
    err = session_wait(s, &never, next);
    if (err == P2P_ETIMEOUT) err = 0; /* the interval has passed */
    if (next < clock_now()) next = clock_now();
  }
  return err;
}

static int run(session *s, pinger *p) {
  p2p_time begun = clock_now();
  (void)!p2p_peer_id_print(&s->peer, p->peer, sizeof p->peer);
  if (!p->as_json) printf("PING %s (%s): 32 bytes\n", p->peer, p->addr);
  int err = ping_all(s, p);
  if (err == P2P_ENOPROTO)
    report(NAME, "%s does not answer pings; \"p2p identify\" shows what it speaks", p->addr);
  else if (err < 0 && !s->signals.caught)
    report(NAME, "the connection was lost: %s", p2p_strerror(err));
  tell_summary(p, clock_now() - begun);
  return p->received ? EXIT_SUCCESS : EXIT_FAILURE;
}

static const args_option options[] = {
  { "count", 'c', "N", "stop after N pings", ARGS_COUNT, .at = offsetof(pinger, count), .min = 1 },
  { "interval", 'i', "SECONDS", "from one ping to the next; 0: at once after the answer",
    ARGS_DURATION, .at = offsetof(pinger, interval), .standard = "1", .max = 86400 * P2P_SECOND },
  NETWORK_OPTIONS(pinger, network),
  { "timeout", 'W', "SECONDS", "for the connection, and for each answer", ARGS_DURATION,
    .at = offsetof(pinger, timeout), .standard = "10", .min = 100 * P2P_MS,
    .max = 300 * P2P_SECOND },
  { "json", 0, NULL, "one line of JSON for each answer, and one at the end", ARGS_FLAG,
    .at = offsetof(pinger, as_json) },
};

static int ping_main(int argc, char **argv) {
  pinger p = { 0 };
  char **operands;
  int code = args_parse(&ping_command, argc, argv, &p, &operands);
  if (code != ARGS_GO) return code;
  p.addr = operands[0];
  const p2p_setting limits[] = { { "ping_timeout", p.timeout } };
  code = network_open(NAME, &p.network);
  if (code != 0) return code;
  const session_opts o = { .command = NAME,
                           .addr = p.addr,
                           .timeout = p.timeout,
                           .network = &p.network,
                           .limits = limits,
                           .n_limits = 1,
                           .on_event = on_event,
                           .user = &p };
  session s;
  code = session_open(&s, &o);
  if (code != 0) return code;
  code = run(&s, &p);
  session_close(&s);
  network_fini(&p.network);
  return code;
}

const args_command ping_command = {
  .name = NAME,
  .operands = "ADDR",
  .n_operands = 1,
  .n_required = 1,
  .brief = "measure round trips to a peer",
  .summary = "Measures round trips to the peer at a multiaddr.",
  .more = "Success is at least one answer.",
  .examples = "p2p ping -c 5 /ip4/192.0.2.1/tcp/4001\n",
  .options = options,
  .n_options = sizeof options / sizeof *options,
  .run = ping_main,
};
