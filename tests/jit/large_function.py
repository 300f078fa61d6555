"""Writes a VNF whose vnf_burst is one very large function of inlined ones.

Its code is larger than the reach of a MIPS branch (128 KiB), full of forward and backward
jumps and 64-bit arithmetic: what has broken run-time linkers before.
"""

from __future__ import annotations

import random

_HEAD = """\
#include "portvnf/vnf.h"
#include "portvnf/wire.h"

#define WORDS 64

i64 vnf_abi_version(void) { return PV_ABI_VERSION; }
i64 vnf_epoch(u8 *arena) { (void)arena; return 1; }
i64 vnf_export(u8 *arena, struct pv_export *step) { (void)arena; (void)step; return -3; }
i64 vnf_import(u8 *arena, struct pv_import *step) { (void)arena; (void)step; return -3; }

i64 vnf_arena_size(const u8 *config, u64 length)
{
    (void)config;
    (void)length;
    return WORDS * 8;
}

i64 vnf_init(u8 *arena, u64 arena_length, const u8 *config, u64 length, u64 now_ns)
{
    (void)config;
    (void)length;
    for (u64 i = 0; i < arena_length / 8; i++)
        pv_store_be64(arena + 8 * i, now_ns * (i + 3));
    return 0;
}

i64 vnf_counters(u8 *arena, u64 *values, u64 capacity)
{
    for (u64 i = 0; i < WORDS && i < capacity; i++)
        values[i] = pv_load_be64(arena + 8 * i);
    return WORDS;
}
"""

_STEP = """
PV_INLINE u64 step{n}(u8 *words, u64 x)
{{
    u8 *p = words + 8 * ((x >> {shift}) & (WORDS - 1));
    u32 low = pv_load_be32(p + 4);
    for (u64 i = 0; i < (x & 7); i++) {{
        if ((low ^ i) % {prime} < {bound})
            x = (x << 7 | x >> 57) ^ {constant}ull;
        else if ((i64)x < 0)
            x -= (u64)low * {odd}u;
        else
            low += (u32)(x >> 11);
    }}
    switch (low & 15) {{
    case 0: x += pv_load_be16(words + {offset}); break;
    case 3: x ^= (u64)((i64)x >> 5); break;
    case 4: x += (u32)(low * {odd}u); break;
    case 9: x = x / {prime}u + low; break;
    case 10: pv_store_be16(words + {offset}, (u32)x); break;
    case 14: pv_store_be24(words + {offset}, low); break;
    default: x ^= {constant}ull >> (low & 31); break;
    }}
    pv_store_be64(p, x);
    return x + low;
}}
"""


def source(functions: int, seed: int = 1) -> str:
    """The C of a VNF with this many functions inlined into vnf_burst."""
    rng = random.Random(seed)
    parts = [_HEAD]
    for n in range(functions):
        parts.append(
            _STEP.format(
                n=n,
                shift=rng.randrange(50),
                prime=rng.choice((7, 13, 251, 65521)),
                bound=rng.randrange(2, 120),
                constant=rng.getrandbits(63),
                odd=rng.getrandbits(31) | 1,
                offset=rng.randrange(500),
            )
        )
    calls = "".join(f"        x = step{n}(arena, x + {n});\n" for n in range(functions))
    parts.append(
        "\ni64 vnf_burst(u8 *arena, struct pv_burst *burst)\n{\n"
        "    u64 x = burst->now_ns;\n    burst->out_count = 0;\n"
        f"    for (u64 round = 0; round < 50; round++) {{\n{calls}    }}\n"
        "    return (i64)(x & 0x3fffffff);\n}\n"
    )
    return "".join(parts)
