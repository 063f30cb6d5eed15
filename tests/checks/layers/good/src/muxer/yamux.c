#include "muxer/yamux.h"
#include "muxer/yamux_window.h"
/* #include <uv.h> is only said */
