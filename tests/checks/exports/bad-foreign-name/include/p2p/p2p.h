#define P2P_API __attribute__((visibility("default")))
