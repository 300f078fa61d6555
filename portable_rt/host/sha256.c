/* SHA-256, after FIPS 180-4. */
#include "sha256.h"

#include <string.h>

#include <portvnf/wire.h>

#define BLOCK_BYTES 64

static const u32 round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u32 rotate(u32 value, u32 bits)
{
    return value >> bits | value << (32 - bits);
}

static void add_block(u32 state[8], const u8 *block)
{
    u32 w[64];
    for (u32 i = 0; i < 16; i++)
        w[i] = pv_load_be32(block + 4 * i);
    for (u32 i = 16; i < 64; i++) {
        u32 s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        u32 s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    u32 v[8]; /* the working variables a to h */
    memcpy(v, state, sizeof v);
    for (u32 i = 0; i < 64; i++) {
        u32 sum1 = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        u32 choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        u32 t1 = v[7] + sum1 + choice + round_constants[i] + w[i];
        u32 sum0 = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        u32 majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t1;
        v[0] = t1 + sum0 + majority;
    }
    for (u32 i = 0; i < 8; i++)
        state[i] += v[i];
}

void pv_sha256(const u8 *data, u64 length, u8 digest[PV_SHA256_BYTES])
{
    u32 state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    u64 whole = length - length % BLOCK_BYTES;
    for (u64 at = 0; at < whole; at += BLOCK_BYTES)
        add_block(state, data + at);
    u8 last[2 * BLOCK_BYTES] = {0};
    u64 rest = length - whole;
    if (rest)
        memcpy(last, data + whole, rest);
    last[rest] = 0x80;
    u64 padded = rest + 9 <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
    pv_store_be64(last + padded - 8, length * 8);
    for (u64 at = 0; at < padded; at += BLOCK_BYTES)
        add_block(state, last + at);
    for (u32 i = 0; i < 8; i++)
        pv_store_be32(digest + 4 * i, state[i]);
}
