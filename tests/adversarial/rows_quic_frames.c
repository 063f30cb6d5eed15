#include "quic.h"
const family evil_quic_frames = { NULL, 0, true };
