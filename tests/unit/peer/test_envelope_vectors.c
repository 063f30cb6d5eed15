/* Envelopes that others made. Where ours must agree with them: what the signature covers, and the
 * bytes of a whole record. */
#include "unit/crypto/vectors.h"

#include "peer/peer_record.h"

/* RFC 0002's text for a signature, written down once more. */
static p2p_bytes signed_text(p2p__wr *w, const char *domain, p2p_bytes type, p2p_bytes payload) {
  p2p__wr_prefixed(w, p2p__cstr(domain));
  p2p__wr_prefixed(w, type);
  p2p__wr_prefixed(w, payload);
  assert_int_equal(w->err, 0);
  return p2p__wr_bytes(w);
}

/* Source: go-libp2p-core b18a4c9, record/envelope_test.go, by way of vacp2p/nim-libp2p 24248b7,
 * tests/libp2p/test_signed_envelope.nim, "Interop decode test". */
static void signature_of_go_covers_what_ours_do(void **state) {
  (void)state;
  uint8_t key[64], sig[64], buf[128];
  p2p_bytes pubkey = p2p__bytes(
      key,
      unhex("080112206f1581709bb7b1ef030d210db18e3b0ba1c776fba65d8cdaad05415142d189f8", key, 64));
  p2p_bytes signature = p2p__bytes(
      sig, unhex("1178673b51dfa842aad17e465e25d646ad16628916b964c3fb10c711fee87872"
                 "bdd4e4646f58c277cdff09704913d8be1aec6322de8d3d0bb852120374aece08",
                 sig, 64));
  p2p_bytes type = p2p__cstr("/libp2p/testdata");
  static const struct {
    const char *domain, *payload;
    int want;
  } texts[] = {
    { "libp2p-testing", "hello world!", 0 },
    { "libp2p-testing", "\x01\x01llo world!", P2P_ESIG },
    { "libp2p-peer-record", "hello world!", P2P_ESIG },
  };
  for (size_t i = 0; i < P2P_COUNT(texts); i++) {
    p2p__wr w = p2p__wr_of(buf, sizeof buf);
    p2p_bytes text = signed_text(&w, texts[i].domain, type, p2p__cstr(texts[i].payload));
    assert_int_equal(p2p_verify(pubkey, text, signature), texts[i].want);
  }
}

/* The Ed25519 key of peer-ids.md signs /ip4/192.0.2.1/tcp/4001 under sequence 1570215229. Written
 * byte by byte in a script and signed with pyca/cryptography, not with this library. */
#define PRIVATE                                                                                    \
  "080112407e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d1ed1e8fae2c4a144b8be"   \
  "8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e"
#define RECORD                                                                                     \
  "0a24080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e120203011a3a0a26"   \
  "0024080112201ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e10bdaadeec051a0a"   \
  "0a0804c0000201060fa12a408063684e73cfa332ab7833117478288b83c8c9e3a8899d33cb50a515353ce81bef9f"   \
  "c9aa19de919757dd5c70b58d875540c5657e7f1ecdad8077f6cbf21b3804"

static void sealed_record_has_the_bytes_of_another_writer(void **state) {
  (void)state;
  static const uint8_t addr[] = { 4, 192, 0, 2, 1, 6, 0x0f, 0xa1 };
  uint8_t private[68], scratch[512], out[512];
  p2p_identity id;
  p2p_bytes addrs[] = { p2p__bytes(addr, sizeof addr) };
  p2p__wr w = p2p__wr_of(out, sizeof out);
  size_t n = unhex(PRIVATE, private, sizeof private);
  assert_int_equal(p2p_identity_import(&id, p2p__bytes(private, n)), 0);
  assert_int_equal(
      p2p__peer_record_seal(&id, 1570215229, addrs, 1, p2p__span_of(scratch, sizeof scratch), &w),
      0);
  assert_hex(w.p, w.len, RECORD);
  p2p_identity_fini(&id);
}

static void record_of_another_writer_opens(void **state) {
  (void)state;
  uint8_t in[512], scratch[512];
  p2p__peer_record got;
  p2p_peer_id id;
  p2p_bytes envelope = p2p__bytes(in, unhex(RECORD, in, sizeof in)), addr;
  assert_int_equal(p2p_peer_id_parse("12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq", &id),
                   0);
  assert_int_equal(p2p__peer_record_open(envelope, p2p__span_of(scratch, sizeof scratch), &got), 0);
  assert_true(p2p_peer_id_eq(&got.peer, &id) && got.seq == 1570215229);
  p2p__rd r = p2p__rd_of(got.record);
  assert_int_equal(p2p__peer_record_addr(&r, &addr), 1);
  assert_hex(addr.p, addr.len, "04c0000201060fa1");
  assert_int_equal(p2p__peer_record_addr(&r, &addr), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(signature_of_go_covers_what_ours_do),
    cmocka_unit_test(sealed_record_has_the_bytes_of_another_writer),
    cmocka_unit_test(record_of_another_writer_opens),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
