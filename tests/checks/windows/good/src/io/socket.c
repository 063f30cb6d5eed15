#include <sys/socket.h>
int p2p__socket(void);
int p2p__socket(void) { return socket(AF_INET, SOCK_STREAM, 0); }
