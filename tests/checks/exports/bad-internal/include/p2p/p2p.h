#define P2P_API __attribute__((visibility("default")))
P2P_API int p2p__in(void);
