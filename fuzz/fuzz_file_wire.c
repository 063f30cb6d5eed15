/* The messages of /p2p/file/1.0.0 and their frames, from a stranger. What is understood is written
 * and read again, and must be the same. */
#include <stdlib.h>
#include <string.h>

#include "file_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool truth) {
  if (!truth) abort();
}

static void round_trip(file_kind kind, p2p_bytes body) {
  uint8_t bytes[FILE_MESSAGE_MAX], other[FILE_MESSAGE_MAX];
  file_message first, second;
  file_frame frame = { 0 };
  if (!file_decode(kind, body, &first)) return;
  p2p_bytes again = { bytes, file_encode(kind, &first, bytes) };
  const size_t again_len = again.len;
  must(again_len <= sizeof bytes);
  must(file_frame_feed(&frame, &again) == 1 && again.len == 0);
  must(file_decode(kind, (p2p_bytes){ frame.bytes, frame.n }, &second));
  size_t n = file_encode(kind, &second, other);
  must(n == again_len && memcmp(bytes, other, n) == 0);
}

static void name(const uint8_t *data, size_t size) {
  char text[FILE_NAME_MAX + 8];
  size_t n = size < sizeof text - 1 ? size : sizeof text - 1;
  memcpy(text, data, n);
  text[n] = '\0';
  if (file_name_check(text)) return;
  must(*text != '\0' && *text != '.' && !strchr(text, '/') && strlen(text) <= FILE_NAME_MAX);
}

/* A frame comes whole or byte by byte, and says the same. */
static void split(const uint8_t *data, size_t size) {
  file_frame whole = { 0 }, parts = { 0 };
  p2p_bytes in = { data, size };
  int all = file_frame_feed(&whole, &in), each = 0;
  for (size_t i = 0; i < size && each == 0; i++) {
    p2p_bytes one = { data + i, 1 };
    each = file_frame_feed(&parts, &one);
  }
  must(all == each);
  if (all == 1) must(whole.n == parts.n && memcmp(whole.bytes, parts.bytes, whole.n) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  for (file_kind kind = FILE_OFFER; kind <= FILE_RESULT; kind++)
    round_trip(kind, (p2p_bytes){ data, size });
  name(data, size);
  split(data, size);
  return 0;
}
