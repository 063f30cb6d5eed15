#include <p2p/types.h>
#include <string.h>
