/* Key files of private networks: whatever a file holds, it is refused or becomes a key that prints as
 * a file of the same key. */
#include "base/bytes.h"
#include <p2p/psk.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok) {
  if (!ok) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const p2p_psk none;
  p2p_psk psk, again;
  int err = p2p_psk_parse(&psk, p2p__bytes(data, size));
  if (err) {
    check(err == P2P_EKEY && memcmp(&psk, &none, sizeof psk) == 0);
    return 0;
  }
  char text[P2P_PSK_FILE_MAX], print[P2P_PSK_FINGERPRINT_MAX];
  ptrdiff_t n = p2p_psk_print(&psk, text, sizeof text);
  check(n > 0 && p2p_psk_parse(&again, p2p__bytes(text, (size_t)n)) == 0);
  check(memcmp(&psk, &again, sizeof psk) == 0);
  check(p2p_psk_fingerprint(&psk, print, sizeof print) == 0 && strlen(print) == 32);
  return 0;
}
