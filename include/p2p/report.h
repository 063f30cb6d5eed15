/* The report of a dial: what became of each address, how far it came, why it ended, who ended it, and
 * what to try. It is there while the dial runs, for a connection that came of it, and until the
 * P2P_EV_CONN_CLOSED event of a failed one has given way to the next event. */
#ifndef P2P_REPORT_H
#define P2P_REPORT_H

#include <p2p/host.h>

P2P_BEGIN

/* One address, or one name that was looked up.
 *
 * stage: how far it came. P2P_STAGE_NONE: its turn never came; RESOLVE: a name; UP: connected.
 * err:   0: connected, or the name was found. P2P_EAGAIN: not over yet. P2P_ECANCELED: another
 *        address was faster, or the dial was canceled. P2P_EBACKOFF, P2P_EBLACKHOLE: left out. */
typedef struct p2p_report_entry {
  size_t size;    /* sizeof(p2p_report_entry), set by the caller */
  p2p_bytes addr; /* packed, without /p2p/ID; borrowed until the next call into the host; empty: of
                   * a socket that was adopted */
  p2p_stage stage;
  int err;
  bool remote;      /* the other side's doing, or the network's; false: ours */
  p2p_time began;   /* ns after the dial's beginning */
  p2p_time elapsed; /* ns from there to its end, or to now */
  size_t found;     /* addresses of a name */
  /* Why the other side ended it, in its own words, made printable and cut to 200 bytes; NULL: it did
   * not say. Lives as long as addr. */
  const char *reason;
} p2p_report_entry;

/* The i-th entry, in the order in which addresses were given and found.
 *
 * out: *out is written up to out->size bytes.
 * Returns 0; P2P_ENOTFOUND past the last, or when there is no report (an inbound connection, or
 *         memory was out); P2P_ESTALE; P2P_EINVAL. */
P2P_API int p2p_conn_report(p2p_host *h, p2p_conn c, size_t i, p2p_report_entry *out);

/* A sentence for people: the address, what happened, how far it came, what to try. Ends with a zero.
 * Returns its length; P2P_ELIMIT: cap is too small (1,500 is enough); P2P_EINVAL. */
P2P_API ptrdiff_t p2p_report_print(const p2p_report_entry *e, char *out, size_t cap);
/* The same as one JSON object on one line: address, stage, ok, and as they apply error (as
 * p2p_error_name), text, side ("local", "remote"), reason, hint, found; began_ms and elapsed_ms.
 * Returns its length; P2P_ELIMIT (8,000 is enough); P2P_EINVAL. */
P2P_API ptrdiff_t p2p_report_json(const p2p_report_entry *e, char *out, size_t cap);
/* What a person can do about an error of that stage; NULL: no idea. Static. */
P2P_API const char *p2p_report_hint(int err, p2p_stage stage);

P2P_END
#endif
