#include <string.h>
void p2p__copy(char *to, const char *from);
void p2p__copy(char *to, const char *from) { memcpy(to, from, strlen(from)); }
