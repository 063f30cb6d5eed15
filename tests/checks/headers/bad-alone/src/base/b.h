uint8_t p2p__b(void);
