#include <p2p/one.h>
int p2p_one(const char *text, size_t len) {
  _Static_assert(sizeof(long) == sizeof(text), "a long holds a pointer");
  return (int)len;
}
