/* What a host is made of: the one place that names concrete security protocols, muxers, transports
 * and behaviours. Leaving a line out leaves the thing out. */
#include "host/internal.h"

#include "multiformats/multiaddr.h"
#include "multiformats/pattern.h"
#include "muxer/mplex.h"
#include "muxer/yamux.h"
#include "protocol/identify/identify.h"
#include "protocol/perf/perf.h"
#include "protocol/ping/ping.h"
#include "security/noise.h"
#include "security/plaintext.h"
#include "security/pnet.h"
#ifdef P2P_HAVE_GNUTLS
#include "security/tls.h"
#endif
#include "transport/memory.h"
#include "transport/tcp.h"
#include "transport/unix.h"
#if defined(P2P_HAVE_QUIC)
#include "crypto/crypto.h"
#include "peer/certificate.h"
#include "transport/quic.h"
#endif

/* What engines keep once per host. */
struct host_engines {
  p2p__noise_static noise;
#if defined(P2P_HAVE_QUIC)
  p2p__tls_context *quic_tls; /* made when QUIC is used first */
#endif
#ifdef P2P_HAVE_GNUTLS
  p2p__tls_context *tls; /* made for the first handshake; NULL: there was none */
#endif
  p2p_psk psk;
};

int p2p__host_engines_new(p2p_host *h) {
  h->engines = p2p__alloc(&h->mem, P2P__MEM_HOST, sizeof *h->engines);
  if (!h->engines) return P2P_ENOMEM;
  return p2p__noise_static_init(&h->engines->noise, &h->env, h->identity);
}

void p2p__host_engines_free(p2p_host *h) {
  if (!h->engines) return;
  p2p__noise_static_fini(&h->engines->noise);
#if defined(P2P_HAVE_QUIC)
  p2p__tls_context_free(h->engines->quic_tls);
#endif
#ifdef P2P_HAVE_GNUTLS
  p2p__tls_context_free(h->engines->tls);
#endif
  p2p_psk_fini(&h->engines->psk);
  p2p__release(&h->mem, P2P__MEM_HOST, h->engines, sizeof *h->engines);
  h->engines = NULL;
}

/* ---- security ---- */
static int make_noise(void *ctx, p2p__env *env, bool initiator, const p2p_peer_id *expected,
                      const char *const *muxers, size_t n_muxers, p2p_time deadline,
                      p2p__step **out) {
  const p2p_host *h = ctx;
  p2p__noise_config config = { .key = &h->engines->noise,
                               .initiator = initiator,
                               .expected = *expected,
                               .muxers = muxers,
                               .n_muxers = h->limits.early_muxer ? n_muxers : 0,
                               .deadline = deadline };
  return p2p__noise_step(env, &config, out);
}

#ifdef P2P_HAVE_GNUTLS
static int make_tls(void *ctx, p2p__env *env, bool initiator, const p2p_peer_id *expected,
                    const char *const *muxers, size_t n_muxers, p2p_time deadline,
                    p2p__step **out) {
  p2p_host *h = ctx;
  int64_t unix_s = h->io->ops->unix_ns(h->io) / 1000000000;
  *out = NULL;
  if (!h->engines->tls) {
    int err = p2p__tls_host_new(env, h->identity, &h->engines->tls);
    if (err) return err;
  }
  p2p__tls_step_config config = { .context = h->engines->tls,
                                  .client = initiator,
                                  .expected = *expected,
                                  .muxers = muxers,
                                  .n_muxers = h->limits.early_muxer ? n_muxers : 0,
                                  .unix_s = unix_s,
                                  .deadline = deadline };
  return p2p__tls_step(env, &config, out);
}
#endif

static int make_plaintext(void *ctx, p2p__env *env, bool initiator, const p2p_peer_id *expected,
                          const char *const *muxers, size_t n_muxers, p2p_time deadline,
                          p2p__step **out) {
  const p2p_host *h = ctx;
  (void)initiator;
  (void)muxers;
  (void)n_muxers;
  return p2p__plaintext_step(env, h->identity, expected, deadline, out);
}

static const struct {
  const char *name;
  p2p__security security;
  bool by_default;
} builtin_securities[] = {
  { "noise", { .id = "/noise", .make = make_noise }, true },
#ifdef P2P_HAVE_GNUTLS
  { "tls", { .id = "/tls/1.0.0", .make = make_tls }, true },
#endif
  { "plaintext", { .id = "/plaintext/2.0.0", .make = make_plaintext }, false },
};

/* ---- muxers ---- */
static int make_yamux(p2p__loop *loop, p2p__budget *send_budget, bool client, p2p_time now,
                      p2p__mux **out) {
  return p2p__yamux_new(&loop->env, &loop->mux_streams, send_budget, client, now, out);
}

static int make_mplex(p2p__loop *loop, p2p__budget *send_budget, bool client, p2p_time now,
                      p2p__mux **out) {
  (void)now;
  return p2p__mplex_new(&loop->env, &loop->mux_streams, send_budget, client, out);
}

static const struct {
  const char *name;
  p2p__muxer muxer;
  bool by_default;
} builtin_muxers[] = {
  { "yamux", { .id = "/yamux/1.0.0", .make = make_yamux }, true },
  { "mplex", { .id = "/mplex/6.7.0", .make = make_mplex }, false },
};

size_t p2p__host_mux_stream_size(void) {
  return p2p__max(p2p__yamux_stream_size(), p2p__mplex_stream_size());
}

/* ---- private networks ---- */
static int make_pnet(void *ctx, p2p__env *env, p2p__shield **out) {
  const p2p_host *h = ctx;
  return p2p__pnet_new(env, &h->engines->psk, out);
}

static bool is_private(const p2p_host *h) { return h->upgrades.shielding.make != NULL; }

/* ---- what was asked for ---- */
static int add_security(p2p_host *h, const char *name) {
  size_t n = h->upgrades.n_securities;
  for (size_t i = 0; i < P2P_COUNT(builtin_securities); i++) {
    bool wanted = name ? strcmp(name, builtin_securities[i].name) == 0
                       : builtin_securities[i].by_default;
    if (!wanted) continue;
    if (n == HOST_SECURITIES) return P2P_ELIMIT;
    h->securities[n] = builtin_securities[i].security;
    h->securities[n].ctx = h;
    h->security_ids[n] = h->securities[n].id;
    h->upgrades.n_securities = ++n;
    if (name) return 0;
  }
  return name ? P2P_ENOTFOUND : 0;
}

static int add_muxer(p2p_host *h, const char *name) {
  size_t n = h->upgrades.n_muxers;
  for (size_t i = 0; i < P2P_COUNT(builtin_muxers); i++) {
    bool wanted = name ? strcmp(name, builtin_muxers[i].name) == 0 : builtin_muxers[i].by_default;
    if (!wanted) continue;
    if (n == HOST_MUXERS) return P2P_ELIMIT;
    h->muxers[n] = builtin_muxers[i].muxer;
    h->muxer_ids[n] = h->muxers[n].id;
    h->upgrades.n_muxers = ++n;
    if (name) return 0;
  }
  return name ? P2P_ENOTFOUND : 0;
}

int p2p__host_upgrades(p2p_host *h, const p2p_host_opts *opts) {
  h->upgrades = (p2p__upgrades){ .loop = &h->loop,
                                 .securities = h->securities,
                                 .security_ids = h->security_ids,
                                 .muxers = h->muxers,
                                 .muxer_ids = h->muxer_ids };
  if (opts->psk) {
    h->engines->psk = *opts->psk;
    h->upgrades.shielding = (p2p__shielding){ .make = make_pnet, .ctx = h };
  }
  int err = opts->security ? 0 : add_security(h, NULL);
  for (size_t i = 0; opts->security && i < opts->n_security && err >= 0; i++)
    err = add_security(h, opts->security[i]);
  if (err >= 0 && !opts->muxers) err = add_muxer(h, NULL);
  for (size_t i = 0; opts->muxers && i < opts->n_muxers && err >= 0; i++)
    err = add_muxer(h, opts->muxers[i]);
  return err;
}

/* ---- transports ---- */
/* What each dials, to be told without a host. A name is looked up first. */
static const p2p__ma_step tcp_steps[] = {
  { P2P__MA_MAYBE, { P2P__MA_IP6ZONE } },
  { P2P__MA_ONE, { P2P__MA_IP4, P2P__MA_IP6, P2P__MA_DNS, P2P__MA_DNS4, P2P__MA_DNS6 } },
  { P2P__MA_ONE, { P2P__MA_TCP } },
};
static const p2p__ma_step unix_steps[] = { { P2P__MA_ONE, { P2P__MA_UNIX } } };
#if defined(P2P_HAVE_QUIC)
static const p2p__ma_step quic_steps[] = {
  { P2P__MA_MAYBE, { P2P__MA_IP6ZONE } },
  { P2P__MA_ONE, { P2P__MA_IP4, P2P__MA_IP6, P2P__MA_DNS, P2P__MA_DNS4, P2P__MA_DNS6 } },
  { P2P__MA_ONE, { P2P__MA_UDP } },
  { P2P__MA_ONE, { P2P__MA_QUIC_V1 } },
};
#endif
static const p2p__ma_step memory_steps[] = { { P2P__MA_ONE, { P2P__MA_MEMORY } } };

static const struct {
  const char *name;
  p2p__ma_pattern pattern;
} transports[] = {
  { "tcp", { tcp_steps, P2P_COUNT(tcp_steps) } },
  { "unix", { unix_steps, P2P_COUNT(unix_steps) } },
#if defined(P2P_HAVE_QUIC)
  { "quic-v1", { quic_steps, P2P_COUNT(quic_steps) } },
#endif
  { "memory", { memory_steps, P2P_COUNT(memory_steps) } },
};

const char *p2p_addr_transport(p2p_bytes addr) {
  for (size_t i = 0; i < P2P_COUNT(transports); i++) {
    if (p2p__ma_is(&transports[i].pattern, addr)) return transports[i].name;
  }
  return NULL;
}

static int make_tcp(p2p_host *h, p2p__transport **out) { return p2p__tcp_new(&h->upgrades, out); }

static int make_unix(p2p_host *h, p2p__transport **out) { return p2p__unix_new(&h->upgrades, out); }

#if defined(P2P_HAVE_QUIC)
/* What must be the same after a restart, and known to nobody else: made of the private key, or, where that
 * cannot leave its module, of a signature. Those of ECDSA vary: a module with such a key gives another
 * secret each time, and connections of before time out. */
static int quic_secret(const p2p_host *h, uint8_t secret[P2P__SHA256]) {
  static const char label[] = "libp2p-c: QUIC stateless reset";
  uint8_t bytes[P2P_PRIVKEY_MAX];
  _Static_assert(P2P_PRIVKEY_MAX >= P2P_SIGNATURE_MAX, "room for either");
  ptrdiff_t n = p2p_identity_export(h->identity, bytes, sizeof bytes);
  size_t len = n > 0 ? (size_t)n : 0;
  int err = n > 0 ? 0 : h->identity->sign(h->identity->ctx, p2p__cstr(label), bytes, &len);
  if (err >= 0) {
    p2p_bytes v[] = { p2p__cstr(label), p2p__bytes(bytes, len) };
    p2p__sha256(v, P2P_COUNT(v), secret);
  }
  p2p__wipe(bytes, sizeof bytes);
  return err;
}

static int quic_context(p2p_host *h, p2p__certificate *cert) {
  p2p__tls_context_config config = { .quic = true };
  int err = p2p__certificate_make(&h->env, h->identity, cert);
  if (err < 0) return err;
  config.cert = p2p__bytes(cert->der, cert->len);
  config.cert_key = p2p__bytes(cert->key, cert->key_len);
  err = p2p__tls_context_new(&h->mem, &config, &h->engines->quic_tls);
  p2p__certificate_fini(cert);
  return err;
}

static int make_quic_shared(void *ctx, p2p__quic_shared **out) {
  p2p_host *h = ctx;
  uint8_t secret[P2P__SHA256];
  p2p__certificate cert;
  int err = h->engines->quic_tls ? 0 : quic_context(h, &cert);
  if (err >= 0) err = quic_secret(h, secret);
  if (err < 0) return err;
  err = p2p__quic_shared_new(&h->loop.env, secret, h->engines->quic_tls, out);
  p2p__wipe(secret, sizeof secret);
  return err;
}

static int make_quic(p2p_host *h, p2p__transport **out) {
  return p2p__quic_transport_new(&h->loop, make_quic_shared, h, out);
}
#endif

const char *p2p_quic_library(void) {
#if defined(P2P_HAVE_QUIC)
  return p2p__quic_library();
#else
  return NULL;
#endif
}

bool p2p_quic_shielded(void) {
#if defined(P2P_HAVE_QUIC)
  return p2p__quic_is_shielded();
#else
  return false;
#endif
}

static int make_memory(p2p_host *h, p2p__transport **out) {
  return h->memory ? p2p__memory_new(&h->upgrades, h->memory, out) : 0;
}

/* is_byte: its links stand on pipes, so that a private network can hide them. */
static const struct {
  int (*make)(p2p_host *h, p2p__transport **out);
  bool is_byte;
} builtin_transports[] = {
  { make_tcp, true },
  { make_unix, true },
#if defined(P2P_HAVE_QUIC)
  { make_quic, false },
#endif
  { make_memory, true },
};

/* Where a host listens that was told nothing: any address, any port. */
static const char *const builtin_listens[] = {
  "/ip4/0.0.0.0/tcp/0",
  "/ip6/::/tcp/0",
#if defined(P2P_HAVE_QUIC)
  "/ip4/0.0.0.0/udp/0/quic-v1",
  "/ip6/::/udp/0/quic-v1",
#endif
};

const char *p2p__host_listen_at(size_t i) {
  return i < P2P_COUNT(builtin_listens) ? builtin_listens[i] : NULL;
}

int p2p__host_transports(p2p_host *h) {
  for (size_t i = 0; i < P2P_COUNT(builtin_transports); i++) {
    p2p__transport *t = NULL;
    if (is_private(h) && !builtin_transports[i].is_byte) continue;
    int err = builtin_transports[i].make(h, &t);
    if (err < 0) return err;
    if (t) h->swarm.transports[h->swarm.n_transports++] = t;
  }
  return 0;
}

const char *p2p_feature(size_t i) {
  if (i < P2P_COUNT(builtin_securities)) return builtin_securities[i].name;
  i -= P2P_COUNT(builtin_securities);
  if (i < P2P_COUNT(builtin_muxers)) return builtin_muxers[i].name;
  i -= P2P_COUNT(builtin_muxers);
  return i < P2P_COUNT(transports) ? transports[i].name : NULL;
}

bool p2p_has(const char *feature) {
  const char *name;
  for (size_t i = 0; feature && (name = p2p_feature(i)) != NULL; i++)
    if (strcmp(name, feature) == 0) return true;
  return false;
}

/* ---- behaviours ---- */
static int told_addr(void *ctx, size_t i, p2p__wr *w) {
  p2p_host *h = ctx;
  return p2p__swarm_addr(&h->swarm, i, w);
}

static const char *told_protocol(void *ctx, size_t i) {
  const p2p_host *h = ctx;
  return p2p__swarm_protocol(&h->swarm, i);
}

static int64_t told_time(void *ctx) {
  p2p_io *io = ((p2p_host *)ctx)->io;
  return io->ops->unix_ns(io);
}

static int make_identify(p2p_host *h, p2p__behaviour **out) {
  p2p__identify_config config = { .peers = &h->swarm.peers,
                                  .identity = h->identity,
                                  .agent = h->agent,
                                  .ctx = h,
                                  .addr = told_addr,
                                  .protocol = told_protocol,
                                  .unix_ns = told_time };
  return p2p__identify_new(&h->loop.env, &config, out);
}

static int make_ping(p2p_host *h, p2p__behaviour **out) { return p2p__ping_new(&h->loop.env, out); }

static int make_perf(p2p_host *h, p2p__behaviour **out) {
  return p2p__perf_new(&h->loop.env, h->serve_perf, out);
}

static const struct {
  int (*make)(p2p_host *h, p2p__behaviour **out);
  size_t at; /* where the host keeps it */
} builtin_behaviours[] = {
  { make_identify, offsetof(p2p_host, identify) },
  { make_ping, offsetof(p2p_host, ping) },
  { make_perf, offsetof(p2p_host, perf) },
};

int p2p__host_behaviours(p2p_host *h) {
  for (size_t i = 0; i < P2P_COUNT(builtin_behaviours); i++) {
    p2p__behaviour *b = NULL;
    int err = builtin_behaviours[i].make(h, &b);
    if (err >= 0) err = p2p__swarm_add(&h->swarm, b);
    if (err < 0) return err;
    memcpy((char *)h + builtin_behaviours[i].at, &b, sizeof b);
  }
  return 0;
}

static int call_peer(p2p_host *h, p2p__behaviour *b, const p2p_peer_id *to, uint32_t call,
                     uint64_t tag) {
  p2p__peer *peer = p2p__peer_ref(&h->swarm.peers, to);
  if (!peer) return P2P_ELIMIT;
  p2p__swarm_call(&h->swarm, b, call, peer->index, tag);
  p2p__peer_unref(&h->swarm.peers, peer);
  return 0;
}

int p2p_ping(p2p_host *h, const p2p_peer_id *to) {
  p2p__host_assert(h);
  if (!h || !to) return P2P_EINVAL;
  p2p__peer *peer = p2p__peer_find(&h->swarm.peers, to);
  if (!peer) return P2P_ENOADDR;
  if (p2p__ping_is_busy(h->ping, peer->index)) return P2P_EAGAIN;
  return call_peer(h, h->ping, to, P2P__PING_START, 0);
}

int p2p_perf(p2p_host *h, const p2p_peer_id *to, uint64_t upload, uint64_t download, uint64_t *id) {
  p2p__host_assert(h);
  if (!h || !to || !id) return P2P_EINVAL;
  p2p__peer *peer = p2p__peer_ref(&h->swarm.peers, to);
  if (!peer) return P2P_ELIMIT;
  int err = p2p__perf_prepare(h->perf, upload, download, id);
  if (err >= 0) p2p__swarm_call(&h->swarm, h->perf, P2P__PERF_START, peer->index, *id);
  p2p__peer_unref(&h->swarm.peers, peer);
  return err;
}
