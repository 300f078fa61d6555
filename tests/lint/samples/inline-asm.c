/* An instruction of x86-64. */
#include "portvnf/types.h"

void pause(void);

void pause(void)
{
    __asm__("pause");
}
