/* The report of a dial over TLS whose other side has a certificate that is not as it should be. */
#include "golden.h"
#include "security/tls.h"
#include "support/forge.h"
#include "troupe.h"
#include "unit/base/test.h"

static troupe t;
static golden said;
static p2p__mem mem; /* of what is forged: it outlives the hosts */
static p2p__tls_context *context;

static int start(void **state) {
  (void)state;
  troupe_begin(&t, 46);
  p2p__mem_init(&mem, NULL);
  return 0;
}

static int end(void **state) {
  (void)state;
  troupe_end(&t);
  p2p__tls_context_free(context);
  context = NULL;
  assert_int_equal(p2p__mem_used(&mem), 0);
  return 0;
}

static void on_event(host_node *n, const p2p_event *e) {
  (void)n;
  if (e->kind == P2P_EV_CONN_CLOSED) golden_collect(&said, t.a.host, e->conn);
}

static void join_both(void) {
  static const char *const tls[] = { "tls" };
  const p2p_host_opts opts = { .size = sizeof opts, .security = tls, .n_security = 1 };
  troupe_join(&t, &t.a, &opts);
  troupe_join(&t, &t.b, &opts);
  t.a.node.on_event = on_event;
}

/* The handshake of b with what was forged. */
static int make(void *ctx, p2p__env *env, bool initiator, const p2p_peer_id *expected,
                const char *const *muxers, size_t n_muxers, p2p_time deadline, p2p__step **out) {
  p2p_io *io = t.b.host->io;
  const p2p__tls_step_config config = { .context = ctx,
                                        .client = initiator,
                                        .expected = *expected,
                                        .muxers = muxers,
                                        .n_muxers = n_muxers,
                                        .unix_s = io->ops->unix_ns(io) / 1000000000,
                                        .deadline = deadline };
  return p2p__tls_step(env, &config, out);
}

static void b_shows(const forgery *f) {
  uint8_t der[P2P__CERTIFICATE_MAX];
  p2p__certificate cert;
  size_t len = forge(f, t.b.host->identity, der, &cert);
  const p2p__tls_context_config config = { .cert = p2p__bytes(der, len),
                                           .cert_key = p2p__bytes(cert.key, cert.key_len) };
  assert_int_equal(p2p__tls_context_new(&mem, &config, &context), 0);
  t.b.host->securities[0].make = make;
  t.b.host->securities[0].ctx = context;
}

static void dial(const char *addr) {
  p2p_conn c;
  said = (golden){ 0 };
  assert_int_equal(p2p_dial(t.a.host, addr, &c), 0);
  player_poke(&t.a);
  troupe_wait(&t, 30 * P2P_SECOND);
  if (!said.lines[0]) golden_collect(&said, t.a.host, c);
}

/* Else the others could fail for any reason. */
static void forged_as_it_should_be_it_is_taken(void **state) {
  (void)state;
  join_both();
  const forgery f = forge_proper();
  b_shows(&f);
  dial("/ip4/10.0.0.2/tcp/4001");
  golden_check(&said, "/ip4/10.0.0.2/tcp/4001: connected after T ms", NULL);
}

static const char no_proof[] =
    "/ip4/10.0.0.2/tcp/4001: authentication failed (identity after T ms, remote); the other side "
    "did not prove who it is: it is broken, or somebody is in between";

static void check_no_proof(void) {
  golden_check(&said, no_proof,
               "{\"address\":\"/ip4/10.0.0.2/tcp/4001\",\"stage\":\"identity\",\"ok\":false,"
               "\"error\":\"P2P_EAUTH\",\"text\":\"authentication failed\",\"side\":\"remote\","
               "\"hint\":\"the other side did not prove who it is: it is broken, or somebody is in "
               "between\",\"began_ms\":T,\"elapsed_ms\":T}");
}

static void certificate_with_a_bad_signature(void **state) {
  (void)state;
  join_both();
  forgery f = forge_proper();
  f.bad_signature = true;
  b_shows(&f);
  dial("/ip4/10.0.0.2/tcp/4001");
  check_no_proof();
}

static void certificate_of_another_time(void **state) {
  (void)state;
  join_both();
  forgery f = forge_proper();
  f.until = "20200102000000Z";
  b_shows(&f);
  dial("/ip4/10.0.0.2/tcp/4001");
  check_no_proof();
}

/* It names the key of a, which did not sign it. */
static void certificate_that_names_someone_else(void **state) {
  (void)state;
  join_both();
  forgery f = forge_proper();
  f.claims = t.a.host->identity;
  b_shows(&f);
  dial("/ip4/10.0.0.2/tcp/4001");
  check_no_proof();
}

static void certificate_without_an_identity(void **state) {
  (void)state;
  join_both();
  forgery f = forge_proper();
  f.n_ours = 0;
  b_shows(&f);
  dial("/ip4/10.0.0.2/tcp/4001");
  golden_check(&said,
               "/ip4/10.0.0.2/tcp/4001: the peer violated the protocol (security after T ms, "
               "remote); is it a libp2p peer that listens there?",
               NULL);
}

/* All is well with it, but somebody else was asked for. */
static void certificate_of_another_peer(void **state) {
  (void)state;
  join_both();
  dial("/ip4/10.0.0.2/tcp/4001/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5");
  golden_check(&said,
               "/ip4/10.0.0.2/tcp/4001: another peer answered than the one asked for (identity "
               "after T ms, remote); correct the /p2p/... part of the address, or leave it out to "
               "accept any peer",
               NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
    TEST(forged_as_it_should_be_it_is_taken), TEST(certificate_with_a_bad_signature),
    TEST(certificate_of_another_time),        TEST(certificate_that_names_someone_else),
    TEST(certificate_without_an_identity),    TEST(certificate_of_another_peer),
#undef TEST
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
