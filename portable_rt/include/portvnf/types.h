/* Fixed-width integer names: the only scalar types that a VNF uses.
 *
 * portvnf runs on LP64 ISAs only, where these widths hold; the assertions make
 * any other compiler target a build error.
 */
#ifndef PORTVNF_TYPES_H
#define PORTVNF_TYPES_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

_Static_assert(sizeof(u8) == 1 && sizeof(u16) == 2 && sizeof(u32) == 4, "ILP widths");
_Static_assert(sizeof(u64) == 8 && sizeof(i64) == 8, "64-bit integers");
_Static_assert(sizeof(void *) == 8, "portvnf needs a 64-bit ISA");

#endif
