#include <stdint.h>
#include <stddef.h>
typedef struct { uint64_t id; } p2p_conn;
typedef p2p_conn p2p_stream;
typedef struct p2p_host p2p_host;
typedef struct { int size; } p2p_handler;
int p2p_dial(p2p_host *h, const char *addr, p2p_conn *out);
