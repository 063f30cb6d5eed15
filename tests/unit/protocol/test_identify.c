/* Identify, driven by facts alone, with a real key and a real peerstore. */
#include "unit/base/test.h"

#include "multiformats/protobuf.h"
#include "peer/peer_record.h"
#include "protocol/identify/identify.h"
#include "protocol/identify/message.h"
#include "unit/protocol/stage.h"
#include <stdio.h>

enum { CONN = 11, STREAM = 12, LINE_ID = 0, LINE_PUSH = 1 };

/* RFC 8032, section 7.1, tests 1 and 2: seed and public key. */
static const uint8_t
    keys[2][64] = {
      { 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92,
        0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b,
        0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60, 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a,
        0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3,
        0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a },
      { 0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec,
        0x11, 0x4e, 0x0f, 0x5b, 0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c,
        0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb, 0x3d, 0x40, 0x17, 0xc3, 0xe8, 0x43, 0x89,
        0x5a, 0x92, 0xb7, 0x0a, 0xa7, 0x4d, 0x1b, 0x7e, 0xbc, 0x9c, 0x98, 0x2c, 0xcf,
        0x2e, 0xc4, 0x96, 0x8c, 0xc0, 0xcd, 0x55, 0xf1, 0x2a, 0xf4, 0x66, 0x0c },
    };

static stage st;
static p2p__peers peers;
static p2p_identity us, them;
static p2p__peer *peer; /* them, referenced */
static int64_t clock_ns;

/* What the host says of us. */
static const char *own_addrs[80];
static const char *own_protocols[200];

static int own_addr(void *ctx, size_t i, p2p__wr *w) {
  (void)ctx;
  uint8_t buf[P2P_ADDR_MAX];
  if (i >= P2P_COUNT(own_addrs) || !own_addrs[i]) return 0;
  ptrdiff_t len = p2p_addr_parse(own_addrs[i], buf, sizeof buf, NULL);
  assert_true(len > 0);
  p2p__wr_bytes_in(w, p2p__bytes(buf, (size_t)len));
  return 1;
}

static const char *own_protocol(void *ctx, size_t i) {
  (void)ctx;
  return i < P2P_COUNT(own_protocols) ? own_protocols[i] : NULL;
}

static int64_t own_clock(void *ctx) {
  (void)ctx;
  return clock_ns;
}

static void identity_of(p2p_identity *id, const uint8_t key[64]) {
  uint8_t protobuf[68] = { 0x08, 0x01, 0x12, 0x40 };
  memcpy(protobuf + 4, key, 64);
  assert_int_equal(p2p_identity_import(id, p2p__bytes(protobuf, sizeof protobuf)), 0);
}

static int make(void) {
  p2p__identify_config config = { .peers = &peers,
                                  .identity = &us,
                                  .agent = "libp2p-c/test",
                                  .addr = own_addr,
                                  .protocol = own_protocol,
                                  .unix_ns = own_clock };
  return p2p__identify_new(&st.env, &config, &st.b);
}

static int start(void **state) {
  (void)state;
  memset(own_addrs, 0, sizeof own_addrs);
  memset(own_protocols, 0, sizeof own_protocols);
  own_addrs[0] = "/ip4/192.168.1.2/tcp/4001";
  own_addrs[1] = "/ip6/::1/tcp/4001";
  own_protocols[0] = "/ipfs/id/1.0.0";
  own_protocols[1] = "/echo/1.0.0";
  clock_ns = 1000;
  identity_of(&us, keys[0]);
  identity_of(&them, keys[1]);
  stage_init(&st);
  assert_int_equal(p2p__peers_init(&peers, &st.env), 0);
  peer = p2p__peer_ref(&peers, &them.peer);
  assert_non_null(peer);
  assert_int_equal(make(), 0);
  return 0;
}

static int end(void **state) {
  (void)state;
  p2p__peers_fini(&peers);
  stage_fini(&st);
  p2p_identity_fini(&us);
  p2p_identity_fini(&them);
  return 0;
}

static p2p_bytes addr_of(const char *text, uint8_t buf[P2P_ADDR_MAX]) {
  ptrdiff_t len = p2p_addr_parse(text, buf, P2P_ADDR_MAX, NULL);
  assert_true(len > 0);
  return p2p__bytes(buf, (size_t)len);
}

/* ---- what we say ---- */

static void ask_us(const char *seen_at) {
  static uint8_t buf[P2P_ADDR_MAX];
  p2p__fact f = { .kind = P2P__FACT_OPENED,
                  .inbound = true,
                  .peer = peer->index,
                  .protocol = LINE_ID,
                  .stream = STREAM,
                  .addr = addr_of(seen_at, buf) };
  stage_give(&st, f);
}

typedef struct told {
  p2p_bytes addrs[300], protocols[300];
  p2p__identify_info info;
} told;

static void read_told(told *t, p2p_bytes msg) {
  t->info = (p2p__identify_info){ .addrs = t->addrs,
                                  .addrs_max = P2P_COUNT(t->addrs),
                                  .protocols = t->protocols,
                                  .protocols_max = P2P_COUNT(t->protocols) };
  assert_int_equal(p2p__identify_parse(msg, &t->info), 0);
}

static bool is_addr(p2p_bytes got, const char *text) {
  uint8_t buf[P2P_ADDR_MAX];
  return p2p__bytes_eq(got, addr_of(text, buf));
}

static void identify_tells_who_we_are_and_where_the_peer_is_seen(void **state) {
  (void)state;
  ask_us("/ip4/9.8.7.6/tcp/555");
  assert_int_equal(st.n, 2);
  assert_int_equal(stage_act(&st, 1, P2P__ACT_FINISH)->stream, STREAM);
  static told t;
  read_told(&t, stage_act(&st, 0, P2P__ACT_SEND)->bytes);
  assert_true(p2p__bytes_eq(t.info.pubkey, p2p__bytes(us.pubkey, us.pubkey_len)));
  assert_true(p2p__bytes_eq(t.info.version, p2p__cstr("ipfs/0.1.0")));
  assert_true(p2p__bytes_eq(t.info.agent, p2p__cstr("libp2p-c/test")));
  assert_true(is_addr(t.info.observed, "/ip4/9.8.7.6/tcp/555"));
  assert_int_equal(t.info.n_addrs, 2);
  assert_true(is_addr(t.addrs[0], own_addrs[0]) && is_addr(t.addrs[1], own_addrs[1]));
  assert_int_equal(t.info.n_protocols, 2);
  assert_true(p2p__bytes_eq(t.protocols[1], p2p__cstr("/echo/1.0.0")));
}

static void open_record(p2p__peer_record *rec, p2p_bytes envelope) {
  static uint8_t scratch[8192];
  assert_int_equal(p2p__peer_record_open(envelope, p2p__span_of(scratch, sizeof scratch), rec), 0);
}

static void identify_signs_its_addresses_anew_only_when_they_change(void **state) {
  (void)state;
  static told t;
  p2p__peer_record rec;
  ask_us("/ip4/9.8.7.6/tcp/1");
  read_told(&t, st.acts[0].bytes);
  open_record(&rec, t.info.record);
  assert_true(p2p_peer_id_eq(&rec.peer, &us.peer));
  assert_int_equal(rec.seq, 1000);
  clock_ns = 5000;
  ask_us("/ip4/9.8.7.6/tcp/1");
  read_told(&t, st.acts[0].bytes);
  open_record(&rec, t.info.record);
  assert_int_equal(rec.seq, 1000);
  own_addrs[2] = "/ip4/5.6.7.8/tcp/1";
  clock_ns = 10; /* the wall clock went back: the sequence does not */
  stage_give(&st, (p2p__fact){ .kind = P2P__FACT_ADDRS });
  ask_us("/ip4/9.8.7.6/tcp/1");
  read_told(&t, st.acts[0].bytes);
  open_record(&rec, t.info.record);
  assert_int_equal(rec.seq, 1001);
  assert_int_equal(t.info.n_addrs, 3);
}

static void identify_tells_paths_only_to_who_came_by_one(void **state) {
  (void)state;
  static told t;
  p2p__peer_record rec;
  own_addrs[0] = "/unix/run/node";
  own_addrs[1] = "/ip4/5.6.7.8/tcp/1";
  ask_us("/ip4/127.0.0.1/tcp/1");
  read_told(&t, st.acts[0].bytes);
  assert_int_equal(t.info.n_addrs, 1);
  assert_true(is_addr(t.addrs[0], own_addrs[1]));
  assert_true(is_addr(t.info.observed, "/ip4/127.0.0.1/tcp/1"));
  ask_us("/unix/run/node");
  read_told(&t, st.acts[0].bytes);
  assert_int_equal(t.info.n_addrs, 2);
  assert_true(is_addr(t.addrs[0], own_addrs[1]) && is_addr(t.addrs[1], own_addrs[0]));
  assert_int_equal(t.info.observed.len, 0); /* the path is ours, not the peer's */
  open_record(&rec, t.info.record);
  p2p__rd r = p2p__rd_of(rec.record);
  p2p_bytes addr;
  assert_int_equal(p2p__peer_record_addr(&r, &addr), 1);
  assert_true(is_addr(addr, own_addrs[1]));
  assert_int_equal(p2p__peer_record_addr(&r, &addr), 0); /* everybody may see what is signed */
}

/* rust reads one message of at most 4 KiB; what is too long goes behind it. */
static void identify_splits_what_is_longer_than_4_kib(void **state) {
  (void)state;
  static char text[60][100];
  for (size_t i = 0; i < 60; i++) {
    (void)snprintf(text[i], sizeof text[i], "/dns4/a-long-name-%02zu.example.org/tcp/4001", i);
    own_addrs[i] = text[i];
  }
  ask_us("/ip4/9.8.7.6/tcp/1");
  assert_int_equal(st.n, 3);
  static told first, both;
  p2p_bytes a = stage_act(&st, 0, P2P__ACT_SEND)->bytes;
  p2p_bytes b = stage_act(&st, 1, P2P__ACT_SEND)->bytes;
  assert_true(a.len <= 4096 && b.len <= 4096);
  assert_ptr_equal(a.p + a.len, b.p); /* the stage keeps them side by side */
  read_told(&first, a);
  assert_true(first.info.pubkey.len > 0 && first.info.n_protocols == 2);
  read_told(&both, p2p__bytes(a.p, a.len + b.len));
  assert_true(both.info.record.len > 0 && first.info.n_addrs == both.info.n_addrs);
  p2p__peer_record rec;
  open_record(&rec, both.info.record);
}

static void identify_cuts_what_is_longer_than_two_messages(void **state) {
  (void)state;
  static char text[200][100];
  for (size_t i = 0; i < 200; i++) {
    (void)snprintf(text[i], sizeof text[i], "/%060zu", i);
    own_protocols[i] = text[i];
  }
  ask_us("/ip4/9.8.7.6/tcp/1");
  assert_int_equal(stage_count(&st, P2P__ACT_SEND), 2);
  assert_true(st.acts[0].bytes.len <= 4096 && st.acts[1].bytes.len <= 4096);
  static told t;
  read_told(&t, p2p__bytes(st.acts[0].bytes.p, st.acts[0].bytes.len + st.acts[1].bytes.len));
  assert_in_range(t.info.n_protocols, 100, 130);
}

static void identify_resets_an_asker_that_talks(void **state) {
  (void)state;
  p2p__fact f = { .kind = P2P__FACT_MESSAGE, .inbound = true, .stream = STREAM };
  f.bytes = p2p__cstr("hello");
  stage_give(&st, f);
  assert_int_equal(stage_only(&st, P2P__ACT_RESET)->stream, STREAM);
}

/* ---- what we ask, and what we believe ---- */

typedef struct answer {
  uint8_t buf[65536];
  p2p__wr w;
  const char *seen_at; /* the connection's remote address */
  bool dialed;
} answer;

static answer an;

static void answer_begin(const char *seen_at) {
  an.w = p2p__wr_of(an.buf, sizeof an.buf);
  an.seen_at = seen_at;
  an.dialed = false;
}

static void put(uint32_t field, p2p_bytes value) { p2p__pb_bytes(&an.w, field, value); }
static void put_text(uint32_t field, const char *text) { put(field, p2p__cstr(text)); }
static void put_addr(const char *text) {
  uint8_t buf[P2P_ADDR_MAX];
  put(P2P__IDENTIFY_ADDR, addr_of(text, buf));
}

static void put_record(const p2p_identity *id, uint64_t seq, const char *text) {
  static uint8_t scratch[4096], out[4096];
  uint8_t buf[P2P_ADDR_MAX];
  p2p_bytes addr = addr_of(text, buf);
  p2p__wr w = p2p__wr_of(out, sizeof out);
  p2p__span room = p2p__span_of(scratch, sizeof scratch);
  assert_int_equal(p2p__peer_record_seal(id, seq, &addr, 1, room, &w), 0);
  put(P2P__IDENTIFY_RECORD, p2p__wr_bytes(&w));
}

static void give_answer(p2p__fact_kind kind, unsigned protocol) {
  static uint8_t buf[P2P_ADDR_MAX];
  assert_int_equal(an.w.err, 0);
  p2p__fact f = { .kind = kind,
                  .peer = peer->index,
                  .conn = CONN,
                  .tag = 1,
                  .protocol = protocol,
                  .inbound = kind == P2P__FACT_MESSAGE,
                  .dialed = an.dialed,
                  .bytes = p2p__wr_bytes(&an.w),
                  .addr = addr_of(an.seen_at, buf) };
  stage_give(&st, f);
}

static void expect_told(int err) {
  const p2p__act *a = stage_only(&st, P2P__ACT_EMIT);
  assert_int_equal(a->event.kind, P2P_EV_IDENTIFIED);
  assert_int_equal(a->event.err, err);
  assert_int_equal(a->peer, peer->index);
}

static void answered(int err) {
  give_answer(P2P__FACT_ANSWER, LINE_ID);
  expect_told(err);
}

static void pushed(int err) {
  give_answer(P2P__FACT_MESSAGE, LINE_PUSH);
  expect_told(err);
}

static bool has_addr(const char *text) {
  size_t pos = 0;
  p2p_bytes addr;
  while (p2p__peer_addr(peer, &pos, &addr) == 1) {
    if (is_addr(addr, text)) return true;
  }
  return false;
}

static void identify_asks_every_connection(void **state) {
  (void)state;
  p2p__fact f = { .kind = P2P__FACT_CONN_UP, .peer = peer->index, .conn = CONN };
  stage_give(&st, f);
  const p2p__act *a = stage_only(&st, P2P__ACT_ASK);
  assert_int_equal(a->conn, CONN);
  assert_int_equal(a->peer, peer->index);
  assert_int_equal(a->protocol, LINE_ID);
  assert_true(a->merge && a->bytes.len == 0);
  assert_int_equal(a->n, st.limits.identify_messages);      /* IP-05 */
  assert_int_equal(a->timeout, st.limits.identify_timeout); /* IP-06 */
  assert_int_equal(st.b->protocols[LINE_ID].limit, st.limits.identify_message);
  assert_int_equal(st.b->protocols[LINE_PUSH].messages, st.limits.identify_messages);
  assert_true(st.b->protocols[LINE_ID].timeout > 0 && st.b->protocols[LINE_PUSH].timeout > 0);
}

static void identify_keeps_what_the_peer_says(void **state) {
  (void)state;
  answer_begin("/ip4/127.0.0.1/tcp/5");
  put(P2P__IDENTIFY_PUBKEY, p2p__bytes(them.pubkey, them.pubkey_len));
  put_text(P2P__IDENTIFY_VERSION, "ipfs/0.1.0");
  put_text(P2P__IDENTIFY_AGENT, "kubo/0.42.0");
  put_text(P2P__IDENTIFY_PROTOCOL, "/a");
  put_text(P2P__IDENTIFY_PROTOCOL, "/b");
  put_addr("/ip4/127.0.0.1/tcp/4001");
  uint8_t buf[P2P_ADDR_MAX];
  put(P2P__IDENTIFY_OBSERVED, addr_of("/ip4/127.0.0.1/tcp/99", buf));
  p2p__pb_uint(&an.w, 77, 5); /* of a later revision */
  answered(0);
  assert_true(peer->identified && !peer->certified);
  assert_string_equal(peer->agent->text, "kubo/0.42.0");
  assert_string_equal(peer->version->text, "ipfs/0.1.0");
  assert_true(p2p__peer_speaks(peer, "/a") && p2p__peer_speaks(peer, "/b"));
  assert_true(has_addr("/ip4/127.0.0.1/tcp/4001"));
  assert_true(is_addr(p2p__bytes(peer->observed, peer->observed_len), "/ip4/127.0.0.1/tcp/99"));
}

static void identify_says_of_itself_what_another_understands(void **state) {
  (void)state;
  ask_us("/ip4/127.0.0.1/tcp/555");
  answer_begin("/ip4/127.0.0.1/tcp/4001");
  p2p__wr_bytes_in(&an.w, st.acts[0].bytes);
  peer = p2p__peer_ref(&peers, &us.peer);
  answered(0);
  assert_true(peer->certified && has_addr(own_addrs[0]) && has_addr(own_addrs[1]));
  assert_int_equal(peer->record_seq, 1000);
  assert_true(p2p__peer_speaks(peer, "/echo/1.0.0"));
}

static void identify_refuses_a_message_with_another_peers_key(void **state) {
  (void)state;
  answer_begin("/ip4/127.0.0.1/tcp/5");
  put_addr("/ip4/127.0.0.1/tcp/4001");
  put_text(P2P__IDENTIFY_AGENT, "liar");
  put(P2P__IDENTIFY_PUBKEY, p2p__bytes(us.pubkey, us.pubkey_len));
  answered(P2P_EPEER);
  assert_true(!peer->identified && !peer->agent && peer->n_addrs == 0);
}

/* IP-01, ID-02, CVE-2023-40583: records of others are not stored, nor is a peer made for them. */
static void identify_ignores_another_peers_record(void **state) {
  (void)state;
  size_t before = peers.by_id.n;
  answer_begin("/ip4/127.0.0.1/tcp/5");
  put_addr("/ip4/127.0.0.1/tcp/4001");
  put_record(&us, 9, "/ip4/127.0.0.1/tcp/6666");
  answered(0);
  assert_true(!peer->certified && !has_addr("/ip4/127.0.0.1/tcp/6666"));
  assert_true(has_addr("/ip4/127.0.0.1/tcp/4001")); /* the rest is its own word */
  assert_int_equal(peers.by_id.n, before);
}

static void identify_ignores_a_record_whose_signature_is_wrong(void **state) {
  (void)state;
  answer_begin("/ip4/127.0.0.1/tcp/5");
  put_record(&them, 9, "/ip4/127.0.0.1/tcp/6666");
  an.buf[an.w.len - 1] ^= 1; /* the signature is last */
  answered(0);
  assert_true(!peer->certified && peer->n_addrs == 0);
}

/* IP-08 */
static void identify_replaces_by_newer_records_and_ignores_older(void **state) {
  (void)state;
  static const struct {
    uint64_t seq;
    const char *addr, *known;
  } steps[] = {
    { 5, "/ip4/127.0.0.1/tcp/5", "/ip4/127.0.0.1/tcp/5" },
    { 9, "/ip4/127.0.0.1/tcp/9", "/ip4/127.0.0.1/tcp/9" },
    { 8, "/ip4/127.0.0.1/tcp/8", "/ip4/127.0.0.1/tcp/9" },
    { 9, "/ip4/127.0.0.1/tcp/7", "/ip4/127.0.0.1/tcp/9" },
  };
  for (size_t i = 0; i < P2P_COUNT(steps); i++) {
    answer_begin("/ip4/127.0.0.1/tcp/5");
    put_addr("/ip4/127.0.0.1/tcp/4001"); /* unsigned: behind any signed one */
    put_record(&them, steps[i].seq, steps[i].addr);
    pushed(0);
    assert_int_equal(peer->n_addrs, 1);
    assert_true(peer->certified && has_addr(steps[i].known));
  }
}

/* IP-07, and addresses of other peers. */
static void identify_skips_addresses_that_are_junk(void **state) {
  (void)state;
  char other[P2P_PEER_ID_TEXT_MAX], own[P2P_PEER_ID_TEXT_MAX], text[200];
  assert_true(p2p_peer_id_print(&us.peer, other, sizeof other) > 0);
  assert_true(p2p_peer_id_print(&them.peer, own, sizeof own) > 0);
  answer_begin("/ip4/127.0.0.1/tcp/5");
  put(P2P__IDENTIFY_ADDR, p2p__bytes(NULL, 0));
  put(P2P__IDENTIFY_ADDR, p2p__cstr("\xff\xff"));
  put(P2P__IDENTIFY_ADDR, p2p__bytes("\4\1\2", 3));
  put_addr("/ip4/0.0.0.0/tcp/1");
  put_addr("/ip4/224.0.0.1/tcp/1");
  (void)snprintf(text, sizeof text, "/ip4/127.0.0.1/tcp/1/p2p/%s", other);
  put_addr(text);
  (void)snprintf(text, sizeof text, "/ip4/127.0.0.1/tcp/2/p2p/%s", own);
  put_addr(text);
  answered(0);
  assert_int_equal(peer->n_addrs, 1);
  assert_true(has_addr("/ip4/127.0.0.1/tcp/2"));
}

/* A peer in the world does not make us knock at our own network. */
static void identify_believes_no_address_nearer_than_the_peer(void **state) {
  (void)state;
  static const struct {
    const char *seen_at;
    size_t kept;
  } cases[] = { { "/ip4/93.184.216.34/tcp/1", 2 },
                { "/ip4/192.168.1.9/tcp/1", 4 },
                { "/ip4/127.0.0.1/tcp/1", 7 },
                { "/ip6/::ffff:127.0.0.1/tcp/1", 7 } }; /* IP-09 */
  for (size_t i = 0; i < P2P_COUNT(cases); i++) {
    answer_begin(cases[i].seen_at);
    put_addr("/ip4/8.8.8.8/tcp/4001");
    put_addr("/dns4/example.org/tcp/4001");
    put_addr("/ip4/10.0.0.1/tcp/22");
    put_addr("/ip6/fd00::1/tcp/22");
    put_addr("/ip4/127.0.0.1/tcp/22");
    put_addr("/ip6/::ffff:127.0.0.1/tcp/22");
    put_addr("/ip6/::1/tcp/22");
    answered(0);
    assert_int_equal(peer->n_addrs, cases[i].kept);
  }
}

static void identify_keeps_the_address_that_worked(void **state) {
  (void)state;
  answer_begin("/ip4/93.184.216.34/tcp/4001");
  an.dialed = true;
  char text[64];
  for (int i = 1; i <= 100; i++) {
    (void)snprintf(text, sizeof text, "/ip4/8.8.8.8/tcp/%d", i);
    put_addr(text);
  }
  answered(0);
  assert_int_equal(peer->n_addrs, 64); /* IP-02 */
  assert_true(has_addr("/ip4/93.184.216.34/tcp/4001"));
}

static void identify_push_changes_only_what_it_names(void **state) {
  (void)state;
  answer_begin("/ip4/127.0.0.1/tcp/5");
  put_text(P2P__IDENTIFY_AGENT, "a/1");
  put_text(P2P__IDENTIFY_PROTOCOL, "/a");
  put_addr("/ip4/127.0.0.1/tcp/4001");
  answered(0);
  answer_begin("/ip4/127.0.0.1/tcp/5");
  put_text(P2P__IDENTIFY_PROTOCOL, "/b");
  pushed(0);
  assert_string_equal(peer->agent->text, "a/1");
  assert_true(p2p__peer_speaks(peer, "/b") && !p2p__peer_speaks(peer, "/a"));
  assert_true(has_addr("/ip4/127.0.0.1/tcp/4001"));
  answer_begin("/ip4/127.0.0.1/tcp/5");
  put_addr("/ip4/127.0.0.1/tcp/4002");
  pushed(0);
  assert_true(p2p__peer_speaks(peer, "/b"));
  assert_true(has_addr("/ip4/127.0.0.1/tcp/4002") && !has_addr("/ip4/127.0.0.1/tcp/4001"));
}

static void identify_tells_why_it_failed(void **state) {
  (void)state;
  p2p__fact f = { .kind = P2P__FACT_ANSWER, .peer = peer->index, .tag = 1, .err = P2P_ETIMEOUT };
  stage_give(&st, f);
  expect_told(P2P_ETIMEOUT);
  answer_begin("/ip4/127.0.0.1/tcp/5");
  answered(P2P_EEOF); /* nothing came */
  p2p__wr_u8(&an.w, 0xff);
  answered(P2P_EPROTO);
  assert_false(peer->identified);
}

/* IP-03, FR-05: many small fields cost no more memory than is kept of them. */
static void identify_counts_before_it_keeps(void **state) {
  (void)state;
  answer_begin("/ip4/127.0.0.1/tcp/5");
  while (p2p__wr_left(&an.w) > 16) {
    char text[8];
    (void)snprintf(text, sizeof text, "/%zx", an.w.len);
    put_text(P2P__IDENTIFY_PROTOCOL, text);
    put(P2P__IDENTIFY_ADDR, p2p__bytes(NULL, 0));
  }
  size_t before = st.mem.total;
  st.mem.peak = before;
  answered(0);
  assert_int_equal(peer->n_protocols, st.limits.identify_protocols);
  assert_true(st.mem.peak - before < 4 * 8192);
}

/* ---- pushes ---- */

static bool push_taken(void) {
  p2p__fact f = { .kind = P2P__FACT_OPENED,
                  .inbound = true,
                  .peer = peer->index,
                  .protocol = LINE_PUSH,
                  .stream = STREAM };
  stage_give(&st, f);
  if (st.n == 0) return true;
  (void)stage_only(&st, P2P__ACT_RESET);
  return false;
}

/* IP-04: a burst passes, a flood does not, and patience is rewarded. */
static void identify_takes_pushes_at_a_rate(void **state) {
  (void)state;
  size_t taken = 0;
  for (int i = 0; i < 100; i++) taken += push_taken();
  assert_int_equal(taken, 8);
  for (int i = 0; i < 10; i++) {
    st.now += st.limits.identify_push_interval;
    assert_true(push_taken());
    assert_false(push_taken());
  }
}

enum { FRIENDS = 70 };
static p2p__list conn_nodes[FRIENDS]; /* stand for their connections */

/* Connected peers; every third does not speak push, one has not been identified yet. */
static size_t befriend(void) {
  static const p2p_bytes push = { (const uint8_t *)"/ipfs/id/push/1.0.0", 19 };
  size_t n = 0;
  for (uint32_t i = 0; i < FRIENDS; i++) {
    p2p_peer_id id = { .len = 34, .b = { 0x12, 0x20, (uint8_t)i } };
    p2p__peer *friend = p2p__peer_ref(&peers, &id);
    p2p__list_add(&friend->conns, &conn_nodes[i]);
    friend->identified = i != 1;
    if (i % 3 == 0) assert_int_equal(p2p__peer_set_protocols(&peers, friend, &push, 1), 0);
    n += i % 3 == 0 || i == 1;
  }
  return n;
}

static void identify_pushes_a_change_to_those_who_want_it(void **state) {
  (void)state;
  size_t want = befriend();
  stage_give(&st, (p2p__fact){ .kind = P2P__FACT_ADDRS });
  assert_int_equal(st.n, 0);
  stage_give(&st, (p2p__fact){ .kind = P2P__FACT_ADDRS }); /* one round for both */
  stage_tick(&st);
  assert_int_equal(st.n, 25);
  assert_int_equal(want, 25);
  for (size_t i = 0; i < st.n; i++) {
    const p2p__act *a = stage_act(&st, i, P2P__ACT_ASK);
    assert_int_equal(a->protocol, LINE_PUSH);
    assert_true(a->merge && a->n == 0 && a->timeout > 0);
    static told t;
    read_told(&t, a->bytes);
    assert_true(t.info.n_addrs == 2 && t.info.record.len > 0);
  }
  assert_int_equal(st.b->ops->deadline(st.b), P2P_NEVER);
}

/* IP-04: at most 32 under way. */
static void identify_pushes_to_a_few_at_a_time(void **state) {
  (void)state;
  (void)befriend();
  for (uint32_t i = 0; i < peers.n; i++) p2p__peer_at(&peers, i)->identified = false;
  stage_give(&st, (p2p__fact){ .kind = P2P__FACT_ADDRS });
  stage_tick(&st);
  assert_int_equal(st.n, 32);
  size_t total = 32;
  for (size_t under_way = 32; under_way > 0; under_way--) {
    p2p__fact f = { .kind = P2P__FACT_ANSWER, .tag = st.n ? st.acts[0].tag : 2 };
    stage_give(&st, f);
    assert_true(st.n <= 1);
    total += st.n;
    under_way += st.n;
  }
  assert_int_equal(total, FRIENDS);
}

static void identify_goes_through_all_when_every_push_fails(void **state) {
  (void)state;
  (void)befriend();
  st.open_err = P2P_ENOADDR;
  stage_give(&st, (p2p__fact){ .kind = P2P__FACT_ADDRS });
  stage_tick(&st);
  assert_int_equal(stage_count(&st, P2P__ACT_ASK), 25);
}

/* ---- memory ---- */

static void identify_survives_every_failed_allocation(void **state) {
  (void)state;
  for (uint64_t n = 1;; n++) {
    (void)end(NULL);
    (void)start(NULL);
    answer_begin("/ip4/127.0.0.1/tcp/5");
    put_text(P2P__IDENTIFY_AGENT, "a/1");
    put_text(P2P__IDENTIFY_PROTOCOL, "/a");
    put_addr("/ip4/127.0.0.1/tcp/1");
    put_record(&them, 9, "/ip4/127.0.0.1/tcp/2");
    st.mem.fail_at = st.mem.calls + n;
    give_answer(P2P__FACT_ANSWER, LINE_ID);
    expect_told(st.mem.failed ? P2P_ENOMEM : 0);
    if (!st.mem.failed) break;
  }
  st.b->ops->free(st.b);
  for (uint64_t n = 1;; n++) {
    st.mem.fail_at = st.mem.calls + n;
    st.mem.failed = 0;
    int err = make();
    if (err == 0) break;
    assert_int_equal(err, P2P_ENOMEM);
    assert_null(st.b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(identify_tells_who_we_are_and_where_the_peer_is_seen),
    TEST(identify_signs_its_addresses_anew_only_when_they_change),
    TEST(identify_tells_paths_only_to_who_came_by_one),
    TEST(identify_splits_what_is_longer_than_4_kib),
    TEST(identify_cuts_what_is_longer_than_two_messages),
    TEST(identify_resets_an_asker_that_talks),
    TEST(identify_asks_every_connection),
    TEST(identify_keeps_what_the_peer_says),
    TEST(identify_says_of_itself_what_another_understands),
    TEST(identify_refuses_a_message_with_another_peers_key),
    TEST(identify_ignores_another_peers_record),
    TEST(identify_ignores_a_record_whose_signature_is_wrong),
    TEST(identify_replaces_by_newer_records_and_ignores_older),
    TEST(identify_skips_addresses_that_are_junk),
    TEST(identify_believes_no_address_nearer_than_the_peer),
    TEST(identify_keeps_the_address_that_worked),
    TEST(identify_push_changes_only_what_it_names),
    TEST(identify_tells_why_it_failed),
    TEST(identify_counts_before_it_keeps),
    TEST(identify_takes_pushes_at_a_rate),
    TEST(identify_pushes_a_change_to_those_who_want_it),
    TEST(identify_pushes_to_a_few_at_a_time),
    TEST(identify_goes_through_all_when_every_push_fails),
    TEST(identify_survives_every_failed_allocation),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
