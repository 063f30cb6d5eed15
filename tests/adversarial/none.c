/* In place of what needs GnuTLS, where that was not found. */
#include "evil.h"

const family evil_tls_certificates = { NULL, 0, false };
const family evil_tls = { NULL, 0, false };
const family evil_quic_certificates = { NULL, 0, true };
const family evil_quic_peer = { NULL, 0, true };
const family evil_quic_frames = { NULL, 0, true };
const family evil_quic_knocks = { NULL, 0, true };
const family evil_quic_stateless = { NULL, 0, true };
const family evil_quic_floods = { NULL, 0, true };
