#include <p2p/a.h>
struct restrict_ok { uint8_t *restrict p; };
