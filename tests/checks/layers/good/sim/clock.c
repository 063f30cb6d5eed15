#include <stdio.h>
#include <p2p/types.h>
#include "base/bytes.h"
