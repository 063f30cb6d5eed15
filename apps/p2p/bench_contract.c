/* p2p bench transport-test: the contract of libp2p's own transport tests (test-plans and its successor
 * unified-testing). The environment says who listens and who dials, redis carries the address, the
 * dialer prints how long it took. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "number.h"
#include "redis.h"
#include "report.h"

#define NAME "p2p bench transport-test"
enum { ADDRS = 64, KEY_MAX = 256, PINGS = 2 };

typedef struct contract {
  bool unified, dials; /* unified: upper case, and YAML */
  const char *transport, *security, *muxer, *ip, *redis;
  char key[KEY_MAX];
  uint64_t seconds;
  p2p_time trips[PINGS];
  size_t n_trips;
  bool answered;
  int err;
} contract;

static const char *said(const contract *c, const char *upper, const char *lower,
                        const char *standard) {
  const char *value = getenv(c->unified ? upper : lower);
  return value && *value ? value : standard;
}

static bool read_contract(contract *c) {
  *c = (contract){ .unified = getenv("IS_DIALER") != NULL };
  c->dials = strcmp(said(c, "IS_DIALER", "is_dialer", "false"), "true") == 0;
  c->transport = said(c, "TRANSPORT", "transport", "tcp");
  c->security = said(c, "SECURE_CHANNEL", "security", NULL); /* QUIC has none of its own */
  c->muxer = said(c, "MUXER", "muxer", NULL);
  c->ip = said(c, "LISTENER_IP", "ip", "0.0.0.0");
  c->redis = said(c, "REDIS_ADDR", "redis_addr", "redis:6379");
  const char *seconds = said(c, "TEST_TIMEOUT_SECS", "test_timeout_seconds", "180");
  const char *test = getenv("TEST_KEY");
  if (c->unified)
    snprintf(c->key, sizeof c->key, "%s_listener_multiaddr", test ? test : "");
  else
    snprintf(c->key, sizeof c->key, "listenerAddr");
  if (number_count(seconds, &c->seconds) && c->seconds > 0 && c->seconds < 86400) return true;
  report(NAME, "%s: no number of seconds", seconds);
  return false;
}

/* ---- listening ---- */

/* Others are told an address that they can reach. */
static bool find_address(p2p_host *h, char *out, size_t cap) {
  for (size_t i = 0; i < ADDRS && p2p_host_addr(h, i, out, cap) > 0; i++)
    if (strncmp(out, "/ip4/127.", 9) != 0) return true;
  report(NAME, "no address beyond loopback");
  return false;
}

static bool publish(const contract *c, p2p_host *h) {
  char addr[P2P_ADDR_TEXT_MAX], answer[P2P_ADDR_TEXT_MAX];
  if (!find_address(h, addr, sizeof addr)) return false;
  const char *const words[] = { "RPUSH", c->key, addr };
  if (redis_ask(c->redis, (unsigned)c->seconds, words, 3, answer, sizeof answer)) return true;
  report(NAME, "redis at %s: %s", c->redis, answer);
  return false;
}

/* Until somebody ends it: that nobody did in time is a failure. */
static int serve(const contract *c, p2p_host *h) {
  p2p_time end = clock_now() + c->seconds * P2P_SECOND;
  for (p2p_time now; (now = clock_now()) < end;) {
    if (p2p_host_step(h, end - now) < 0) return EXIT_FAILURE;
    while (p2p_next_event(h)) continue;
  }
  report(NAME, "nobody ended the listener in time");
  return EXIT_FAILURE;
}

static int listen_main(const contract *c) {
  char text[P2P_ADDR_TEXT_MAX];
  const char *addr = text;
  bool quic = strcmp(c->transport, "quic-v1") == 0;
  snprintf(text, sizeof text, quic ? "/ip4/%s/udp/0/quic-v1" : "/ip4/%s/tcp/0", c->ip);
  const p2p_host_opts opts = { .size = sizeof opts,
                               .listen = &addr,
                               .n_listen = 1,
                               .security = c->security ? &c->security : NULL,
                               .n_security = c->security != NULL,
                               .muxers = c->muxer ? &c->muxer : NULL,
                               .n_muxers = c->muxer != NULL };
  p2p_host *h;
  int err = p2p_host_new(&h, &opts), code = EXIT_FAILURE;
  if (err < 0)
    report(NAME, "cannot listen on %s: %s", addr, p2p_strerror(err));
  else if (publish(c, h))
    code = serve(c, h);
  p2p_host_free(h);
  return code;
}

/* ---- dialing ---- */

static void on_event(session *s, const p2p_event *e, void *user) {
  contract *c = user;
  if (e->kind != P2P_EV_PING || !p2p_peer_id_eq(&e->peer, &s->peer)) return;
  if (e->err < 0)
    c->err = e->err;
  else if (c->n_trips < PINGS)
    c->trips[c->n_trips++] = e->rtt;
  c->answered = true;
}

static int ping_once(session *s, contract *c) {
  c->answered = false;
  int err = p2p_ping(s->host, &s->peer);
  if (err >= 0) err = session_wait(s, &c->answered, P2P_NEVER);
  return err < 0 ? err : c->err;
}

static void tell(const contract *c, double handshake, double rtt) {
  if (c->unified) {
    printf("latency:\n  handshake_plus_one_rtt: %.3f\n  ping_rtt: %.3f\n  unit: ms\n", handshake,
           rtt);
    fflush(stdout);
    return;
  }
  json j;
  json_begin(&j);
  json_real(&j, "handshakePlusOneRTTMillis", handshake);
  json_real(&j, "pingRTTMilllis", rtt); /* so it is spelled */
  json_end(&j);
}

/* The first ping belongs to the handshake's time, the second is a round trip. */
static int measure(contract *c, const char *addr) {
  session s;
  const session_opts opts = { .command = NAME,
                              .addr = addr,
                              .security = c->security,
                              .muxer = c->muxer,
                              .on_event = on_event,
                              .user = c };
  p2p_time begun = clock_now();
  int code = session_open(&s, &opts);
  if (code != 0) return code;
  int err = ping_once(&s, c);
  double handshake = (double)(clock_now() - begun) * 1e-6;
  if (err >= 0) err = ping_once(&s, c);
  session_close(&s);
  if (err >= 0) tell(c, handshake, (double)c->trips[1] * 1e-6);
  if (err < 0) report(NAME, "%s: %s", addr, p2p_strerror(err));
  return err < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int dial_main(contract *c) {
  char addr[P2P_ADDR_TEXT_MAX], seconds[24];
  snprintf(seconds, sizeof seconds, "%llu", (unsigned long long)c->seconds);
  const char *const words[] = { "BLPOP", c->key, seconds };
  bool ok = redis_ask(c->redis, (unsigned)c->seconds + 5, words, 3, addr, sizeof addr);
  if (ok && *addr) return measure(c, addr);
  report(NAME, "redis at %s: %s", c->redis, ok ? "no listener told its address" : addr);
  return EXIT_FAILURE;
}

typedef struct no_args {
  char none;
} no_args;

static int contract_main(int argc, char **argv) {
  contract c;
  no_args a = { 0 };
  char **operands;
  int verdict = args_parse(&bench_contract_command, argc, argv, &a, &operands);
  if (verdict != ARGS_GO) return verdict;
  if (!read_contract(&c)) return EXIT_USAGE;
  return c.dials ? dial_main(&c) : listen_main(&c);
}

const args_command bench_contract_command = {
  .name = NAME,
  .operands = "",
  .brief = "take part in libp2p's transport tests",
  .summary = "Takes part in libp2p's transport tests, as the environment says.",
  .more =
      "Both dialects are understood: is_dialer, transport, security, muxer, ip, redis_addr and "
      "test_timeout_seconds (test-plans), or IS_DIALER, TRANSPORT, SECURE_CHANNEL, MUXER, "
      "LISTENER_IP, REDIS_ADDR, TEST_KEY and TEST_TIMEOUT_SECS (unified-testing). A listener tells "
      "redis its address; a dialer reads it there and prints how long the handshake with one "
      "round trip took, and a second round trip.",
  .examples =
      "TEST_KEY=0123abcd IS_DIALER=true REDIS_ADDR=127.0.0.1:6379 p2p bench transport-test\n",
  .run = contract_main,
};
