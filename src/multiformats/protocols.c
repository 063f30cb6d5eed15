/* The table of multiaddr protocols. Spec: multiformats/multiaddr, protocols.csv, all of it; and what
 * go-multiaddr (plaintextv2) and rust-multiaddr (x-parity-ws, x-parity-wss) have beside it.
 *
 * memory has 8 bytes here, as in go-multiaddr and rust-multiaddr; the registry calls its value
 * variable and js writes a length before it. It never leaves a process. */
#include "multiformats/protocols.h"
#include "multiformats/multiaddr.h"

enum { VARIABLE = P2P__MA_VARIABLE };

static const p2p__ma_protocol protocols[] = {
  { P2P__MA_IP4, 4, false, "ip4", &p2p__ma_ip4 },
  { P2P__MA_IP6, 16, false, "ip6", &p2p__ma_ip6 },
  { P2P__MA_TCP, 2, false, "tcp", &p2p__ma_u16 },
  { P2P__MA_UDP, 2, false, "udp", &p2p__ma_u16 },
  { P2P__MA_P2P, VARIABLE, false, "p2p", &p2p__ma_peer },
  { P2P__MA_P2P, VARIABLE, false, "ipfs", &p2p__ma_peer }, /* the old name */
  { P2P__MA_QUIC_V1, 0, false, "quic-v1", NULL },
  { P2P__MA_P2P_CIRCUIT, 0, false, "p2p-circuit", NULL },
  { P2P__MA_WEBTRANSPORT, 0, false, "webtransport", NULL },
  { P2P__MA_CERTHASH, VARIABLE, false, "certhash", &p2p__ma_hash },
  { P2P__MA_WEBRTC_DIRECT, 0, false, "webrtc-direct", NULL },
  { P2P__MA_WEBRTC, 0, false, "webrtc", NULL },
  { P2P__MA_DNS, VARIABLE, false, "dns", &p2p__ma_label },
  { P2P__MA_DNS4, VARIABLE, false, "dns4", &p2p__ma_label },
  { P2P__MA_DNS6, VARIABLE, false, "dns6", &p2p__ma_label },
  { P2P__MA_DNSADDR, VARIABLE, false, "dnsaddr", &p2p__ma_label },
  { P2P__MA_TLS, 0, false, "tls", NULL },
  { P2P__MA_SNI, VARIABLE, false, "sni", &p2p__ma_label },
  { P2P__MA_WS, 0, false, "ws", NULL },
  { P2P__MA_WSS, 0, false, "wss", NULL }, /* tls/ws in one word, deprecated */
  { P2P__MA_NOISE, 0, false, "noise", NULL },
  { P2P__MA_QUIC, 0, false, "quic", NULL }, /* draft 29 */
  { P2P__MA_HTTP, 0, false, "http", NULL },
  { P2P__MA_HTTPS, 0, false, "https", NULL }, /* tls/http in one word, deprecated */
  { P2P__MA_IP6ZONE, VARIABLE, false, "ip6zone", &p2p__ma_label },
  { P2P__MA_IPCIDR, 1, false, "ipcidr", &p2p__ma_u8 },
  { P2P__MA_UNIX, VARIABLE, true, "unix", &p2p__ma_path },
  { P2P__MA_MEMORY, 8, false, "memory", &p2p__ma_u64 },
  { P2P__MA_HTTP_PATH, VARIABLE, false, "http-path", &p2p__ma_segment },
  { P2P__MA_ONION, 12, false, "onion", &p2p__ma_onion }, /* version 2: gone from Tor */
  { P2P__MA_ONION3, 37, false, "onion3", &p2p__ma_onion3 },
  { P2P__MA_GARLIC64, VARIABLE, false, "garlic64", &p2p__ma_garlic64 },
  { P2P__MA_GARLIC32, VARIABLE, false, "garlic32", &p2p__ma_garlic32 },
  { 33, 2, false, "dccp", &p2p__ma_u16 },
  { 132, 2, false, "sctp", &p2p__ma_u16 },
  { 301, 0, false, "udt", NULL },
  { 302, 0, false, "utp", NULL },
  { 275, 0, false, "p2p-webrtc-star", NULL }, /* this and the next three: deprecated */
  { 276, 0, false, "p2p-webrtc-direct", NULL },
  { 277, 0, false, "p2p-stardust", NULL },
  { 479, 0, false, "p2p-websocket-star", NULL },
  { 4770, VARIABLE, false, "x-parity-ws",
    &p2p__ma_segment }, /* this and the next: ws with a path */
  { 4780, VARIABLE, false, "x-parity-wss", &p2p__ma_segment },
  { 7367777, 0, false, "plaintextv2", NULL },
};

const p2p__ma_protocol *p2p__ma_protocol_at(size_t i) {
  return i < P2P_COUNT(protocols) ? &protocols[i] : NULL;
}

const p2p__ma_protocol *p2p__ma_by_code(uint64_t code) {
  for (size_t i = 0; i < P2P_COUNT(protocols); i++) {
    if (protocols[i].code == code) return &protocols[i];
  }
  return NULL;
}

const p2p__ma_protocol *p2p__ma_by_name(p2p_bytes name) {
  for (size_t i = 0; i < P2P_COUNT(protocols); i++) {
    if (p2p__bytes_eq(name, p2p__cstr(protocols[i].name))) return &protocols[i];
  }
  return NULL;
}
