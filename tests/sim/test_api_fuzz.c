/* Three hosts whose users do whatever comes to their mind, also inside of callbacks. What must hold:
 * no callback comes inside a call, OPEN is told before anything else and once, CLOSED last and once,
 * a host that is closed has told everybody, and then nothing is left of anything. */
#include "sim/rng.h"
#include "troupe.h"
#include "unit/base/test.h"

enum { LIVES = 20000, CONNS = 8, ROUNDS = 1500, RECENT = 40, BUF = 200000 };

/* One stream of one host with a handler. */
typedef struct life {
  player *p;
  p2p_stream s;
  unsigned opened, closed;
} life;

typedef void act(player *p);

static troupe t;
static sim_rng rng;
static life lives[LIVES];
static size_t n_lives;
static p2p_conn conns[3][CONNS];
static p2p_listener listeners[3];
static bool acting; /* inside a call into a host */
static uint8_t buf[BUF];

static const char *const ids[] = { "/a", "/b", "/c", "/evented", "/nope" };
enum { HANDLED = 3, SERVED = 4 }; /* the first of ids */

static unsigned below(unsigned n) { return (unsigned)sim_rng_below(&rng, n); }
static size_t number(const player *p) { return (size_t)(p->node.number - 1); }

static player *anybody(void) {
  player *all[] = { &t.a, &t.b, &t.c };
  return all[below(3)];
}

static const char *any_id(void) { return ids[below(P2P_COUNT(ids))]; }
static p2p_conn *any_conn(const player *p) { return &conns[number(p)][below(CONNS)]; }

/* ---- lives ---- */

static void act_on(player *p, unsigned most);

static life *life_new(player *p) {
  assert_true(n_lives < LIVES);
  life *l = &lives[n_lives++];
  *l = (life){ .p = p };
  return l;
}

/* One of the younger ones of p, dead or alive; NULL: not found. */
static life *any_life(const player *p) {
  for (int i = 0; i < 20 && n_lives; i++) {
    life *l = &lives[n_lives - 1 - below((unsigned)p2p__min(n_lives, RECENT))];
    if (l->p == p) return l;
  }
  return NULL;
}

static void read_some(const life *l) {
  p2p_host *h = l->p->host;
  p2p_bytes view;
  ptrdiff_t n = 0;
  switch (below(4)) {
  case 0: /* all of it */
    while ((n = p2p_read(h, l->s, buf, 1 + below(70000))) > 0) continue;
    break;
  case 1: /* in place */
    while (p2p_peek(h, l->s, &view) == 0 && view.len && below(9))
      (void)p2p_consume(h, l->s, 1 + below((unsigned)view.len));
    break;
  case 2: /* and back */
    while ((n = p2p_read(h, l->s, buf, 1 + below(70000))) > 0)
      (void)p2p_write(h, l->s, buf, (size_t)n);
    break;
  default: return;
  }
  if (n == P2P_EEOF) (void)p2p_finish(h, l->s);
}

/* ---- callbacks ---- */

static player *player_of(const p2p_host *h) {
  return h == t.a.host ? &t.a : h == t.b.host ? &t.b : &t.c;
}

/* user: the life; of an inbound stream NULL until it is open. */
static void on_open(p2p_host *h, p2p_stream s, void *user) {
  assert_false(acting);
  life *l = user ? user : life_new(player_of(h));
  assert_true(l->opened == 0 && l->closed == 0);
  l->s = s;
  l->opened++;
  (void)p2p_stream_set_user(h, s, l);
  act_on(l->p, 3);
}

static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  const life *l = user;
  (void)h;
  (void)s;
  assert_true(!acting && l && l->opened == 1 && l->closed == 0);
  read_some(l);
  act_on(l->p, 3);
  if (below(2)) read_some(l);
}

static void on_writable(p2p_host *h, p2p_stream s, void *user) {
  const life *l = user;
  assert_true(!acting && l && l->closed == 0);
  if (below(2)) (void)p2p_write(h, s, buf, below(BUF));
  act_on(l->p, 3);
}

static void on_close(p2p_host *h, p2p_stream s, int err, uint32_t code, void *user) {
  life *l = user;
  (void)err;
  (void)code;
  assert_true(!acting && l && l->closed == 0);
  l->closed++;
  act_on(l->p, 3);
  read_some(l);
  (void)p2p_reset(h, s, 1);
}

static p2p_handler handler_of(life *l) {
  return (p2p_handler){ .size = sizeof(p2p_handler),
                        .on_open = on_open,
                        .on_readable = on_readable,
                        .on_writable = on_writable,
                        .on_close = on_close,
                        .user = l };
}

/* ---- what users do ---- */

static void dial(player *p) {
  char addr[P2P_ADDR_TEXT_MAX];
  host_node_addr(anybody()->node.number, NULL, addr, sizeof addr);
  if (p2p_dial(p->host, addr, any_conn(p)) < 0) return;
}

static void dial_two(player *p) {
  char one[P2P_ADDR_TEXT_MAX], two[P2P_ADDR_TEXT_MAX];
  host_node_addr(anybody()->node.number, NULL, one, sizeof one);
  host_node_addr(anybody()->node.number, NULL, two, sizeof two);
  if (p2p_dial_addrs(p->host, (const char *[]){ one, two }, 2, any_conn(p)) < 0) return;
}

static void use_new(player *p, life *l, int err) {
  if (err < 0) {
    n_lives--;
    return;
  }
  if (below(2)) (void)p2p_write(p->host, l->s, buf, below(100000));
  if (below(4) == 0) (void)p2p_finish(p->host, l->s);
}

static void open_on(player *p) {
  const char *list[3] = { any_id(), any_id(), any_id() };
  life *l = life_new(p);
  p2p_handler handler = handler_of(l);
  use_new(p, l, p2p_stream_open_on(p->host, *any_conn(p), list, 1 + below(3), &handler, &l->s));
}

static void open_to(player *p) {
  const char *list[] = { any_id() };
  life *l = life_new(p);
  p2p_handler handler = handler_of(l);
  const p2p_peer_id *to = p2p_host_peer(anybody()->host);
  use_new(p, l, p2p_stream_open(p->host, to, list, 1, &handler, &l->s));
}

static void hang_up(player *p) {
  if (below(3) == 0) (void)p2p_conn_close(p->host, *any_conn(p), 3);
}

static void serve(player *p) {
  p2p_handler handler = handler_of(NULL);
  unsigned i = below(SERVED);
  if (p2p_protocol_add(p->host, ids[i], i < HANDLED ? &handler : NULL) < 0) return;
}

static void unserve(player *p) { (void)p2p_protocol_remove(p->host, ids[below(SERVED)]); }

static void ping(player *p) {
  if (p2p_ping(p->host, p2p_host_peer(anybody()->host)) < 0) return;
}

static void relisten(player *p) {
  if (below(8)) return;
  char addr[P2P_ADDR_TEXT_MAX];
  host_node_addr(p->node.number, NULL, addr, sizeof addr);
  (void)p2p_listener_close(p->host, listeners[number(p)]);
  if (p2p_listen(p->host, addr, &listeners[number(p)]) < 0) return;
}

static void reset(player *p) {
  const life *l = any_life(p);
  if (l) (void)p2p_reset(p->host, l->s, 7);
}

static void stop(player *p) {
  const life *l = any_life(p);
  if (l) (void)p2p_stop(p->host, l->s, 7);
}

static void finish(player *p) {
  const life *l = any_life(p);
  if (l) (void)p2p_finish(p->host, l->s);
}

static void write(player *p) {
  const life *l = any_life(p);
  if (l) (void)p2p_write(p->host, l->s, buf, below(below(2) ? BUF : 100));
}

static void write_in_place(player *p) {
  const life *l = any_life(p);
  void *room;
  size_t len;
  if (!l || p2p_reserve(p->host, l->s, below(BUF), &room, &len) < 0) return;
  memset(room, 7, len);
  if (below(3)) (void)p2p_commit(p->host, l->s, below((unsigned)len + 2));
}

static void read(player *p) {
  const life *l = any_life(p);
  if (l) read_some(l);
}

static void change_handler(player *p) {
  life *l = any_life(p);
  if (!l || below(4)) return;
  p2p_handler handler = handler_of(l);
  (void)p2p_stream_set_handler(p->host, l->s, &handler);
}

/* Near and in past, and taken back. */
static void set_deadline(player *p) {
  const life *l = any_life(p);
  p2p_time within = below(4) ? below(40) * P2P_MS : P2P_NEVER;
  if (l) (void)p2p_stream_set_deadline(p->host, l->s, (p2p_deadline)below(P2P_DEADLINES), within);
}

static void set_priority(player *p) {
  const life *l = any_life(p);
  if (l) (void)p2p_stream_set_priority(p->host, l->s, (p2p_priority)below(3));
}

static bool matches(void *user, const char *id) {
  (void)user;
  return id[1] != 'n' || below(2);
}

static void serve_family(player *p) {
  p2p_handler handler = handler_of(NULL);
  if (below(3)) {
    (void)p2p_protocol_remove(p->host, "/family");
    return;
  }
  if (p2p_protocol_add_match(p->host, "/family", matches, NULL, &handler) < 0) return;
}

/* Names that there are, that there are not, and addresses that nobody has. */
static void dial_odd(player *p) {
  static const char *const odd[] = { "/dns4/some.example/tcp/4001", "/dns/none.example/tcp/4001",
                                     "/ip4/10.0.0.77/tcp/4001", "/dnsaddr/x.example" };
  char good[P2P_ADDR_TEXT_MAX];
  host_node_addr(anybody()->node.number, NULL, good, sizeof good);
  const char *list[] = { odd[below(4)], odd[below(4)], good };
  if (p2p_dial_addrs(p->host, list, 1 + below(3), any_conn(p)) < 0) return;
}

static void dial_peer(player *p) {
  if (p2p_dial_peer(p->host, p2p_host_peer(anybody()->host), any_conn(p)) < 0) return;
}

static void ask_report(player *p) {
  p2p_report_entry e = { .size = sizeof e };
  char text[8192];
  for (size_t i = 0; p2p_conn_report(p->host, *any_conn(p), i, &e) == 0; i++) {
    assert_true(p2p_report_print(&e, text, sizeof text) > 0);
    assert_true(p2p_report_json(&e, text, sizeof text) > 0);
  }
}

/* A stream without handler gets one, or is used without. */
static void use_evented(player *p, p2p_stream s) {
  life nobody = { .p = p, .s = s };
  if (below(3)) {
    read_some(&nobody);
    if (below(3) == 0) (void)p2p_finish(p->host, s);
    return;
  }
  life *l = life_new(p);
  *l = (life){ .p = p, .s = s, .opened = 1 };
  p2p_handler handler = handler_of(l);
  if (p2p_stream_set_handler(p->host, s, &handler) < 0) n_lives--;
}

static void take_events(player *p) {
  const p2p_event *e;
  for (unsigned n = below(6); n-- && (e = p2p_next_event(p->host)) != NULL;) {
    if (e->kind == P2P_EV_CONN_OPEN) *any_conn(p) = e->conn;
    bool stream = e->kind == P2P_EV_STREAM_OPEN || e->kind == P2P_EV_STREAM_READABLE;
    if (stream) use_evented(p, e->stream);
  }
}

static act *const acts[] = {
  dial,         dial_two,    open_on,        open_on,        open_on,      open_to,
  hang_up,      serve,       serve,          unserve,        ping,         reset,
  stop,         finish,      write,          write,          read,         relisten,
  take_events,  take_events, change_handler, write_in_place, set_deadline, set_priority,
  serve_family, dial_odd,    dial_peer,      ask_report,
};

static void act_on(player *p, unsigned most) {
  for (unsigned n = below(most + 1); n--;) {
    acting = true;
    acts[below(P2P_COUNT(acts))](p);
    acting = false;
  }
  player_poke(p);
}

/* ---- a run ---- */

static void join(player *p, bool plain) {
  static const char *const plaintext[] = { "plaintext" }, *const nowhere[1] = { 0 };
  const p2p_setting limits[] = {
    { "events_max", 16 + below(50) },
    { "conn_send_queue", 65536 + below(2000000) },
    { "stream_send_queue", 4096 + below(500000) },
    { "conn_recv_queue", 1048576 + below(3000000) },
    { "close_timeout", below(2) ? 0 : P2P_SECOND },
  };
  p2p_host_opts opts = { .size = sizeof opts,
                         .listen = nowhere,
                         .security = plain ? plaintext : NULL,
                         .n_security = plain,
                         .limits = limits,
                         .n_limits = P2P_COUNT(limits) };
  troupe_join(&t, p, &opts);
  player_deafen(p);
  char addr[P2P_ADDR_TEXT_MAX];
  host_node_addr(p->node.number, NULL, addr, sizeof addr);
  assert_int_equal(p2p_listen(p->host, addr, &listeners[number(p)]), 0);
  for (int i = 0; i < 4; i++) serve(p);
}

static void introduce(player *p, const player *to) {
  char addr[P2P_ADDR_TEXT_MAX];
  host_node_addr(to->node.number, p2p_host_peer(to->host), addr, sizeof addr);
  assert_int_equal(p2p_peer_add_addr(p->host, addr), 0);
}

static void begin(uint64_t seed) {
  troupe_begin(&t, seed);
  sim_rng_init(&rng, seed);
  n_lives = 0;
  memset(conns, 0, sizeof conns);
  const p2p_endpoint some = host_node_ip(2);
  p2p_sim_name(t.sim, "some.example", &some);
  join(&t.a, seed % 3 != 0);
  join(&t.b, seed % 3 != 0);
  join(&t.c, seed % 3 != 0);
  introduce(&t.a, &t.b);
  introduce(&t.b, &t.c);
  introduce(&t.c, &t.a);
}

static void live(bool starved) {
  for (int i = 0; i < ROUNDS; i++) {
    player *p = anybody();
    if (starved && below(6) == 0) p->host->mem.fail_at = p->host->mem.calls + 1 + below(30);
    act_on(p, 2);
    troupe_wait(&t, below(2) ? 0 : below(3) * P2P_MS);
  }
}

static void close_host(player *p) {
  p->host->mem.fail_at = 0;
  assert_int_equal(p2p_host_close(p->host, 200 * P2P_MS), 0);
  player_poke(p);
}

static void check_closed(const player *p) {
  assert_int_equal(p2p_host_step(p->host, 0), P2P_ECLOSED);
  while (p2p_next_event(p->host)) continue;
  assert_true(player_knows_nothing(p));
}

static void close_all(void) {
  close_host(&t.a);
  close_host(&t.b);
  close_host(&t.c);
  troupe_wait(&t, 201 * P2P_MS);
  check_closed(&t.a);
  check_closed(&t.b);
  check_closed(&t.c);
  for (size_t i = 0; i < n_lives; i++) assert_int_equal(lives[i].closed, 1);
}

static size_t streams_opened(void) {
  size_t n = 0;
  for (size_t i = 0; i < n_lives; i++) n += lives[i].opened;
  return n;
}

static void run(uint64_t first, uint64_t last, bool starved) {
  for (uint64_t seed = first; seed <= last; seed++) {
    begin(seed);
    live(starved);
    assert_true(streams_opened() > 50); /* they did not idle */
    if (seed % 4) close_all();          /* else they are cut off */
    troupe_end(&t);
  }
}

static void users_may_call_anything_from_anywhere(void **state) {
  (void)state;
  run(1, 12, false);
}

static void users_may_do_so_while_memory_fails(void **state) {
  (void)state;
  run(13, 24, true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(users_may_call_anything_from_anywhere),
    cmocka_unit_test(users_may_do_so_while_memory_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
