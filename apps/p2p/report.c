/* One line on stderr: who speaks, the cause, the remedy. */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

enum { PROTOCOL_MAX = 256 /* a host takes no longer one */, REPORT_MAX = 4096 };

typedef struct remedy {
  int err;
  const char *text;
} remedy;

/* What this program knows better than the library. */
static const remedy remedies[] = {
  { P2P_ETIMEOUT,
    "check the address; a firewall may drop the packets; or wait longer (--timeout)" },
  { P2P_ENOTSUP,
    "this version dials /ip4/.../tcp/PORT and /ip4/.../udp/PORT/quic-v1 (not the draft /quic), and "
    "/unix/PATH" },
  { P2P_EADDRINUSE, "another program has it; choose another port, or 0 for any" },
  { P2P_EACCES, "ports below 1024 need privileges; choose a higher one" },
};

void report(const char *command, const char *format, ...) {
  char text[REPORT_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  flockfile(stderr);
  fprintf(stderr, "%s: ", command);
  text_print(stderr, text); /* it may have words of a stranger */
  fputc('\n', stderr);
  funlockfile(stderr);
}

bool report_bad_address(const char *command, const char *text) {
  uint8_t packed[P2P_ADDR_MAX];
  size_t at = 0;
  ptrdiff_t n = p2p_addr_parse(text, packed, sizeof packed, &at);
  if (n > 0) return true;
  if (n < 0 && n != P2P_EADDR) {
    report(command, "%s: %s", text, p2p_strerror((int)n));
    return false;
  }
  const char *part = text + (at <= strlen(text) ? at : 0);
  part += *part == '/' && part[1] != '\0';
  report(command,
         "%s: not a valid multiaddr (at \"%.*s\"); one looks like "
         "/ip4/127.0.0.1/tcp/4001/p2p/12D3Koo...",
         text, (int)strcspn(part, "/"), part);
  return false;
}

bool report_bad_protocol(const char *command, const char *id) {
  size_t len = strlen(id);
  bool ok = len > 0 && len <= PROTOCOL_MAX;
  for (size_t i = 0; ok && i < len; i++) ok = (unsigned char)id[i] > ' ' && id[i] != 0x7F;
  if (!ok) report(command, "%s: not a protocol id; one looks like /echo/1.0.0", id);
  return ok;
}

const char *report_remedy(int err) {
  for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
    if (remedies[i].err == err) return remedies[i].text;
  return p2p_report_hint(err, P2P_STAGE_NONE);
}

void report_dial(const char *command, const char *addr, int err, p2p_stage stage) {
  const char *what = report_remedy(err);
  bool staged = stage != P2P_STAGE_NONE && stage != P2P_STAGE_UP;
  report(command, "cannot connect to %s: %s%s%s%s%s", addr, staged ? p2p_stage_name(stage) : "",
         staged ? ": " : "", p2p_strerror(err), what ? "; " : "", what ? what : "");
}
