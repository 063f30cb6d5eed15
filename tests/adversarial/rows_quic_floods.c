#include "quic.h"
const family evil_quic_floods = { NULL, 0, true };
