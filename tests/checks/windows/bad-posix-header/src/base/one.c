#include <p2p/one.h>
#include <sys/socket.h>
int p2p_one(const char *text, size_t len) { return text[0] + (int)len + AF_INET; }
