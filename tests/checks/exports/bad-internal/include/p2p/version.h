#define P2P_VERSION "0.3.1"
