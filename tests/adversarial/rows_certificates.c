/* ID and HS rows of certificates with one lie in each, in the handshakes of TLS and of QUIC. Spec: tls/tls.md. */
#include "quic.h"

static verdict refused(evil *e, lie l) {
  return e->quic ? quic_refuses(e, &l) : tls_refuses(e, &l);
}

/* What is in order must not cost the connection. */
static verdict accepted(evil *e, lie l) {
  return e->quic ? quic_accepts(e, &l) : tls_accepts(e, &l);
}

static verdict id03(evil *e) { return refused(e, (lie){ .none = true }); }
static verdict id06_expired(evil *e) {
  return refused(e, (lie){ .from = -2L * YEAR, .until = -DAY });
}
static verdict id06_future(evil *e) {
  return refused(e, (lie){ .from = 10L * DAY, .until = YEAR });
}
static verdict id15_short(evil *e) { return accepted(e, (lie){ .from = -DAY, .until = DAY }); }
static verdict id15_long(evil *e) {
  return accepted(e, (lie){ .from = -DAY, .until = 200L * YEAR });
}
static verdict id16(evil *e) { return refused(e, (lie){ .stranger = true }); }
static verdict id17_forged(evil *e) { return refused(e, (lie){ .forged = true }); }
static verdict id17_naked(evil *e) { return refused(e, (lie){ .naked = true }); }
static verdict id17_oid(evil *e) { return refused(e, (lie){ .oid = "1.3.6.1.4.1.53594.1.2" }); }
static verdict id17_self(evil *e) { return refused(e, (lie){ .unsigned_der = true }); }
static verdict id17_critical(evil *e) { return accepted(e, (lie){ .critical = true }); }
static verdict id17_chain(evil *e) { return refused(e, (lie){ .chain = 1 }); }
static verdict id07_key(evil *e) { return refused(e, (lie){ .other_key = true }); }
static verdict id01_ed25519(evil *e) { return refused(e, (lie){ .flipped = true }); }
static verdict id01_rsa(evil *e) {
  return refused(e, (lie){ .flipped = true, .rsa = true, .type = P2P_KEY_RSA });
}
static verdict id01_secp256k1(evil *e) {
  return refused(e, (lie){ .flipped = true, .type = P2P_KEY_SECP256K1 });
}
static verdict id01_ecdsa(evil *e) {
  return refused(e, (lie){ .flipped = true, .type = P2P_KEY_ECDSA });
}
static verdict hs01_modulus(evil *e) {
  return refused(e, (lie){ .modulus = KEY_BOMB, .exponent = 3 });
}
static verdict hs01_exponent(evil *e) {
  return refused(e, (lie){ .modulus = KEY_BOMB / 2, .exponent = KEY_BOMB / 2 });
}
static verdict hs01_small(evil *e) { return refused(e, (lie){ .modulus = 64, .exponent = 3 }); }
static verdict hs06(evil *e) { return refused(e, (lie){ .chain = LIE_CHAIN }); }

#define SPEC "tls/tls.md"
#define FORGED "RUSTSEC-2019-0004, CVE-2019-15545"
#define BURDEN "CVE-2023-39533, js#1931"
enum { BOTH = ROW_DIAL | ROW_SERVE };
static const row of_tls[] = {
  { "ID-03", "tls", "py#1340", "no certificate", ROW_DIAL, id03 },
  { "ID-06.expired", "tls", "GHSA-5hq8-qhww-jm7q", "an expired certificate", BOTH, id06_expired },
  { "ID-06.future", "tls", "GHSA-5hq8-qhww-jm7q", "a certificate not yet valid", BOTH,
    id06_future },
  { "ID-15.short", "tls", "c e33d3e4", "two days of validity: allowed", ROW_DIAL, id15_short },
  { "ID-15.long", "tls", "c 281b0b5", "two hundred years of validity: allowed", ROW_DIAL,
    id15_long },
  { "ID-16", "tls", "specs#208", "the extension of another certificate", BOTH, id16 },
  { "ID-17.forged", "tls", SPEC, "an extension signed by another key", BOTH, id17_forged },
  { "ID-17.naked", "tls", SPEC, "no extension", BOTH, id17_naked },
  { "ID-17.oid", "tls", SPEC, "an extension of another name", BOTH, id17_oid },
  { "ID-17.self", "tls", SPEC, "the certificate's own signature is broken", BOTH, id17_self },
  { "ID-17.critical", "tls", "rust 1617abb3b", "the extension is critical: allowed", ROW_DIAL,
    id17_critical },
  { "ID-17.chain", "tls", SPEC, "two certificates", BOTH, id17_chain },
  { "HS-06", "tls", "RUSTSEC-2023-0053, CVE-2024-28835", "two hundred certificates, 90 KiB", BOTH,
    hs06 },
};
const family evil_tls_certificates = { of_tls, P2P_COUNT(of_tls), false };

static const row of_quic[] = {
  { "ID-01.quic.ed25519", "quic", FORGED, "an Ed25519 signature with a bit inverted", BOTH,
    id01_ed25519 },
  { "ID-01.quic.rsa", "quic", FORGED, "an RSA signature with a bit inverted", ROW_DIAL, id01_rsa },
  { "ID-01.quic.secp256k1", "quic", FORGED, "a secp256k1 signature with a bit inverted", BOTH,
    id01_secp256k1 },
  { "ID-01.quic.ecdsa", "quic", FORGED, "an ECDSA signature with a bit inverted", BOTH,
    id01_ecdsa },
  { "HS-01.quic.modulus", "quic", BURDEN, "an RSA key of 224,000 bits", BOTH, hs01_modulus },
  { "HS-01.quic.exponent", "quic", BURDEN, "an RSA exponent of 112,000 bits", BOTH, hs01_exponent },
  { "HS-01.quic.small", "quic", BURDEN, "an RSA key of 512 bits", BOTH, hs01_small },
  { "ID-03.quic", "quic", "py#1340, py#1345", "no certificate", ROW_DIAL, id03 },
  { "ID-06.quic.expired", "quic", "GHSA-5hq8-qhww-jm7q", "an expired certificate", BOTH,
    id06_expired },
  { "ID-06.quic.future", "quic", "GHSA-5hq8-qhww-jm7q", "a certificate not yet valid", BOTH,
    id06_future },
  { "ID-07.quic.key", "quic", "CVE-2022-29222", "a certificate whose key it has not", BOTH,
    id07_key },
  { "ID-15.quic.short", "quic", "c e33d3e4", "two days of validity: allowed", ROW_DIAL,
    id15_short },
  { "ID-15.quic.long", "quic", "c 281b0b5", "two hundred years of validity: allowed", ROW_DIAL,
    id15_long },
  { "ID-16.quic", "quic", "specs#208", "the extension of another certificate", BOTH, id16 },
  { "ID-17.quic.forged", "quic", SPEC, "an extension signed by another key", BOTH, id17_forged },
  { "ID-17.quic.naked", "quic", SPEC, "no extension", BOTH, id17_naked },
  { "ID-17.quic.oid", "quic", SPEC, "an extension of another name", BOTH, id17_oid },
  { "ID-17.quic.self", "quic", SPEC, "the certificate's own signature is broken", BOTH, id17_self },
  { "ID-17.quic.critical", "quic", "rust 1617abb3b", "the extension is critical: allowed", ROW_DIAL,
    id17_critical },
  { "ID-17.quic.chain", "quic", SPEC, "two certificates", BOTH, id17_chain },
  { "HS-06.quic", "quic", "RUSTSEC-2023-0053, CVE-2024-28835", "two hundred certificates, 90 KiB",
    BOTH, hs06 },
};
const family evil_quic_certificates = { of_quic, P2P_COUNT(of_quic), true };
