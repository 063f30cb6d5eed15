/* The report of a dial in the public API: entries, sentences, JSON. */
#include <p2p/report.h>

#include "host/internal.h"
#include "multiformats/text.h"

int p2p_conn_report(p2p_host *h, p2p_conn conn, size_t i, p2p_report_entry *out) {
  p2p__host_assert(h);
  p2p__sconn *c = h ? p2p__conn_get(&h->swarm, conn.id) : NULL;
  if (!c) return P2P_ESTALE;
  if (!out || !out->size) return P2P_EINVAL;
  p2p__report_line line;
  if (!p2p__report_get(c, i, &line)) return P2P_ENOTFOUND;
  p2p_report_entry e = { .size = out->size,
                         .addr = line.addr,
                         .stage = line.stage,
                         .err = line.err,
                         .remote = line.remote,
                         .began = line.began,
                         .elapsed = line.elapsed,
                         .found = line.found,
                         .reason = line.reason };
  memcpy(out, &e, p2p__min(e.size, sizeof e));
  return 0;
}

/* ---- what to try ---- */
static const struct {
  int err;
  p2p_stage stage; /* NONE: any */
  const char *text;
} hints[] = {
  { P2P_EREFUSED, P2P_STAGE_NONE, "is the peer running, and is the port right?" },
  { P2P_EUNREACH, P2P_STAGE_NONE, "check the address and this machine's route to it" },
  { P2P_ETIMEOUT, P2P_STAGE_RESOLVE, "check this machine's name servers" },
  { P2P_ETIMEOUT, P2P_STAGE_CONNECT, "check the address; a firewall may drop the packets" },
  { P2P_ETIMEOUT, P2P_STAGE_NONE,
    "something took the connection and then said nothing: is it a "
    "libp2p peer that listens there?" },
  { P2P_EPEER, P2P_STAGE_NONE,
    "correct the /p2p/... part of the address, or leave it out to accept any peer" },
  { P2P_EAUTH, P2P_STAGE_NONE,
    "the other side did not prove who it is: it is broken, or somebody is in between" },
  { P2P_ESIG, P2P_STAGE_NONE,
    "the other side did not prove who it is: it is broken, or somebody is in between" },
  { P2P_ENOSEC, P2P_STAGE_NONE, "switch on a security protocol that both sides have" },
  { P2P_ENOMUX, P2P_STAGE_NONE, "switch on a stream muxer that both sides have" },
  { P2P_ENAME, P2P_STAGE_NONE, "check the spelling of the name" },
  { P2P_ERESOLVE, P2P_STAGE_NONE,
    "check the network here and its name servers (/etc/resolv.conf), try again, or dial an "
    "address" },
  { P2P_ENOTSUP, P2P_STAGE_NONE, "this host has no transport for such addresses" },
  { P2P_EGATED, P2P_STAGE_NONE, "the connection gater of this host forbids it" },
  { P2P_ELIMIT, P2P_STAGE_NONE, "close other connections, or raise the limit" },
  { P2P_EFILES, P2P_STAGE_NONE, "raise the limit of open files (ulimit -n)" },
  { P2P_EBACKOFF, P2P_STAGE_NONE, "wait, or dial the address by itself to try at once" },
  { P2P_EBLACKHOLE, P2P_STAGE_NONE,
    "the network here seems to drop such packets; dial the address by itself to try all the same" },
  { P2P_EPROTO, P2P_STAGE_NONE, "is it a libp2p peer that listens there?" },
  { P2P_ERESET, P2P_STAGE_NONE,
    "the other side hung up: is it a libp2p peer, and does it let us in?" },
  { P2P_ECLOSED, P2P_STAGE_NONE,
    "the other side hung up: is it a libp2p peer, and does it let us in?" },
  { P2P_EEOF, P2P_STAGE_NONE,
    "the other side hung up: is it a libp2p peer, and does it let us in?" },
};

const char *p2p_report_hint(int err, p2p_stage stage) {
  for (size_t i = 0; i < P2P_COUNT(hints); i++) {
    bool here = hints[i].stage == P2P_STAGE_NONE || hints[i].stage == stage;
    if (hints[i].err == err && here) return hints[i].text;
  }
  return NULL;
}

static const char dnsaddr_hint[] = "/dnsaddr comes with the discovery of addresses, which this "
                                   "version does not have; dial what it "
                                   "leads to";

static const char *entry_hint(const p2p_report_entry *e) {
  p2p__rd r = p2p__rd_of(e->addr);
  p2p__ma_part part;
  bool named = p2p__ma_next(&r, &part) == 1 && part.code == P2P__MA_DNSADDR;
  return named && e->err == P2P_ENOTSUP ? dnsaddr_hint : p2p_report_hint(e->err, e->stage);
}

/* ---- text ---- */
/* Milliseconds with three places. */
static void put_ms(p2p__wr *w, p2p_time t) {
  uint64_t us = t / P2P_US;
  p2p__text_put_uint(w, us / 1000);
  p2p__wr_u8(w, '.');
  p2p__wr_u8(w, (uint8_t)('0' + us / 100 % 10));
  p2p__wr_u8(w, (uint8_t)('0' + us / 10 % 10));
  p2p__wr_u8(w, (uint8_t)('0' + us % 10));
}

static void put_after(p2p__wr *w, const p2p_report_entry *e) {
  p2p__wr_str(w, " after ");
  put_ms(w, e->elapsed);
  p2p__wr_str(w, " ms");
}

static void put_failure(p2p__wr *w, const p2p_report_entry *e) {
  const char *hint = entry_hint(e);
  p2p__wr_str(w, p2p_strerror(e->err));
  p2p__wr_str(w, " (");
  p2p__wr_str(w, p2p_stage_name(e->stage));
  if (e->elapsed) put_after(w, e);
  p2p__wr_str(w, e->remote ? ", remote" : ", local");
  if (e->reason) {
    p2p__wr_str(w, ": \"");
    p2p__wr_str(w, e->reason);
    p2p__wr_str(w, "\"");
  }
  p2p__wr_str(w, ")");
  if (!hint) return;
  p2p__wr_str(w, "; ");
  p2p__wr_str(w, hint);
}

static void put_outcome(p2p__wr *w, const p2p_report_entry *e) {
  if (e->err == P2P_ECANCELED) {
    p2p__wr_str(w, e->stage == P2P_STAGE_NONE ? "not needed" : "given up (");
    if (e->stage == P2P_STAGE_NONE) return;
    p2p__wr_str(w, p2p_stage_name(e->stage));
    put_after(w, e);
    p2p__wr_str(w, ")");
  } else if (e->err == P2P_EAGAIN) {
    p2p__wr_str(w, e->stage == P2P_STAGE_NONE ? "waits" : "under way");
  } else if (e->err < 0) {
    put_failure(w, e);
  } else if (e->stage == P2P_STAGE_RESOLVE) {
    p2p__text_put_uint(w, e->found);
    p2p__wr_str(w, e->found == 1 ? " address found" : " addresses found");
    put_after(w, e);
  } else {
    p2p__wr_str(w, "connected");
    put_after(w, e);
  }
}

static ptrdiff_t ended(p2p__wr *w) {
  p2p__wr_u8(w, 0);
  return w->err ? P2P_ELIMIT : (ptrdiff_t)w->len - 1;
}

/* Of an older, smaller entry what it lacks is zero. What was adopted has no address of its own. */
static bool print_args(const p2p_report_entry *given, const char *out, p2p_report_entry *e,
                       char *addr) {
  if (!given || !given->size || !out) return false;
  *e = (p2p_report_entry){ 0 };
  memcpy(e, given, p2p__min(given->size, sizeof *e));
  addr[0] = 0;
  return !e->addr.len || p2p_addr_print(e->addr, addr, P2P_ADDR_TEXT_MAX) >= 0;
}

ptrdiff_t p2p_report_print(const p2p_report_entry *e, char *out, size_t cap) {
  char addr[P2P_ADDR_TEXT_MAX];
  p2p_report_entry whole;
  if (!print_args(e, out, &whole, addr)) return P2P_EINVAL;
  e = &whole;
  p2p__wr w = p2p__wr_of(out, cap);
  p2p__wr_str(&w, *addr ? addr : "an adopted socket");
  p2p__wr_str(&w, ": ");
  put_outcome(&w, e);
  return ended(&w);
}

/* ---- JSON ---- */
static void put_escaped(p2p__wr *w, uint8_t c) {
  static const char hex[] = "0123456789abcdef";
  p2p__wr_str(w, "\\u00");
  p2p__wr_u8(w, (uint8_t)hex[c >> 4]);
  p2p__wr_u8(w, (uint8_t)hex[c & 15]);
}

/* A path or a name may hold any byte; JSON is UTF-8. */
static void put_string(p2p__wr *w, const char *s) {
  bool utf8 = p2p__text_is_printable(p2p__cstr(s));
  p2p__wr_u8(w, '"');
  for (; *s; s++) {
    uint8_t c = (uint8_t)*s;
    if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f || (c >= 0x80 && !utf8))
      put_escaped(w, c);
    else
      p2p__wr_u8(w, c);
  }
  p2p__wr_u8(w, '"');
}

static void put_member(p2p__wr *w, const char *name, const char *value) {
  p2p__wr_str(w, ",\"");
  p2p__wr_str(w, name);
  p2p__wr_str(w, "\":");
  put_string(w, value);
}

static void put_json_failure(p2p__wr *w, const p2p_report_entry *e) {
  const char *hint = entry_hint(e);
  put_member(w, "error", p2p_error_name(e->err));
  put_member(w, "text", p2p_strerror(e->err));
  put_member(w, "side", e->remote ? "remote" : "local");
  if (e->reason) put_member(w, "reason", e->reason);
  if (hint) put_member(w, "hint", hint);
}

ptrdiff_t p2p_report_json(const p2p_report_entry *e, char *out, size_t cap) {
  char addr[P2P_ADDR_TEXT_MAX];
  p2p_report_entry whole;
  if (!print_args(e, out, &whole, addr)) return P2P_EINVAL;
  e = &whole;
  p2p__wr w = p2p__wr_of(out, cap);
  p2p__wr_str(&w, "{\"address\":");
  put_string(&w, addr);
  put_member(&w, "stage", p2p_stage_name(e->stage));
  p2p__wr_str(&w, e->err == 0 ? ",\"ok\":true" : ",\"ok\":false");
  if (e->err < 0) put_json_failure(&w, e);
  if (e->err == 0 && e->stage == P2P_STAGE_RESOLVE) {
    p2p__wr_str(&w, ",\"found\":");
    p2p__text_put_uint(&w, e->found);
  }
  p2p__wr_str(&w, ",\"began_ms\":");
  put_ms(&w, e->began);
  p2p__wr_str(&w, ",\"elapsed_ms\":");
  put_ms(&w, e->elapsed);
  p2p__wr_u8(&w, '}');
  return ended(&w);
}
