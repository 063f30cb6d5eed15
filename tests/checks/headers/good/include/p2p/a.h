#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
uint8_t p2p_a(void);
#ifdef __cplusplus
}
#endif
