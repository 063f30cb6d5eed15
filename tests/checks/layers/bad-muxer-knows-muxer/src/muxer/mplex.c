#include "muxer/yamux.h"
