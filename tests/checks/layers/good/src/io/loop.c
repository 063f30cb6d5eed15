#include <uv.h>
#include <sys/socket.h>
#include "base/bytes.h"
#include "io/loop.h"
