#include <p2p/one.h>
#include <string.h>
int p2p_one(const char *text, size_t len) { return strnlen(text, len) != 0 && strndup(text, len); }
