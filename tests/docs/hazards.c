/* C that every compiler accepts and that means another thing from one ISA to the next: the
 * table of docs/portability.md. One line a hazard: its name and what came out. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    const unsigned char packet[4] = {0x12, 0x34, 0x56, 0x78};
    uint32_t word;
    memcpy(&word, packet, sizeof word);
    printf("host-order load: 0x%08x\n", (unsigned)word);

    union {
        uint64_t whole;
        uint32_t half[2];
    } both = {.whole = 1};
    printf("union: %u\n", (unsigned)both.half[0]);

    struct {
        unsigned version : 3, protocol : 1, rest : 28;
    } header;
    memset(&header, 0, sizeof header);
    header.version = 1;
    header.protocol = 1;
    unsigned char first;
    memcpy(&first, &header, 1);
    printf("bit-field: 0x%02x\n", first);

    volatile char c = (char)200;
    printf("plain char: %s\n", c > 0 ? "positive" : "negative");

    volatile unsigned amount = 32;
    printf("shift by 32: %u\n", 1u << amount);
    return 0;
}
