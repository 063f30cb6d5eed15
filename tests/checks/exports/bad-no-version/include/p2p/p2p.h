#define P2P_API __attribute__((visibility("default")))
P2P_API int p2p_one(void);
P2P_API const char *p2p_two(int a,
                            int b);
