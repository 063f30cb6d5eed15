#include <stddef.h>
int p2p_one(const char *text, size_t len);
