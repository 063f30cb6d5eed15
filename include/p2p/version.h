/* The library's version; the build reads it from here. */
#ifndef P2P_VERSION_H
#define P2P_VERSION_H

#define P2P_VERSION "0.1.0"

#endif
