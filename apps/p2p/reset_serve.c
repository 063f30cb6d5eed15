/* /interop/reset/1.0.0, the serving side. */
#include "reset_serve.h"

static void on_readable(p2p_host *h, p2p_stream s, void *user) {
  p2p_stream_info info = { .size = sizeof info };
  uint8_t b[RESET_CODE_LEN];
  (void)user;
  if (p2p_stream_get(h, s, &info) < 0 || info.unread < sizeof b) return;
  if (p2p_read(h, s, b, sizeof b) != sizeof b) return;
  p2p_reset(h, s, (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]);
}

int reset_serve_add(p2p_host *h) {
  const p2p_handler handler = { .size = sizeof handler, .on_readable = on_readable };
  return p2p_protocol_add(h, RESET_ID, &handler);
}
