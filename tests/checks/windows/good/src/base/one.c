#include <p2p/one.h>
#include <string.h>
int p2p_one(const char *text, size_t len) { return memchr(text, 0, len) != NULL; }
