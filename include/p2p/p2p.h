/* libp2p in C. Include this one. */
#ifndef P2P_P2P_H
#define P2P_P2P_H

#include <p2p/addr.h>
#include <p2p/attr.h>
#include <p2p/cid.h>
#include <p2p/error.h>
#include <p2p/host.h>
#include <p2p/io.h>
#include <p2p/key.h>
#include <p2p/log.h>
#include <p2p/mem.h>
#include <p2p/memory.h>
#include <p2p/multibase.h>
#include <p2p/multihash.h>
#include <p2p/psk.h>
#include <p2p/report.h>
#include <p2p/types.h>
#include <p2p/version.h>

#endif
